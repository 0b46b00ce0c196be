#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 192 records joblib
# joblib and dask are recognised by their workers and by what a script imports, and get
# their own knobs.
. "$(dirname "$0")/lib.sh"
need_tracing
python=/usr/bin/python3
"$python" -c 'import joblib, dask' 2>/dev/null || skip "needs joblib and dask (python3-joblib, python3-dask)"

cat >crunch.py <<'END'
import time


def crunch(seconds):
    end, n = time.thread_time() + seconds, 0
    while time.thread_time() < end:
        n += sum(i * i for i in range(1000))
    return n
END
cat >with_joblib.py <<'END'
import sys
from joblib import Parallel, delayed
from crunch import crunch

if __name__ == "__main__":
    Parallel(n_jobs=int(sys.argv[2]), backend=sys.argv[1])(delayed(crunch)(0.4) for _ in range(6))
END
cat >with_dask.py <<'END'
import dask
from crunch import crunch

if __name__ == "__main__":
    dask.compute(*[dask.delayed(crunch)(0.5) for _ in range(6)], scheduler="threads", num_workers=4)
END

record_calm threads -- "$python" with_joblib.py threading 4
assert_equal "framework" "$(facts threads get processes.0.framework.name)" joblib
"$PARTRACE" report threads >report
assert_says report 'n_jobs=2, backend="loky"'

record -q -o loky -- "$python" with_joblib.py loky 6
json_of loky
"$PYTHON" - <<'END' || fail "no worker of joblib's was recognised"
import json
workers = [p for p in json.load(open("loky.json"))["processes"] if p["start_method"] == "loky"]
raise SystemExit(not workers or any(p["framework"]["name"] != "joblib" for p in workers))
END

record_calm dask -- "$python" with_dask.py
assert_equal "framework" "$(facts dask get processes.0.framework.name)" dask
"$PARTRACE" report dask >report
assert_says report 'scheduler="processes", num_workers=2'
