#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, the program recorded is what differs
# timeout: 120
# make -j2 of this project's own C files: short processes, a jobserver, pipes, a disk.
. "$(dirname "$0")/lib.sh"
need_tracing
need_cmd make gcc

cp -r "$TOP/src/base" "$TOP/src/model" .
cat >Makefile <<END
objects := \$(patsubst %.c,%.o,\$(wildcard base/*.c model/*.c))
all: \$(objects)
%.o: %.c
	gcc -O1 -D_GNU_SOURCE -I$TOP/include -I$TOP/src -c -o \$@ \$<
END
record -q -o make.pftrace -- make -s -j2
check_server "make -j2" make.pftrace
assert_number "processes" "$(facts make.pftrace count processes)" ">" 40
# gcc waits for cc1 and as, and make for gcc.
assert_number "child share of what gcc waits for" \
    "$(facts make.pftrace share child gcc '^run_queue|cpu_user|cpu_kernel')" ">" 80
