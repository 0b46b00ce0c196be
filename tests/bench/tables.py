# SPDX-License-Identifier: MIT
"""From measurements to tables, and to what was to be reached."""
import os
import platform
import statistics
import time


class Spread:
    """Some values: their median, and the range they lie in."""
    def __init__(self, values):
        self.values = sorted(values)
        self.median = statistics.median(self.values) if self.values else None

    def text(self, form):
        if self.median is None:
            return "-"
        low, high = form % self.values[0], form % self.values[-1]
        middle = form % self.median
        return middle if low == high else "%s [%s-%s]" % (middle, low, high)


def by_round(samples, workload, tracer):
    return {s["round"]: s for s in samples
            if s.get("workload") == workload and s["tracer"] == tracer and "seconds" in s}


def per_amount(sample):
    return sample["seconds"] / sample["share"]


def pairs(samples, workload, tracer, base="none"):
    """Of each round that has both: (the tracer's measurement, the base's)."""
    ours, theirs = by_round(samples, workload, tracer), by_round(samples, workload, base)
    return [(ours[r], theirs[r]) for r in ours if r in theirs]


def ratios(samples, workload, tracer):
    return Spread(per_amount(a) / per_amount(b) for a, b in pairs(samples, workload, tracer))


def added(samples, workload, tracer):
    """Seconds, by round."""
    ours, none = by_round(samples, workload, tracer), by_round(samples, workload, "none")
    return {r: per_amount(ours[r]) - per_amount(none[r]) for r in ours if r in none}


def added_ratio(samples, workload, tracer, base):
    """What the tracer adds, in relation to what another one adds."""
    ours, theirs = added(samples, workload, tracer), added(samples, workload, base)
    return Spread(ours[r] / theirs[r] for r in ours if r in theirs and theirs[r] > 0)


def own(samples, workload, tracer, key, scale=1.0):
    return Spread(s[key] * scale for s in by_round(samples, workload, tracer).values() if key in s)


def per_cycle(samples, workload, tracer, key, scale=1.0):
    return Spread(s[key] * scale / s["switches"] for s in by_round(samples, workload, tracer).values()
                  if key in s and s["switches"] > 1000)


def print_table(head, rows):
    widths = [max(len(row[i]) for row in [head] + rows) for i in range(len(head))]
    for row in [head] + rows:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    print()


def machine():
    with open("/proc/cpuinfo") as file:
        cpu = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())
    return "%s, %d CPUs, Linux %s, %s" % (cpu, os.cpu_count(), platform.release(), time.strftime("%Y-%m-%d"))


def show(samples, workloads, tracers):
    print(machine(), end="\n\n")
    for workload in workloads:
        here = [s for s in samples if s.get("workload") == workload.name]
        if not here:
            continue
        rows = []
        for tracer in tracers:
            mine = [s for s in here if s["tracer"] == tracer.name]
            why = next((s["not_runnable"] for s in mine if "not_runnable" in s), None)
            if why and not any("seconds" in s for s in mine):
                rows.append([tracer.name, "not runnable here: " + why] + [""] * 6)
            elif mine:
                rows.append(row(samples, workload.name, tracer.name))
        # A reason may be long; it is no reason for wide columns.
        plain = [r for r in rows if not r[1].startswith("not runnable")]
        print("%s: %s" % (workload.name, workload.what))
        print_table(["tracer", "time", "x untraced", "adds s", "own CPU s", "peak MB", "bytes/cycle", "lost"], plain)
        for r in rows:
            if r not in plain:
                print("  %s  %s" % (r[0], r[1]))
        print()


def row(samples, workload, tracer):
    name = (samples, workload, tracer)
    return [tracer,
            Spread(per_amount(s) for s in by_round(*name).values()).text("%.2f"),
            ratios(*name).text("%.2f"),
            Spread(added(*name).values()).text("%.2f") if tracer != "none" else "",
            Spread(s["cpu_s"] / s["share"] for s in by_round(*name).values() if "cpu_s" in s).text("%.2f"),
            own(*name, "rss_kib", 1 / 1024).text("%.0f"),
            per_cycle(*name, "trace_bytes").text("%.1f"),
            own(*name, "lost").text("%d")]


def limits_by_name(samples):
    """The latest of each."""
    return {s["limit"]: s for s in samples if "limit" in s}


def show_limits(samples, limits):
    for name, sample in limits_by_name(samples).items():
        print("%s: %s" % (name, limits[name].__doc__))
        print("\n".join("  " + line for line in sample["lines"]), end="\n\n")


# What is to be reached: words, figure, limit, how the figure is written.
def targets(samples):
    def times(workload, tracer, limit, form="%.2fx"):
        return ("%s, %s: times untraced" % (workload, tracer), ratios(samples, workload, tracer), limit, form)

    def adds(workload, tracer, base, limit):
        return ("%s: %s adds, in relation to %s" % (workload, tracer, base),
                added_ratio(samples, workload, tracer, base), limit, "%.2fx")
    return [
        adds("pingpong", "default", "floor-least", 1.5),
        adds("pingpong", "default", "perf-sched", 0.5),
        adds("pingpong", "default", "bpftrace", 0.5),
        adds("pingpong", "light", "floor-light", 1.3),
        adds("pingpong", "light", "wprof", 1.0),
        times("getppid", "default", 2.0),
        times("getppid", "light", 1.05),
        times("unrelated-calls", "default", 2.0),
        times("unrelated-calls", "light", 1.05),
        adds("unrelated-switches", "default", "floor-least", 1.5),
        adds("unrelated-switches", "light", "floor-light", 1.3),
        times("unrelated-compute", "default", 1.02, "%.3fx"),
        times("unrelated-compute", "light", 1.02, "%.3fx"),
        times("gil", "default", 1.05, "%.3fx"),
        times("pgbench", "default", 1.05, "%.3fx"),
        times("redis", "default", 1.15),
    ] + [("%s: bytes of trace per cycle" % workload, per_cycle(samples, workload, "default", "trace_bytes"), 24, "%.1f")
         for workload in ("pingpong", "futex", "condvar")
    ] + [(what, Spread([figure]), limit, form)
         for sample in limits_by_name(samples).values() for what, figure, limit, form in sample["targets"]]


def show_targets(samples):
    """How many were missed."""
    rows, missed = [], 0
    for what, figure, limit, form in targets(samples):
        if figure.median is None:
            continue
        is_met = figure.median <= limit
        missed += not is_met
        rows.append([what, figure.text(form), "at most " + form % limit,
                     "met" if is_met else "MISSED by %.0f %%" % (100 * (figure.median / limit - 1))])
    if rows:
        print_table(["to reach", "median of rounds", "limit", ""], rows)
    return missed
