#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 050 records threads of Python
# timeout: 120
# Each CPython on this machine: its GIL is found, and told from a mutex.
. "$(dirname "$0")/lib.sh"
need_tracing

bad=0
while read -r version python _; do
    record -q -o "$version.pftrace" -- "$python" "$E2E/workloads/gil.py" --threads 3 --seconds 1.2
    facts "$version.pftrace" check-sums
    # Two wait while one runs; or waits for a CPU, on a busy machine.
    turns=$(facts "$version.pftrace" share gil crunch 'gil|cpu_user|cpu_kernel')
    echo "$version: gil / (gil + CPU) $turns %," \
        "lock $(facts "$version.pftrace" share lock crunch) %," \
        "sync $(facts "$version.pftrace" share sync crunch) %," \
        "$(facts "$version.pftrace" get verdict.class)"
    (
        assert_number "$version: GIL / (GIL + CPU)" "$turns" ">=" 55
        assert_number "$version: other waits" "$(facts "$version.pftrace" share 'lock|sync|sleep|other' crunch)" "<=" 3
        assert_equal "$version: class" "$(facts "$version.pftrace" get verdict.class)" gil-bound
    ) || bad=1
done < <(each_python gil)
[ "$bad" = 0 ] || fail "not every CPython, see above"
