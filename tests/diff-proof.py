#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does `partrace diff` tell noise from change? It records, and counts.

diff-proof.py [--folder DIR] [--tries N] [--only NAMES] [--required SHARE] [--steady SHARE]
              [--seconds S] [--judge] [-v]

Records several workloads in turns, each as it is and with a fifth more planted, and compares
one recording with one, N times:

  same      two recordings of the same thing, one after the other, must raise no alarm:
            no row, lock or channel of the diff that is more than noise, no gate that fails
  planted   a fifth more must be caught: the gate of that workload fails
  repeated  where one against one misses it, diff must say how many recordings of each side
            would tell, and so many must: drawn from those at hand, up to five

Required are 19 of 20, or SHARE: of "same" over all workloads, of the others for each. Besides it
prints the share of all pairs that can be made of the recordings: these are more, but not
independent of each other.

On a machine that others use, too, the same work may take a tenth more CPU time for a while, and
diff is right to say so. With --steady, rounds of a workload in which the CPU time of a recording,
by the kernel's account, is further than half of that share from the median are made anew, as many
as there were tries at most; and "same" leaves out pairs that are further apart than that share all
the same. Status 77: these are more than two in five; or so many were made anew, and something was
missed: by then the machine may be another for what was planted than for the rest.

Recordings in --folder are taken as they are, and only those that are missing are made;
with --seconds it stops after that time, with status 75, to go on when called again. --judge records
nothing. Ends with 1 if something is missed. Recording needs root.
"""
import argparse
import collections
import concurrent.futures
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.abspath(os.environ.get("OUT", os.path.join(HERE, "..", "build")))
PARTRACE = os.path.abspath(os.environ.get("PARTRACE", os.path.join(OUT, "partrace")))
PLANTED = os.path.join(OUT, "tests", "workloads", "planted")
PYTHON = os.environ.get("PYTHON", "/usr/bin/python3")
EVERYTHING = "wall>10%,throughput>10%,cpu>10%,p95>10%,memory>10%,gil>2pp,lock>2pp,run_queue>2pp"
SERVED = 2          # seconds of a server's life
REPEATED_MAX = 5
DRAWS = 20
STEADY_MIN = 0.6    # of the pairs, and of the rounds; fewer, and the machine is no place to tell
EACH = 0.8          # of the tries of one workload: a run that is off is in two of them


def fixed(mode, amount):
    return [PYTHON, os.path.join(HERE, "e2e", "workloads", "fixed_work.py"), mode, "--amount", str(amount)]


def planted(*args):
    return [PLANTED] + [str(arg) for arg in args]


# name: what it is, gate, commands. "same" first, then what is planted.
Workload = collections.namedtuple("Workload", "about gate commands")
WORKLOADS = {
    "threads": Workload("2 Python threads behind a GIL, 0.9 s", "wall>10%,cpu>10%", {
        "same": fixed("threads", 600), "more": fixed("threads", 720)}),
    "pool-short": Workload("pool of 2 Python processes, 0.6 s", "wall>10%,cpu>10%", {
        "same": fixed("processes", 700), "more": fixed("processes", 840)}),
    "pool": Workload("pool of 2 Python processes, 2.2 s", "wall>10%,cpu>10%", {
        "same": fixed("processes", 3000), "more": fixed("processes", 3600)}),
    "lock": Workload("4 C threads and a mutex, 1.0 s", "wall>10%,cpu>10%", {
        "same": planted("lock", 4, 600, 200, 400), "more": planted("lock", 4, 720, 200, 400),
        "hold": planted("lock", 4, 600, 200, 480)}),
    "disk": Workload("2 C threads that sync to disk, 0.8 s", "wall>10%,cpu>10%", {
        "same": planted("disk", 2, 1000, 500, 16384), "more": planted("disk", 2, 1200, 500, 16384)}),
    "server": Workload("server, 4 clients, 2 s of its life", "throughput>10%,p95>10%", {
        "same": planted("server", 4, 600, 2000), "more": planted("server", 4, 720, 2400)}),
}
PLANTS = {"more": "a fifth more work", "hold": "lock held a fifth longer"}


def path_of(folder, name, variant, i):
    return os.path.join(folder, "%s-%s-%d.pftrace" % (name, variant, i))


def record(path, name, command):
    start = [PARTRACE, "record", "-q", "-o", path]
    if name != "server":
        subprocess.run(start + ["--"] + command, check=True, stdout=subprocess.DEVNULL,
                       cwd=os.path.dirname(path))
        return
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        pid = server.stdout.readline().decode().strip()
        time.sleep(0.2)
        subprocess.run(start + ["-p", pid, "-d", str(SERVED)], check=True)
        server.stdin.close()


def record_round(args, name, i, end=float("inf")):
    """Of each variant what is not there yet. Ends the program if that would begin after the end."""
    for variant, command in WORKLOADS[name].commands.items():
        path = path_of(args.folder, name, variant, i)
        if os.path.exists(path):
            continue
        if time.monotonic() > end:
            print("diff-proof: time is up in round %d; call again to go on" % i)
            sys.exit(75)
        record(path, name, command)


def record_all(args, names):
    """Whatever drifts meanwhile does so for all alike: they take turns."""
    end = time.monotonic() + args.seconds if args.seconds else float("inf")
    for i in range(args.tries + 1):
        for name in names:
            record_round(args, name, i, end)


def cpu_ns(path):
    done = subprocess.run([PARTRACE, "report", "--json", path], stdout=subprocess.PIPE, check=True)
    return sum(t["time_ns"]["cpu_user"] + t["time_ns"]["cpu_kernel"] for t in json.loads(done.stdout.decode())["threads"])


def farthest(rounds):
    """The round in which some variant's CPU time is furthest from that variant's median, and how far."""
    medians = {variant: statistics.median(r[variant] for r in rounds) for variant in rounds[0]}
    far = [max(abs(ns / medians[variant] - 1) for variant, ns in r.items()) for r in rounds]
    worst = max(range(len(far)), key=far.__getitem__)
    return worst, far[worst]


def record_again(args, names):
    """A round for which the machine took its time is recorded once more: all its variants, which are
    compared with each other. Was that much?"""
    def measure(name, i):
        return {variant: cpu_ns(path_of(args.folder, name, variant, i)) for variant in WORKLOADS[name].commands}

    times = {name: [measure(name, i) for i in range(args.tries + 1)] for name in names}
    made = 0
    for _ in range(args.tries):
        worst = {name: farthest(rounds) for name, rounds in times.items()}
        off = {name: i for name, (i, far) in worst.items() if far > args.steady / 2}
        for name, i in off.items():
            for variant in WORKLOADS[name].commands:
                os.remove(path_of(args.folder, name, variant, i))
            record_round(args, name, i)
            times[name][i] = measure(name, i)
        made += len(off)
        if not off:
            break
    print("rounds recorded once more for the CPU time they took: %d of %d" % (made, args.tries * len(names)))
    return made > (1 - STEADY_MIN) * args.tries * len(names)


def compare(before, after, gate):
    """(Did the gate fail, the diff)"""
    done = subprocess.run([PARTRACE, "diff", "--json", "--fail-on", gate] + before + ["--"] + after,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if done.returncode not in (0, 3):
        raise SystemExit("diff-proof: partrace diff ended with %d" % done.returncode)
    return done.returncode == 3, json.loads(done.stdout.decode())


def compare_all(pairs, gate):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(lambda pair: compare(pair[0], pair[1], gate), pairs))


def alarms(failed, diff):
    """What two recordings of the same thing are said to differ in."""
    for row in diff["rows"]:
        if row["significant"]:
            yield "%s%s %s" % (row["metric"], "@" + row["role"] if row["role"] else "",
                               "%+.1f pp" % row["change"] if row["unit"].startswith("percent")
                               else "%.2fx" % row["ratio"])
    for thing in diff["locks"] + diff["channels"]:
        if thing["change"] != "same":
            yield "%s %s" % (thing["name"], thing["change"])
    if failed:
        yield "gate " + " ".join(diff["failed"])


def rows_of(diff, gate):
    """The program's rows that a gate asks for."""
    for metric in (line.split(">")[0] for line in gate.split(",")):
        yield from (row for row in diff["rows"] if row["metric"] == metric and not row["role"])


