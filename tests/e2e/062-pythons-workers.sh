#!/bin/bash
# SPDX-License-Identifier: MIT
# How Python's worker processes were started, and after what time they worked: fork,
# spawn and forkserver; by hand, in a Pool, in a ProcessPoolExecutor.
# sanitized: no - 063 takes the same ways through partrace, in less time.
. "$(dirname "$0")/lib.sh"
# timeout: 120
need_tracing

helpers()
{
    "$PYTHON" - "$1" <<'END'
import json, os, subprocess, sys
facts = json.loads(subprocess.check_output([os.environ["PARTRACE"], "report", "--json", sys.argv[1]]))
print(" ".join(sorted(p["helper"] for p in facts["processes"] if p["helper"])))
END
}

# check KIND METHOD HELPERS
check()
{
    local file=$1-$2.pftrace within=3

    # It works at once, but needs a CPU to get to the line that says so.
    [ "$2" != fork ] || within=20
    run "$PARTRACE" -q -o "$file" -- "$PYTHON" "$E2E/workloads/starts.py" "$1" "$2"
    assert_status 0
    cp "$TMP/out" "$1-$2.out"
    PYTHONPATH=$E2E "$PYTHON" "$E2E/starts.py" "$file" "$1-$2.out" "$within" "$2=$2"
    assert_equal "helpers of $1 $2" "$(helpers "$file")" "$3"
}

check process fork ""
check process spawn "resource tracker"
check process forkserver "fork server resource tracker"
check pool fork ""
check pool spawn "resource tracker"
check pool forkserver "fork server resource tracker"
check executor fork ""
check executor spawn "resource tracker"
check executor forkserver "fork server resource tracker"
