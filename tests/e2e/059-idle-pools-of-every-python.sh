#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 050 records threads of Python
# timeout: 180
# Pools that wait for work, of each CPython on this machine: neither lock nor GIL.
. "$(dirname "$0")/lib.sh"
need_tracing

bad=0
while read -r version python _; do
    line=$version:
    for kind in queue simple executor; do
        # Who has the GIL may have no CPU for a while, and all others wait for it: hardly thrice.
        for _ in 1 2 3; do
            run "$PARTRACE" -q -o "$kind.pftrace" -- "$python" "$E2E/workloads/queue_pool.py" \
                --kind "$kind" --seconds 1.2
            [ "$STATUS" != 77 ] || { rm -f "$kind.pftrace"; continue 2; }
            assert_status 0
            facts "$kind.pftrace" check-sums
            held=$(facts "$kind.pftrace" share 'lock|kernel_lock|gil' idler)
            waits=$(facts "$kind.pftrace" share sync idler '^run_queue')
            awk "BEGIN { exit !($held < 1 && $waits >= 90) }" && break
        done
        line="$line $kind: lock and GIL $held %, sync $waits %;"
        (
            assert_number "$version: $kind: lock and GIL" "$held" "<" 1
            assert_number "$version: $kind: sync" "$waits" ">=" 90
        ) || bad=1
        rm "$kind.pftrace"
    done
    echo "$line"
done < <(each_python gil; each_python free)
[ "$bad" = 0 ] || fail "not every CPython, see above"