def ratio_of(diff, gate):
    """What has not changed has no row."""
    return next((row["ratio"] for row in rows_of(diff, gate)), 1)


def is_steady(diff, share):
    """Did the two sides take the same CPU time, but for that share?"""
    ratio = ratio_of(diff, "cpu>")
    return not share or not ratio or max(ratio, 1 / ratio) <= 1 + share


def count_quiet(pairs, why, steady=None):
    """(How many of the pairs raise no alarm, of how many)"""
    quiet = steady_cnt = 0
    for pair, result in zip(pairs, compare_all(pairs, EVERYTHING)):
        if not is_steady(result[1], steady):
            continue
        said = list(alarms(*result))
        quiet += not said
        steady_cnt += 1
        if said:
            why.append("%s: %s" % (" and ".join(os.path.basename(side[0]) for side in pair), "; ".join(said)))
    return quiet, steady_cnt


def draw(dice, files, others, cnt):
    """Two sides of cnt recordings each, none on both."""
    before = dice.sample(files, cnt)
    return before, dice.sample([f for f in others if f not in before], cnt)


class Judge:
    def __init__(self, args):
        self.args, self.failed, self.dice = args, False, random.Random(1)
        self.unsteady = False
        self.quiet = self.tried = 0

    def files(self, name, variant):
        return [path_of(self.args.folder, name, variant, i) for i in range(self.args.tries + 1)]

    def require(self, cnt, tries, share):
        self.failed |= cnt < tries * share
        return "%d of %d" % (cnt, tries)

    def total(self):
        print("all: no alarm in %s" % self.require(self.quiet, self.tried, self.args.required))

    def same(self, name):
        files, why = self.files(name, "same"), []
        quiet, tried = count_quiet([([a], [b]) for a, b in zip(files, files[1:])], why, self.args.steady)
        pairs = [([a], [b]) for a, b in itertools.combinations(files, 2)]
        triples = [draw(self.dice, files, files, 3) for _ in range(DRAWS)]
        all_quiet, all_tried = count_quiet(pairs, [], self.args.steady)
        self.quiet += quiet
        self.tried += tried
        self.unsteady |= tried < STEADY_MIN * self.args.tries
        print("  the same again: no alarm in %s; of all %d pairs in %.1f %%; three against three in %s"
              % (self.require(quiet, tried, EACH), all_tried, 100 * all_quiet / max(all_tried, 1),
                 self.require(*count_quiet(triples, why), self.args.required)))
        for line in why if self.args.verbose else []:
            print("      " + line)

    def plant(self, name, variant):
        gate = WORKLOADS[name].gate
        metric = gate.split(">")[0]
        files, more = self.files(name, "same"), self.files(name, variant)
        tries = compare_all([([a], [b]) for a, b in zip(files[:-1], more)], gate)
        pairs = compare_all([([a], [b]) for a, b in itertools.product(files, more)], gate)
        ratios = sorted(ratio_of(diff, metric + ">") for _, diff in tries)
        caught = sum(failed for failed, _ in tries)
        is_enough = caught >= self.args.tries * self.args.required
        lines = collections.Counter(line for _, diff in tries for line in diff["failed"])
        print("  %s: %s is %.2fx (%.2f-%.2f); caught in %d of %d (%s); of all %d pairs in %.1f %%"
              % (PLANTS[variant], metric, ratios[len(ratios) // 2], ratios[0], ratios[-1], caught,
                 self.args.tries, ", ".join("%s %d" % line for line in sorted(lines.items())) or gate, len(pairs),
                 100 * sum(failed for failed, _ in pairs) / len(pairs)))
        if not is_enough:
            self.repeat(files, more, gate, [diff for failed, diff in tries if not failed])

    def repeat(self, files, more, gate, missed):
        said = [[row["recordings_needed"] for row in rows_of(diff, gate) if row["recordings_needed"]]
                for diff in missed]
        asked = sorted(min(needed) for needed in said if needed)
        print("    of %d that missed it, diff asked for more recordings in %d: %s of each side"
              % (len(missed), len(asked), asked[len(asked) // 2] if asked else "none"))
        for cnt in range(3, REPEATED_MAX + 1):
            draws = compare_all([draw(self.dice, files, more, cnt) for _ in range(DRAWS)], gate)
            caught = sum(failed for failed, _ in draws)
            print("    %d against %d caught it in %d of %d" % (cnt, cnt, caught, DRAWS))
            if caught >= DRAWS * self.args.required:
                return
        self.failed = True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--folder", help="where the recordings are, and stay")
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--only", help="workloads, with commas: " + ", ".join(WORKLOADS))
    parser.add_argument("--required", type=float, default=0.95, help="share of the tries (default: 0.95)")
    parser.add_argument("--steady", type=float, help="share by which CPU time may differ (default: any)")
    parser.add_argument("--seconds", type=float, help="record no longer than that")
    parser.add_argument("--judge", action="store_true", help="record nothing")
    parser.add_argument("-v", "--verbose", action="store_true")
    args = parser.parse_args()
    names = args.only.split(",") if args.only else list(WORKLOADS)
    is_restless = False
    with tempfile.TemporaryDirectory(prefix="diff-proof.") as temporary:
        args.folder = os.path.abspath(args.folder or temporary)
        os.makedirs(args.folder, exist_ok=True)
        if not args.judge:
            record_all(args, names)
            if args.steady:
                is_restless = record_again(args, names)
        judge = Judge(args)
        for name in names:
            print("%s: %s" % (name, WORKLOADS[name].about))
            judge.same(name)
            for variant in list(WORKLOADS[name].commands)[1:]:
                judge.plant(name, variant)
            sys.stdout.flush()
        judge.total()
    if judge.unsteady or (judge.failed and is_restless):
        return 77
    return 1 if judge.failed else 0


if __name__ == "__main__":
    sys.exit(main())
