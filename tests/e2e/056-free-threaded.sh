#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 050 records threads of Python
# Free-threaded CPython: no GIL to wait for, unless it has been switched back on.
. "$(dirname "$0")/lib.sh"
need_tracing

# runtime_is RECORDING FREE_THREADED GLOBAL_LOCK
runtime_is()
{
    assert_equal "$1: runtime" "$(facts "$1" get processes.0.runtime.name)" cpython
    assert_equal "$1: free-threaded" "$(facts "$1" get processes.0.runtime.free_threaded)" "$2"
    assert_equal "$1: global lock" "$(facts "$1" get processes.0.runtime.global_lock)" "$3"
}

tested=0
while read -r version python _; do
    tested=$((tested + 1))
    record -o "$version.pftrace" -- "$python" "$E2E/workloads/gil.py" --threads 3 --seconds 1
    runtime_is "$version.pftrace" true false
    assert_says_not "$TMP/out" 'switched'
    assert_number "$version: GIL" "$(facts "$version.pftrace" share gil crunch)" "<" 1

    record -o "$version-on.pftrace" -- env PYTHON_GIL=1 "$python" "$E2E/workloads/gil.py" \
        --threads 3 --seconds 1
    runtime_is "$version-on.pftrace" true true
    # The report breaks its lines where they get long.
    tr -s '\n ' ' ' <"$TMP/out" >"$TMP/out.flat"
    assert_says "$TMP/out.flat" 'switched back on'
    turns=$(facts "$version-on.pftrace" share gil crunch 'gil|cpu_user|cpu_kernel')
    echo "$version: GIL / (GIL + CPU) when on: $turns %"
    assert_number "$version: GIL / (GIL + CPU) when on" "$turns" ">=" 55

    # Nobody waits for it: its own memory says so.
    record -q -o "$version-alone.pftrace" -- "$python" -X gil=1 -c 'sum(i * i for i in range(5000000))'
    runtime_is "$version-alone.pftrace" true true
    record -q -o "$version-off.pftrace" -- "$python" -c 'sum(i * i for i in range(5000000))'
    runtime_is "$version-off.pftrace" true false
done < <(each_python free)
[ "$tested" != 0 ] || skip "needs a free-threaded CPython: PYTHONS=/path/to/python3.13t"
record -q -o usual.pftrace -- "$PYTHON" -c 'sum(i * i for i in range(5000000))'
runtime_is usual.pftrace false true
