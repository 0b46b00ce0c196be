#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 050 records threads of Python
# timeout: 120
# Each CPython on this machine: its GIL is found, and told from a mutex.
# PYTHONS names more of them.
. "$(dirname "$0")/lib.sh"
need_tracing

# One per version. 3.13t and the like have no GIL.
find_pythons()
{
    local python

    for python in ${PYTHONS:-} "$PYTHON" /usr/bin/python3 ~/.pyenv/versions/3.*/bin/python3; do
        "$python" - 2>/dev/null <<'EOF' || true
import sys, sysconfig
if sys.version_info >= (3, 6) and not sysconfig.get_config_var("Py_GIL_DISABLED"):
    print("%d.%d %s" % (sys.version_info[0], sys.version_info[1], sys.executable))
EOF
    done | sort -u -k 1,1 -V
}

bad=0
while read -r version python; do
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
done < <(find_pythons)
[ "$bad" = 0 ] || fail "not every CPython, see above"
