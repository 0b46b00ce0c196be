#!/bin/bash
# SPDX-License-Identifier: MIT
# Children and grandchildren are followed, whether they exist at attach or come
# later; --no-follow leaves them out.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload family

# check_family RECORDING: every "NAME PID PPID CPU_NS" line of the program.
check_family()
{
    local name pid ppid cpu got

    facts "$1" check-sums
    [ "$(wc -l <family.out)" = 5 ] || fail "the family is not complete: $(cat family.out)"
    while read -r name pid ppid cpu; do
        assert_equal "ppid of $name $pid" "$(facts "$1" process "$pid" ppid)" "$ppid"
        assert_equal "name of $pid" "$(facts "$1" process "$pid" name)" "$name"
    done <family.out
    # In a launch all of their CPU time was seen.
    [ "${2:-}" = launched ] || return 0
    for name in family fam-child fam-grandchild; do
        cpu=$(awk -v n="$name" '$1 == n { s += $4 } END { printf "%.0f", s }' family.out)
        got=$(facts "$1" thread "$name" bucket 'cpu_user|cpu_kernel')
        assert_number "CPU time of $name" "$got" ">=" "$((cpu * 97 / 100))"
    done
}

run "$PARTRACE" -q -o launched.pftrace -- "$WORKLOADS/family"
assert_status 3
cp "$TMP/out" family.out
check_family launched.pftrace launched
while read -r name pid _; do
    want=0
    [ "$name" != family ] || want=3
    assert_equal "exit code of $name" "$(facts launched.pftrace process "$pid" exit_code)" "$want"
done <family.out

start_ready "$WORKLOADS/family" --before --seconds 2 >family.out
record -q -o attached.pftrace -p "$PID"
ended "$PID"
check_family attached.pftrace

run "$PARTRACE" -q --no-follow -o alone.pftrace -- "$WORKLOADS/family"
assert_status 3
facts alone.pftrace check-sums
assert_equal "processes with --no-follow" "$(facts alone.pftrace count processes)" 1
start_ready "$WORKLOADS/family" --before --seconds 2 >family.out
record -q --no-follow -o alone2.pftrace -d 300ms -p "$PID"
assert_equal "processes with --no-follow" "$(facts alone2.pftrace count processes)" 1
assert_equal "process with --no-follow" "$(facts alone2.pftrace get processes.0.pid)" "$PID"
