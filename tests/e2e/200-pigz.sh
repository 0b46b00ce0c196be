#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, the program recorded is what differs
# pigz: threads that compute.
. "$(dirname "$0")/lib.sh"
need_tracing
need_cmd pigz

"$PYTHON" -c '
import random
random.seed(1)
words = ["%x" % random.getrandbits(40) for _ in range(20000)]
line = lambda: " ".join(random.choice(words) for _ in range(12))
block = "\n".join(line() for _ in range(40000))
with open("text", "w") as f:
    for i in range(12):
        f.write("%d\n%s\n" % (i, block))'
record -q -o pigz.pftrace -- pigz -k -p 4 -9 text
check_server "pigz -p 4" pigz.pftrace
assert_in "class" "$(facts pigz.pftrace get verdict.class)" cpu-bound oversubscribed
assert_equal "current" "$(facts pigz.pftrace get verdict.current)" threads
assert_in "fit" "$(facts pigz.pftrace get verdict.fit)" threads either
assert_equal "gil" "$(facts pigz.pftrace share gil)" 0.000
