#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Judge what a machine that run.sh booted handed over.

    check.py DIR            'ok|FAIL|skip CHECK REASON', a line per check
    check.py --table FILE…  such lines of several machines, as a table and their sum

An emulated CPU is slow and one at a time, so bounds are ratios, wider than those of the
tests on this kernel: each wait is within 15 per cent of what its program measured.
"""

import io
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import facts as e2e  # noqa: E402

TOLERANCE = 0.15
CHECKS = ("boot doctor locks calls exchange cpu attached light mmap inode disk quota cgroup1 hybrid "
          "requests function loop gil crowd blind noperf notypes bare pidns unprivileged hotplug clock suspend "
          "reuse complaints").split()
# Recordings of truth, compared thread by thread.
TRUTHS = ("locks calls exchange cpu attached light mmap inode disk notypes bare pidns unprivileged "
          "hotplug").split()


class Skip(Exception):
    """What this kernel cannot have; the reason is the recording's own word."""


class Machine:
    def __init__(self, directory):
        self.directory = directory

    def path(self, name):
        return os.path.join(self.directory, name)

    def text(self, name):
        with open(self.path(name), errors="replace") as file:
            return file.read()

    def has(self, name):
        return os.path.exists(self.path(name)) and os.path.getsize(self.path(name)) > 0

    def ended_well(self, name):
        """All of record, report and report --json gave 0."""
        status = self.text(name + ".status").split()
        return all(value == "0" for value in status[1::2])

    def seconds(self):
        """How long each recording was to be."""
        return float(self.text("vm").split()[1])

    def facts(self, name):
        return json.loads(self.text(name + ".json"))


def near(what, got, want, ratio):
    if not want * (1 - ratio) <= got <= want * (1 + ratio):
        yield "%s is %.4g, expected %.4g" % (what, got, want)


def check_truth(machine, name, facts):
    if "kernel_lock" in facts["recording"]["unavailable"] and name == "inode":
        raise Skip("no kernel_lock: %s" % ", ".join(facts["recording"]["unavailable"]))
    if not machine.has(name + ".truth"):
        yield "the program told nothing: %s" % machine.text(name + ".out").strip()[-200:]
        return
    told, stdout = io.StringIO(), sys.stdout
    sys.stdout = told
    try:
        problems = list(e2e.check_truth(facts, machine.path(name + ".truth"), TOLERANCE))
    finally:
        sys.stdout = stdout
    # Of several threads on a CPU this slow some never come to wait.
    idle = [p for p in problems if p.endswith("nothing was tested")]
    if len(idle) >= len(told.getvalue().splitlines()):
        if name == "mmap":
            raise Skip("on one CPU nobody came to wait for it")
        yield "no thread waited: nothing was tested"
    yield from (p for p in problems if p not in idle)


def check_quota(machine, name, facts):
    stat = dict(line.split() for line in machine.text(name + ".stat").splitlines())
    theirs = int(stat["throttled_usec"]) * 1000 if "throttled_usec" in stat else int(stat["throttled_time"])
    ours = sum(t["time_ns"]["throttled"] for t in facts["threads"])
    if theirs < 500e6:
        yield "the kernel throttled for %d ms only: nothing was tested" % (theirs / 1e6)
    yield from near("throttled", ours, theirs, TOLERANCE)
    yield from near("quota", facts["recording"]["cpus"]["quota"] or 0, 0.3, 0.01)


def check_requests(machine, _name, facts):
    truth = json.loads(machine.text("requests.truth"))
    seen = facts["requests"]
    yield from near("count", seen["count"], truth["count"], 0)
    # What a client waits for besides is its own CPU time, and that is emulated.
    if not 0.5 * truth["p50"] <= seen["latency_ns"]["p50"] <= 1.05 * truth["p50"]:
        yield "p50 is %d, the clients say %d" % (seen["latency_ns"]["p50"], truth["p50"])


def check_function(machine, _name, facts):
    truth = json.loads(machine.text("function.truth"))
    seen = facts["requests"]
    yield from near("count", seen["count"], truth["count"], 0)
    yield from near("p50", seen["latency_ns"]["p50"], truth["p50"], TOLERANCE)


def check_loop(machine, _name, facts):
    truth = json.loads(machine.text("loop.truth"))
    loops = [t["loop"] for t in facts["threads"] if t.get("loop")]
    if len(loops) != 1:
        yield "%d loops" % len(loops)
        return
    yield from near("turns", loops[0]["turns"] + 1, truth["turns"] + 1, 0.1)


