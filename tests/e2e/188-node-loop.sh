#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 185 records the same
# Node's loop: one thread of many is the loop, and what it does itself holds it up.
. "$(dirname "$0")/lib.sh"
need_tracing
need_cmd node

for what in nothing cpu fsync; do
    echo "== $what"
    record -q -o "$what.pftrace" -- node "$E2E/workloads/loop_node.js" "$what" 3 "$what.json"
    # Its start-up is one long turn; then, only what is held up by itself is known to it.
    lag=$("$PYTHON" "$E2E/loops.py" "$what.pftrace" get lag_p95_ns)
    own=$("$PYTHON" -c 'import json, sys; print(json.load(open(sys.argv[1]))["lag_p95_ns"])' "$what.json")
    echo "lag p95 $lag, by itself $own"
    if [ "$what" = cpu ]; then
        assert_number "lag" "$lag" ">" "$("$PYTHON" -c "print($own * 0.97)")"
        assert_number "lag" "$lag" "<" "$("$PYTHON" -c "print($own * 1.1 + 1e6)")"
    else
        assert_number "lag" "$lag" "<" "$("$PYTHON" -c "print($own + 2e6)")"
    fi
    assert_equal "loops" "$("$PYTHON" "$E2E/loops.py" "$what.pftrace" count)" 1
    assert_equal "current" "$(facts "$what.pftrace" get verdict.current)" async
done
assert_number "waits for fsync" "$("$PYTHON" "$E2E/loops.py" fsync.pftrace get blocked_ns)" ">" 1000000
# shellcheck disable=SC2046 # one or several
assert_in "fit of a loop that computes" "$(facts cpu.pftrace get verdict.fit)" \
    $("$PYTHON" "$E2E/loops.py" cpu.pftrace fit)
