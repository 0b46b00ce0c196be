#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 180
# sanitized: no, the same recordings are made elsewhere
# The corpus: some of its jobs, cut short, are recorded, run and judged; what was saved
# is judged the same again; what can't be run is said.
. "$(dirname "$0")/lib.sh"
need_tracing
[ -x /usr/bin/python3 ] || skip "needs /usr/bin/python3 (python3)"

corpus()
{
    /usr/bin/python3 "$TOP/tests/corpus/run.py" --save "$TMP/saved" "$@"
}

export OUT
make -s -C "$TOP" OUT="$OUT" "$OUT/tests/corpus/native" || fail "the native jobs don't build"
/usr/bin/python3 "$TOP/tests/corpus/test_judge.py" || fail "verdicts are not judged as said"

corpus --any-load --no-limits --runs 1 --scale 0.15 --only primes urls coarse-lock >first ||
    fail "the corpus can't be run"
"$PYTHON" - saved/results.json <<'END' || fail "the results are not whole"
import json
import sys

results = json.load(open(sys.argv[1]))
rows = {(r["job"], r["variant"]): r for r in results["rows"]}
assert len(rows) == 3 + 3 + 3, sorted(rows)
assert not results["skipped"]
threads = rows["primes", "threads"]
print(threads)
assert threads["class"] == "gil-bound" and threads["fit"] == "processes"
assert {c["to"] for c in threads["changes"]} == {"serial", "processes"}
# Of two threads one always runs, unless others have the CPUs: then nothing is predicted.
assert threads["on_cpu"] < 0.8 or any(not c["why"] and c["low"] > 1 for c in threads["changes"])
assert all(t > 0 for r in rows.values() for t in r["times"].values())
END

# The same from what was saved, with and without the required numbers.
corpus --again "$TMP/saved" --no-limits --only primes urls coarse-lock >second || fail "what was saved can't be judged"
cmp first second || fail "what was saved is judged otherwise"
sed -i 's/"seconds": [0-9.]*/"seconds": 1/' saved/primes/times.json
status=0
corpus --again "$TMP/saved" --only primes >third || status=$?
assert_equal "status when a number is missed" "$status" 1
grep -q '^MISSED: real changes inside' third || fail "it does not say what is missed"

# New recordings beside the saved times.
cp saved/coarse-lock/threads.pftrace before.pftrace
corpus --again "$TMP/saved" --record-again --any-load --no-limits --scale 0.05 --only coarse-lock >/dev/null ||
    fail "it can't record again"
! cmp -s before.pftrace saved/coarse-lock/threads.pftrace || fail "it did not record again"

status=0
corpus --only nonesuch 2>err || status=$?
assert_equal "status of an unknown job" "$status" 2
grep -q "no job 'nonesuch'" err || fail "it does not say which job it does not know"
