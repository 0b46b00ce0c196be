#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 900
# SIGKILL at any moment, from its start on: nothing stays in the kernel, the target lives,
# and the file, if there is one yet, can be read up to the cut. FAULT_KILLS: how often.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth
need_cmd bpftool

kills=${FAULT_KILLS:-10}

# Programs and links in the kernel, by number; nobody else records meanwhile.
in_kernel()
{
    { bpftool prog show -j; bpftool link show -j; } | { grep -o '"id":[0-9]*' || true; } | sort
}
in_kernel >before.txt
none_is_left()
{
    [ -z "$(comm -13 before.txt <(in_kernel))" ]
}

read_cnt=0 cut_cnt=0
for ((i = 0; i < kills; i++)); do
    # It notes all of its waits, and has room for some minutes'.
    if [ $((i % 40)) = 0 ]; then
        [ "$i" = 0 ] || kill -KILL "$target"
        start_ready "$WORKLOADS/truth" --only nanosleep,pipe,mutex,condvar --seconds 800
        target=$PID
    fi
    rm -f k.pftrace k.pftrace.partial
    case $((i % 3)) in
    0)  start "$PARTRACE" -q -o k.pftrace -p "$target" ;;
    1)  start "$PARTRACE" -q -o k.pftrace --light -p "$target" ;;
    2)  start "$PARTRACE" -q -o k.pftrace -- sleep 2 ;;
    esac 2>"k.err"
    sleep "0.$((RANDOM % 10))$((RANDOM % 10))"
    [ $((i % 2)) = 0 ] || sleep "$((RANDOM % 2)).$((RANDOM % 10))"
    kill -KILL "$PID" 2>/dev/null || true
    ended "$PID"
    wait_until 10 "end of the programs of kill $i" none_is_left
    kill -0 "$target" || fail "the target died with kill $i"
    for file in k.pftrace k.pftrace.partial; do
        [ -s "$file" ] || continue
        run "$PARTRACE" report "$file"
        assert_in "status of report after kill $i" "$STATUS" 0 1
        if [ "$STATUS" = 0 ]; then
            facts "$file" check-sums
            [ "$file" = k.pftrace ] || { cat out err >both.txt; assert_says both.txt 'cut short|truncated|incomplete'; }
            read_cnt=$((read_cnt + 1))
        else
            assert_one_error
            cut_cnt=$((cut_cnt + 1))
        fi
        "$PYTHON" "$TRACE_CHECK" --partial "$file"
    done
done
echo "$kills kills: $read_cnt files told of what they hold, $cut_cnt ended before any facts"
[ "$read_cnt" -gt 0 ] || fail "no file could be read"
