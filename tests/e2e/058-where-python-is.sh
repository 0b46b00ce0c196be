#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 050 records threads of Python
# CPython is found in whatever file its code is, wherever that lies: in a static
# executable, in a library, stripped, loaded by another program, in a container.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload embedder
need_cmd unshare strip readelf

# check WHAT COMMAND…: that runs the workload. It finds the GIL, and who works without it.
check()
{
    local what=$1 turns

    shift
    record -q -o "$TMP/where.pftrace" -- "$@" "$E2E/workloads/gil.py" --threads 3 --seconds 0.8
    facts "$TMP/where.pftrace" check-sums
    turns=$(facts "$TMP/where.pftrace" share gil crunch 'gil|cpu_user|cpu_kernel')
    echo "$what: GIL / (GIL + CPU) $turns %"
    assert_number "$what: GIL / (GIL + CPU)" "$turns" ">=" 50
    "$PARTRACE" report --json "$TMP/where.pftrace" | "$PYTHON" -c '
import json, sys
facts = json.loads(sys.stdin.read())
for t in facts["threads"]:
    if t["name"].startswith("crunch"):
        p = [p for p in facts["processes"] if p["pid"] == t["pid"]][0]
        assert p["runtime"] and p["runtime"]["name"] == "cpython", "FAIL: %s" % p
        assert p["runtime"]["version"] == sys.argv[1], "FAIL: %s" % p
        cpu = t["time_ns"]["cpu_user"] + t["time_ns"]["cpu_kernel"]
        assert t["gil_released"] and t["gil_released"]["cpu_ns"] > 0.3 * cpu, "FAIL: %s" % t
        assert t["gil_released"]["released_ns"] < 0.03 * cpu, "FAIL: %s" % t
' "$version"
    rm "$TMP/where.pftrace"
}

# kind_of FILE: static or shared, PIE or not, stripped or not, for the log.
kind_of()
{
    echo "$(readelf -h "$1" | sed -n 's/^ *Type: *\([A-Z]*\).*/\1/p')" \
        "$(readelf -SW "$1" | grep -q ' \.symtab' && echo 'with symbols' || echo stripped)"
}

# Where its parent's library is said by the loader, not by Python.
library_of()
{
    ldd "$1" | sed -n 's/.*libpython[^ ]* => \([^ ]*\) .*/\1/p'
}

tested=()
while read -r version python _; do
    library=$(library_of "$python")
    kind=$([ -n "$library" ] && echo shared || echo static)
    # One of each kind is enough; 053 tries them all.
    [[ " ${tested[*]} " != *" $kind "* ]] || continue
    tested+=("$kind")
    check "$version, $kind, executable $(kind_of "$python")" "$python"

    # In a mount namespace of its own, at a path where others see nothing.
    mkdir -p "$TMP/box"
    # shellcheck disable=SC2016
    check "$version, $kind, in another mount namespace" unshare --mount sh -c '
        set -e
        box=$1
        mount -t tmpfs none "$1"
        cp "$2" "$1/python3"
        [ -z "$3" ] || cp "$3" "$1/$(basename "$3")"
        strip "$1"/*
        export LD_LIBRARY_PATH=$1 PYTHONHOME=$4
        shift 4
        exec "$box/python3" "$@"' sh "$TMP/box" "$python" "$library" \
        "$("$python" -c 'import sys; print(sys.prefix)')"
    assert_equal "files in the box, from outside" "$(ls "$TMP/box")" ""

    [ -n "$library" ] || continue
    mkdir "$TMP/stripped"
    cp "$library" "$TMP/stripped/"
    strip "$TMP/stripped"/*
    check "$version, library $(kind_of "$TMP/stripped"/*)" \
        env LD_LIBRARY_PATH="$TMP/stripped" "$python"
    check "$version, loaded by another program" \
        env PYTHONHOME="$("$python" -c 'import sys; print(sys.prefix)')" \
        "$WORKLOADS/embedder" "$library"
    # A library replaced while it is in use: the old one is what counts.
    cp "$library" "$TMP/stripped/$(basename "$library")"
    start_ready env LD_LIBRARY_PATH="$TMP/stripped" "$python" "$E2E/workloads/gil.py" --threads 3 --seconds 30
    rm "$TMP/stripped"/*
    record -q -o deleted.pftrace -d 1 -p "$PID"
    turns=$(facts deleted.pftrace share gil crunch 'gil|cpu_user|cpu_kernel')
    assert_number "$version, deleted: GIL / (GIL + CPU)" "$turns" ">=" 50
    assert_equal "$version, deleted: runtime" "$(facts deleted.pftrace get processes.0.runtime.version)" "$version"
done < <(each_python gil | sort -V -r; PYTHONS='' PYTHON=/usr/bin/python3 HOME=/nonexistent each_python gil)
[ "${#tested[@]}" != 0 ] || fail "no CPython at all"