def check_gil(_machine, _name, facts):
    """Two threads that do nothing but compute take turns: one has it, one waits for it."""
    spin = [t["time_ns"] for t in facts["threads"] if t["tid"] != t["pid"]]
    gil = sum(t["gil"] for t in spin)
    # Emulated CPUs take turns: who waits for the lock and is woken, by its time-out, on the one that
    # stands still is in the run queue until that goes on.
    if facts["recording"]["cpus"]["online"] > 1:
        gil += sum(t["run_queue"] for t in spin)
    yield from near("share of gil", gil / (gil + sum(t["cpu_user"] + t["cpu_kernel"] for t in spin)),
                    0.5, 0.4)
    if not any(p["runtime"] and p["runtime"]["global_lock"] for p in facts["processes"]):
        yield "no CPython was found"


def check_clock(machine, _name, facts):
    """However the wall clock was set: it slept for so long, and it is said."""
    if len(facts["threads"]) != 1:
        yield "%d threads" % len(facts["threads"])
        return
    yield from near("sleep", facts["threads"][0]["time_ns"]["sleep"] / 1e9, machine.seconds(), 0.05)
    if not facts["recording"].get("clock_step_ns"):
        yield "it does not say that the clock was set"
    if facts["recording"]["duration_ns"] > (machine.seconds() + 2) * 1e9:
        yield "the recording lasted %.1f s" % (facts["recording"]["duration_ns"] / 1e9)


def check_suspend(machine, _name, facts):
    """It slept for so long on the clock that stands still meanwhile; the rest is said."""
    before, after = map(int, machine.text("suspend.offsets").split())
    said = facts["recording"].get("suspended_ns", 0)
    if after - before < 3e9:
        yield "the machine was suspended for %.3f s" % ((after - before) / 1e9)
    if abs(said - (after - before)) > 1e6:
        yield "it says %.6f s, the clocks %.6f s" % (said / 1e9, (after - before) / 1e9)
    if not re.search(r"suspended for", machine.text("suspend.report")):
        yield "the report does not say it"
    yield from near("sleep", sum(t["time_ns"]["sleep"] for t in facts["threads"]) / 1e9, machine.seconds(), 0.05)
    if facts["recording"]["duration_ns"] > (machine.seconds() + 2) * 1e9:
        yield "the recording lasted %.1f s" % (facts["recording"]["duration_ns"] / 1e9)


def check_reuse(machine, _name, facts):
    pid = int(machine.text("reuse.truth"))
    lives = [(p["exit_code"], t["lifetime_ns"]) for p, t in
             zip(sorted((p for p in facts["processes"] if p["pid"] == pid), key=lambda p: p["started_ns"]),
                 sorted((t for t in facts["threads"] if t["pid"] == pid), key=lambda t: t["started_ns"]))]
    if [code for code, _ in lives] != [3, 5]:
        yield "processes of number %d ended with %s" % (pid, [code for code, _ in lives])
    elif not lives[0][1] > 300e6 > lives[1][1]:
        yield "they lived for %s ns" % [ns for _, ns in lives]


def check_crowd(machine, name, facts):
    """Without perf's tracepoints, from 7.0 on, the kernel passes over what it then is to say."""
    yield from e2e.check_crowd(facts, machine.path(name + ".truth"))
    missed = facts["recording"]["lost"].get("passed_over", 0)
    if missed and (name == "crowd" or int(machine.text("kernel").split(".")[0]) < 7):
        yield "%d events passed over" % missed
    if missed and not re.search(r"^Missed ", machine.text(name + ".report"), re.M):
        yield "the report does not say it"


RECORDINGS = {"quota": check_quota, "cgroup1": check_quota, "hybrid": check_quota,
              "requests": check_requests, "function": check_function, "loop": check_loop,
              "gil": check_gil, "crowd": check_crowd, "blind": check_crowd, "noperf": check_gil,
              "clock": check_clock, "suspend": check_suspend, "reuse": check_reuse}


def check_situation(machine, name):
    """That it was what it is called, and what was to be said of it."""
    if name == "notypes":
        lines = machine.text("notypes.refused").splitlines()
        if len(lines) != 3 or "no types (BTF)" not in lines[0] or "--btf" not in lines[1] or lines[2] != "record 1":
            yield "without types it says: %s" % lines
        if not re.search(r"^  MISSING +types \(BTF\)", machine.text("notypes.doctor"), re.M):
            yield "doctor does not miss the types"
    if name == "bare" and machine.text("bare.mounts").strip() != "0":
        yield "tracefs was still mounted"
    if name == "pidns" and not machine.facts(name)["recording"].get("pid_namespace"):
        yield "it was not in a pid namespace"
    if name == "unprivileged" and machine.text("unprivileged.value").strip() != "1":
        yield "unprivileged_bpf_disabled was not set"
    if name == "hotplug" and machine.text("hotplug.online").strip() != "0":
        yield "no CPU went"
    if name == "clock" and len(set(machine.text("clock.set").splitlines())) != 3:
        yield "the clock was not set"


