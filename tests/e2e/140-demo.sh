#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 050 records what it does
# The demonstration runs, with the oldest and the newest Python here, and says
# what it needs without root.
. "$(dirname "$0")/lib.sh"
need_tracing
need_cmd setpriv

demo=$TOP/tools/demo.sh
run setpriv --reuid=65534 --regid=65534 --clear-groups sh "$demo"
assert_status 1
assert_equal "lines" "$(wc -l <err)" 1
assert_says err 'sudo'

mapfile -t pythons < <(printf '%s\n' ~/.pyenv/versions/3.*/bin/python3 | sort -V)
[ -x "${pythons[0]}" ] || pythons=("$PYTHON")
for python in "${pythons[0]}" "${pythons[-1]}"; do
    DEMO_SECONDS=2 PYTHON=$python run "$demo"
    assert_status 0
    for mode in threads processes; do
        facts "demo-$mode.pftrace" check-sums
        assert_says out "^ *[0-9]+ $mode( +[0-9]+\.[0-9]){3} jobs/s"
    done
    assert_says out 'measured +[0-9.]+x .* \([0-9.]+-[0-9.]+x\)'
    assert_says out 'predicted'
    assert_says out 'ui\.perfetto\.dev'
    assert_equal "class as threads" "$(facts demo-threads.pftrace get verdict.class)" gil-bound
    assert_equal "fit as threads" "$(facts demo-threads.pftrace get verdict.fit)" processes
    assert_equal "current as processes" "$(facts demo-processes.pftrace get verdict.current)" processes
    assert_says_not out '[1-9][0-9]* lost'
done
