#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A demonstration: the same small Python job with threads and with processes.
# partrace watches the first, says what processes would bring, and the second
# shows whether that was right.
#
#	sudo tools/demo.sh
#
# Leaves demo-threads.pftrace and demo-processes.pftrace in the current directory.
# PARTRACE, PYTHON: which to use. DEMO_SECONDS: how long each takes (default 5).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
seconds=${DEMO_SECONDS:-5}

die() {
    echo "demo: $*" >&2
    exit 1
}

[ "$(id -u)" = 0 ] || die "tracing needs root: sudo $0"

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
# The programs run as whoever called sudo.
[ -z "${SUDO_UID-}" ] || chown "$SUDO_UID" "$tmp"
trap 'rm -rf "$tmp"' EXIT

# record MODE WORKERS
record() {
    echo
    echo "==> partrace -o demo-$1.pftrace -- python3 wordcount.py --mode $1 --workers $2"
    echo
    "$partrace" -o "demo-$1.pftrace" -- "$python" "$here/demo/wordcount.py" \
        --mode "$1" --workers "$2" --seconds "$seconds" --result "$tmp/$1.json"
    "$partrace" report --json "demo-$1.pftrace" >"$tmp/$1-facts.json"
}

# As many processes as the first recording advises, or as there are CPUs.
advised_workers() {
    "$python" - "$tmp/threads-facts.json" <<'EOF'
import json, sys
with open(sys.argv[1]) as file:
    facts = json.load(file)
found = [p["workers"] for p in facts["verdict"]["predictions"]
         if p["change"] == "processes" and p["workers"]]
print(min(found) if found else max(1, int(facts["concurrency"]["usable_cpus"])))
EOF
}

# What the program itself measured, beside what was predicted.
conclude() {
    "$python" - "$tmp" <<'EOF'
import json, os, sys

def load(name):
    with open(os.path.join(sys.argv[1], name)) as file:
        return json.load(file)

threads, processes = load("threads.json"), load("processes.json")
facts = load("threads-facts.json")
print("\n==> Was that right? The program's own measurement:\n")
for run in threads, processes:
    print("    %d %-9s %8.1f jobs/s" % (run["workers"], run["mode"], run["jobs_per_second"]))
print("    measured   %8.2fx the throughput"
      % (processes["jobs_per_second"] / threads["jobs_per_second"]))
found = [p for p in facts["verdict"]["predictions"] if p["change"] == "processes"]
if found:
    print("    predicted  %8.2fx (%.2f-%.2fx), from the run with threads alone"
          % (found[0]["speedup"], found[0]["low"], found[0]["high"]))
else:
    print("    predicted  nothing: %s" % facts["verdict"]["summary"])
print("\nOpen demo-threads.pftrace and demo-processes.pftrace at https://ui.perfetto.dev\n"
      "(\"Open trace file\"; they stay on this machine), or print a report again:\n"
      "    partrace report demo-threads.pftrace")
EOF
}

record threads 4
record processes "$(advised_workers)"
conclude