def check_refusal(machine, name):
    """A kernel that lets nobody look into its memory: one line says so, and there is no file."""
    out = machine.text(name + ".out")
    said = [line for line in out.splitlines() if line.startswith("partrace: ") and "cannot read" not in line]
    if len(said) != 1 or "locked down" not in said[0] or "lockdown=integrity" not in out:
        yield "it says: %s" % out.strip()[-300:]
    if machine.text(name + ".status").split()[1] != "1":
        yield "record's status is %s" % machine.text(name + ".status").split()[1]


def check_recording(machine, name):
    if not machine.has("end") and not machine.has(name + ".status"):
        raise Skip("not reached")
    if not machine.has(name + ".status"):
        raise Skip("not run")
    if "lockdown=confidentiality" in machine.text("cmdline"):
        yield from check_refusal(machine, name)
        return
    yield from check_situation(machine, name)
    if not machine.ended_well(name):
        yield machine.text(name + ".out").strip().replace("\n", "; ")[-300:] or "failed, silently"
        return
    facts = machine.facts(name)
    lost = e2e.lost(facts)
    if lost:
        yield "%d records lost" % lost
    yield from e2e.check_sums(facts)
    yield from e2e.check_keys(facts)
    if not re.search(r"^Verdict ", machine.text(name + ".report"), re.M):
        yield "the report has no verdict"
    if name in TRUTHS:
        yield from check_truth(machine, name, facts)
    else:
        yield from RECORDINGS[name](machine, name, facts)


def check_doctor(machine, _name):
    """It may record, it says, exactly if recordings work; nothing it names is a riddle."""
    if not machine.has("doctor.status"):
        raise Skip("not run")
    says = machine.text("doctor.status").split()[1] == "0"
    works = [n for n in CHECKS if machine.has(n + ".status") and n != "doctor" and
             machine.text(n + ".status").split()[1] == "0"]
    if says and not works or works and not says:
        yield "says %s, and recordings %s" % ("yes" if says else "no", "work" if works else "don't")
    if not re.search("^Recording is (possible|impossible)", machine.text("doctor.out"), re.M):
        yield "comes to no end: %s" % machine.text("doctor.out")[-200:]


def check_complaints(machine, _name):
    """The kernel itself has no complaint about what was done to it."""
    if not machine.has("end"):
        raise Skip("not reached")
    lines = machine.text("complaints").splitlines()
    if lines:
        yield lines[0]


def check(machine):
    if machine.has("end"):
        print("ok boot %s" % machine.text("kernel").strip())
    else:
        print("FAIL boot %s did not come to its end" % machine.text("kernel").strip())
    for name in CHECKS[1:]:
        how = {"doctor": check_doctor, "complaints": check_complaints}.get(name, check_recording)
        try:
            problems = list(how(machine, name))
        except Skip as why:
            print("skip %s %s" % (name, why))
            continue
        except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
            problems = ["%s: %s" % (type(error).__name__, error)]
        print("FAIL %s %s" % (name, " | ".join(problems)[:600]) if problems else "ok %s" % name)


def table(paths):
    rows, sums = [], {"ok": 0, "FAIL": 0, "skip": 0}
    for path in paths:
        states = {}
        with open(path) as file:
            for line in file:
                state, name = line.split()[:2]
                states[name] = state
                sums[state] += 1
        rows.append((os.path.basename(path).replace(".checks", ""), states))
    width = max(len(name) for name, _ in rows)
    print(" ".join([" " * width] + CHECKS))
    for name, states in rows:
        print(" ".join(["%-*s" % (width, name)] +
                       ["%-*s" % (len(c), states.get(c, "-")) for c in CHECKS]))
    print("%d passed, %d failed, %d skipped" % (sums["ok"], sums["FAIL"], sums["skip"]))
    return 1 if sums["FAIL"] else 0


if __name__ == "__main__":
    if sys.argv[1] == "--table":
        sys.exit(table(sys.argv[2:]))
    check(Machine(sys.argv[1]))
