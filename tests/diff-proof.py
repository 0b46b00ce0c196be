#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does `partrace diff` tell noise from change? It records, and counts.

diff-proof.py [--tries N] [--required SHARE] [--amount N] [--modes threads,processes]
              [--patience S] [--keep DIR]

In turns the same work is recorded, and a fifth more of it. Of each try, the same again must raise
no alarm: no row of the diff that is more than noise, no gate that fails. And the
fifth more must be caught: a gate of wall>10% fails. Required are 19 of 20 of both, or SHARE, for each mode. Ends
with 1 if that is missed. Needs root.

Two runs are only the same thing on a machine that is: it waits until others use no CPU, and records
again what they disturbed. Ends with 77 if the machine is too busy for that.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
WORK = os.path.join(HERE, "e2e", "workloads", "fixed_work.py")
PARTRACE = os.path.abspath(os.environ.get("PARTRACE", os.path.join(HERE, "..", "build", "partrace")))
PYTHON = os.environ.get("PYTHON", "/usr/bin/python3")
GATE = "wall>10%,throughput>10%,cpu>10%,p95>10%,memory>10%,gil>2pp,lock>2pp,run_queue>2pp"
QUIET = 0.1         # CPUs that others may use meanwhile
LOOK = 0.3          # seconds


class Others:
    """CPUs that were not used by us or our children: since it was made."""
    def __init__(self):
        self.start, self.used = time.monotonic(), self.other_seconds()

    @staticmethod
    def other_seconds():
        with open("/proc/stat") as file:
            user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, file.readline().split()[1:9])
        mine = os.times()
        return ((user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
                - mine.user - mine.system - mine.children_user - mine.children_system)

    def cpus(self):
        return (self.other_seconds() - self.used) / (time.monotonic() - self.start)


def wait_for_quiet(deadline):
    while True:
        others = Others()
        time.sleep(LOOK)
        if others.cpus() <= QUIET:
            return
        if time.monotonic() > deadline:
            print("diff-proof: this machine is too busy: others use %.2f CPUs" % others.cpus())
            sys.exit(77)


def record(path, mode, amount, deadline):
    while True:
        wait_for_quiet(deadline)
        others = Others()
        subprocess.run([PARTRACE, "record", "-q", "-o", path, "--", PYTHON, WORK, mode, "--amount", str(amount)],
                       check=True, stdout=subprocess.DEVNULL)
        if others.cpus() <= QUIET or time.monotonic() > deadline:
            return


def compare(before, after, gate):
    """(exit status, the diff)"""
    done = subprocess.run([PARTRACE, "diff", "--json", "--fail-on", gate] + before + ["--"] + after,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if done.returncode not in (0, 3):
        raise SystemExit("diff-proof: partrace diff ended with %d" % done.returncode)
    return done.returncode, json.loads(done.stdout.decode())


def alarms(status, diff):
    """What two recordings of the same thing are said to differ in."""
    for row in diff["rows"]:
        if row["significant"]:
            yield "%s%s %s" % (row["metric"], "@" + row["role"] if row["role"] else "",
                               "%+.1f pp" % row["change"] if row["unit"].startswith("percent")
                               else "%.2fx" % row["ratio"])
    for thing in diff["locks"] + diff["channels"]:
        if thing["change"] != "same":
            yield "%s %s" % (thing["name"], thing["change"])
    if status == 3:
        yield "gate " + " ".join(diff["failed"])


def ratio(diff, metric):
    return next(r["ratio"] for r in diff["rows"] if r["metric"] == metric and not r["role"])


def prove(mode, args, folder, deadline):
    """How many tries were quiet, and how many caught the change."""
    same = [os.path.join(folder, "%s-same-%d.pftrace" % (mode, i)) for i in range(args.tries + 1)]
    more = [os.path.join(folder, "%s-more-%d.pftrace" % (mode, i)) for i in range(args.tries)]
    record(same[0], mode, args.amount, deadline)
    quiet = caught = 0
    for i in range(args.tries):
        record(more[i], mode, args.amount * 6 // 5, deadline)
        record(same[i + 1], mode, args.amount, deadline)
        status, diff = compare(same[i:i + 1], same[i + 1:i + 2], GATE)
        false = list(alarms(status, diff))
        quiet += not false
        status, planted = compare(same[i:i + 1], more[i:i + 1], "wall>10%")
        caught += status == 3
        if false or status != 3 or args.verbose:
            print("%s %2d: the same again %.3fx%s; a fifth more %.3fx, %s"
                  % (mode, i, ratio(diff, "wall"), ": ALARM: " + "; ".join(false) if false else "",
                     ratio(planted, "wall"), "caught" if status == 3 else "MISSED"))
    return quiet, caught


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--required", type=float, default=0.95, help="share of the tries (default: 0.95)")
    parser.add_argument("--amount", type=int, default=400, help="of work: 400 take about a second")
    parser.add_argument("--modes", default="threads,processes")
    parser.add_argument("--patience", type=int, default=600, help="seconds, for all of it")
    parser.add_argument("--keep", metavar="DIR", help="leave the recordings there")
    parser.add_argument("-v", "--verbose", action="store_true")
    args = parser.parse_args()
    failed = False
    deadline = time.monotonic() + args.patience
    with tempfile.TemporaryDirectory(prefix="diff-proof.") as folder:
        for mode in args.modes.split(","):
            quiet, caught = prove(mode, args, args.keep or folder, deadline)
            failed |= min(quiet, caught) < args.tries * args.required
            print("%s: of %d tries, the same again raised no alarm in %d, a fifth more was caught in %d"
                  % (mode, args.tries, quiet, caught))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
