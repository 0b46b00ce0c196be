#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A demonstration: the same small Python job with threads and with processes.
# partrace watches both; from the first it says what processes would bring. Then
# the job measures itself, not watched, whether that was right: both ways in turn,
# so that whatever else the machine does meets both alike.
#
#	sudo tools/demo.sh
#
# Leaves demo-threads.pftrace and demo-processes.pftrace in the current directory.
# PARTRACE, PYTHON: which to use. DEMO_SECONDS: how long each recording takes
# (default 5); the measurements take about as long again.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
seconds=${DEMO_SECONDS:-5}
rounds="1 2 3"

die() {
    echo "demo: $*" >&2
    exit 1
}

[ "$(id -u)" = 0 ] || die "tracing needs root: sudo $0"
case $seconds in
    *[!0-9]* | 0) die "DEMO_SECONDS is '$seconds', not a number of seconds from 1 on" ;;
esac

find_partrace() {
    for candidate in "${PARTRACE-}" "$here/../build/partrace" partrace; do
        [ -n "$candidate" ] && command -v "$candidate" && return
    done
    die "no partrace here: run make first"
}

# A real interpreter, no script that looks for one.
find_python() {
    for candidate in "${PYTHON-}" /usr/bin/python3 python3; do
        [ -n "$candidate" ] && "$candidate" -c '
import concurrent.futures, multiprocessing.synchronize, sys
sys.version_info >= (3, 6) or sys.exit(1)
print(sys.executable)' 2>/dev/null && return
    done
    die "needs python3, 3.6 or later (Debian: apt install python3)"
}

partrace=$(find_partrace)
python=$(find_python)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# record MODE WORKERS
record() {
    echo
    echo "==> partrace -o demo-$1.pftrace -- python3 wordcount.py --mode $1 --workers $2"
    echo
    "$partrace" -o "demo-$1.pftrace" -- "$python" "$here/demo/wordcount.py" \
        --mode "$1" --workers "$2" --seconds "$seconds"
}

# As many processes as the facts of the first recording advise, or as there are CPUs.
advised_workers() {
    "$python" - "$tmp/facts.json" <<'EOF'
import json, sys
with open(sys.argv[1]) as file:
    facts = json.load(file)
found = [p["workers"] for p in facts["verdict"]["predictions"]
         if p["change"] == "processes" and p["workers"]]
print(min(found) if found else max(1, int(facts["concurrency"]["usable_cpus"])))
EOF
}

# measure MODE WORKERS ROUND
measure() {
    "$python" "$here/demo/wordcount.py" --mode "$1" --workers "$2" \
        --seconds $(((seconds + 2) / 3)) --result "$tmp/$1-$3.json" >/dev/null
}

# What the program itself measured, beside what was predicted.
conclude() {
    "$python" - "$tmp" "$rounds" <<'EOF'
import json, os, statistics, sys

def load(name):
    with open(os.path.join(sys.argv[1], name + ".json")) as file:
        return json.load(file)

def rates(mode):
    runs = [load(mode + "-" + number) for number in sys.argv[2].split()]
    print("    %-11s %s jobs/s" % ("%d %s" % (runs[0]["workers"], mode),
                                   " ".join("%7.1f" % run["jobs_per_second"] for run in runs)))
    return [run["jobs_per_second"] for run in runs]

facts = load("facts")
ratios = [after / before for before, after in zip(rates("threads"), rates("processes"))]
print("    measured    %7.2fx the throughput (%.2f-%.2fx)"
      % (statistics.median(ratios), min(ratios), max(ratios)))
found = [p for p in facts["verdict"]["predictions"] if p["change"] == "processes"]
if found:
    print("    predicted   %7.2fx (%.2f-%.2fx), from the recording with threads alone"
          % (found[0]["speedup"], found[0]["low"], found[0]["high"]))
else:
    print("    predicted   nothing: %s" % facts["verdict"]["summary"])
print("\nOpen demo-threads.pftrace and demo-processes.pftrace at https://ui.perfetto.dev\n"
      "(\"Open trace file\"; they stay on this machine), or print a report again:\n"
      "    partrace report demo-threads.pftrace")
EOF
}

record threads 4
"$partrace" report --json demo-threads.pftrace >"$tmp/facts.json"
advised=$(advised_workers)
record processes "$advised"
echo
echo "==> Was that right? Not watched, both in turn, three times; what the program measured:"
echo
for round in $rounds; do
    measure threads 4 "$round"
    measure processes "$advised" "$round"
done
conclude
