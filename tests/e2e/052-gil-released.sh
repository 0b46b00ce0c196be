#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 050 records threads of Python
# Compression releases the GIL: threads are fine.
. "$(dirname "$0")/lib.sh"
need_tracing

record -q -o zlib.pftrace -- "$PYTHON" "$E2E/workloads/zlib_pool.py" --threads 2 --seconds 3
facts zlib.pftrace check-sums
while read -r name wall cpu; do
    busy=$(facts zlib.pftrace thread "$name" bucket 'cpu_user|cpu_kernel')
    assert_number "$name: CPU time" "$busy" ">=" "$((cpu * 97 / 100))"
    assert_number "$name: GIL" "$(facts zlib.pftrace thread "$name" bucket gil)" "<" "$((wall / 20))"
done <"$TMP/out"
class=$(facts zlib.pftrace get verdict.class)
# Somebody else may have had the CPUs.
assert_in "class" "$class" cpu-bound oversubscribed mixed
assert_in "fit" "$(facts zlib.pftrace get verdict.fit)" threads either
