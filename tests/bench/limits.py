# SPDX-License-Identifier: MIT
"""What is not a ratio to the untraced run: the collector's own cost, bursts, an hour, many threads.

Each limit returns {"lines": what it saw, "targets": [[what, figure, limit, format], ...]}; a
target is met by a figure of at most its limit.
"""
import os
import statistics
import subprocess

from tracers import OUT, TRACERS, Run, partrace_facts
from workloads import Program, program

REPLAY = os.path.join(OUT, "tests", "bench", "replay")
BY_NAME = {tracer.name: tracer for tracer in TRACERS}
HOUR = 3600
LINEAR = 1.3        # what one costs among many, in relation to among half as many


def trace(name, argv, folder):
    """One program under partrace: its seconds and switches, what that cost, and the facts."""
    tracer = BY_NAME[name]
    work = Program(argv)
    try:
        run = Run(tracer, work.pids, folder)
        try:
            seconds, switches = work.work()
        except Exception:
            run.kill()
            raise
        cost = run.stop()
        facts = partrace_facts(run)
        os.remove(run.trace_path)
    finally:
        work.close()
    return dict(cost, seconds=seconds, switches=switches), facts


def collector(folder):
    """What the collector uses for each scheduling cycle: 2,000,000 of them through pipes."""
    lines, targets = [], []
    for name, limit in (("default", 1.0), ("light", 0.5)):
        cost, _facts = trace(name, [program("pingpong"), "--trips", "1000000"], folder)
        us = cost["cpu_s"] * 1e6 / cost["switches"]
        lines.append("%s: %d cycles in %.1f s: %.2f s of CPU, %.0f MB, %.1f bytes of trace per cycle, %d lost"
                     % (name, cost["switches"], cost["seconds"], cost["cpu_s"], cost["rss_kib"] / 1024,
                        cost["trace_bytes"] / cost["switches"], cost["lost"]))
        targets += [["%s: CPU of the collector per cycle, us" % name, us, limit, "%.2f"],
                    ["%s: most that it had resident, MB" % name, cost["rss_kib"] / 1024, 64, "%.0f"]]
    return {"lines": lines, "targets": targets}


def attach(folder):
    """From start to attached, of an idle program."""
    times = []
    for _ in range(5):
        work = Program([program("pingpong")])
        try:
            run = Run(BY_NAME["default"], work.pids, folder)
            times.append(run.attach_s)
            run.stop()
        finally:
            work.close()
    return {"lines": ["ms: " + " ".join("%.0f" % (1000 * t) for t in sorted(times))],
            "targets": [["from start to attached, ms", 1000 * statistics.median(times), 300, "%.0f"]]}


def burst(folder):
    """As many cycles as both CPUs can make, 10,000,000: none is lost, or all that are are counted."""
    cost, facts = trace("default", [program("pingpong"), "--trips", "2500000", "--pairs", "2"], folder)
    seen = sum(t["switches"]["voluntary"] + t["switches"]["involuntary"] for t in facts["threads"])
    unknown = abs(cost["switches"] - seen - cost["lost"])
    lines = ["%d cycles in %.1f s, %.0f a second: %d recorded, %d lost as it says itself; report %.2f s after the end"
             % (cost["switches"], cost["seconds"], cost["switches"] / cost["seconds"], seen, cost["lost"],
                cost["stop_s"]),
             "collector %.2f s of CPU, %.0f MB; %.1f bytes of trace per cycle"
             % (cost["cpu_s"], cost["rss_kib"] / 1024, cost["trace_bytes"] / cost["switches"])]
    return {"lines": lines,
            "targets": [["burst: cycles neither recorded nor counted as lost, per mille",
                         1000 * unknown / cost["switches"], 1, "%.2f"],
                        ["burst: from stop to report per 10,000,000 cycles, s",
                         cost["stop_s"] * 1e7 / cost["switches"], 1, "%.2f"],
                        ["burst: most resident, MB", cost["rss_kib"] / 1024, 64, "%.0f"]]}


def hour(folder):
    """An hour of 20,000 cycles a second, replayed: the memory at its end against that after ten minutes."""
    path = os.path.join(folder, "hour.pftrace")
    out = subprocess.run([REPLAY, str(HOUR), path], stdout=subprocess.PIPE, check=True).stdout.decode()
    os.remove(path)
    told = [dict(zip(line.split()[::2], map(int, line.split()[1::2]))) for line in out.splitlines()]
    rss = [t["rss_kib"] / 1024 for t in told]
    early, late = statistics.median(rss[5:15]), statistics.median(rss[-10:])
    last = told[-1]
    return {"lines": ["minute %d: %.0f MB" % (minute, statistics.median(rss[max(0, minute - 3):minute + 2]))
                      for minute in (1, 10, 20, 30, 40, 50, 60)] +
                     ["%d cycles: %.2f us of CPU and %.1f bytes of trace for each"
                      % (last["cycles"], last["cpu_ns"] / 1000 / last["cycles"], last["bytes"] / last["cycles"])],
            "targets": [["hour: most resident, MB (without rings)", max(rss), 64, "%.0f"],
                        ["hour: memory at the end, in relation to that after ten minutes", late / early, 1.1, "%.2fx"],
                        ["hour: CPU per cycle, us", last["cpu_ns"] / 1000 / last["cycles"], 1.0, "%.2f"]]}


def grow(folder, what, argv, counts):
    """The same with ever more of something. Linear: one costs what one among half as many did."""
    lines, costs = [], []
    for cnt in counts:
        cost, facts = trace("default", argv + [str(cnt)], folder)
        told = len(facts["threads"])
        costs.append((cost["cpu_s"] / cnt, cost["rss_kib"] / cnt))
        lines.append("%6d %s: %.2f s, %d cycles; attach %.2f s, CPU %.2f s, report after %.2f s, %.0f MB, trace %.1f MB, "
                     "%d threads told, %d lost"
                     % (cnt, what, cost["seconds"], cost["switches"], cost["attach_s"], cost["cpu_s"], cost["stop_s"],
                        cost["rss_kib"] / 1024, cost["trace_bytes"] / 1e6, told, cost["lost"]))
    (half_cpu, half_rss), (cpu, rss) = costs[-2:]
    return {"lines": lines,
            "targets": [["CPU for one of %d %s, in relation to one of %d" % (counts[-1], what, counts[-2]),
                         cpu / half_cpu, LINEAR, "%.2fx"],
                        ["memory, likewise", rss / half_rss, LINEAR, "%.2fx"]]}


def many_threads(folder):
    """Up to 10,000 threads."""
    return grow(folder, "threads", [program("threads"), "--threads"], (1250, 2500, 5000, 10000))


def many_processes(folder):
    """Up to 100,000 short-lived processes."""
    return grow(folder, "processes", [program("processes"), "--processes"], (12500, 25000, 50000, 100000))


LIMITS = {"collector": collector, "attach": attach, "burst": burst, "hour": hour,
          "many-threads": many_threads, "many-processes": many_processes}
