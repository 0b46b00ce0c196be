#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compare the channels of a recording with what the workload `ledger` sent.

    ledger.py FACTS.json TRUTH.json [one-sided]

one-sided: only the parent was traced. Prints each line; exits with 1 if one is
off by more than 1 %, or its ends aren't the two processes.
"""
import json
import sys

TOLERANCE = 0.01
CROSSED = {"unix-pair": "unix-pair-back", "tcp4": "tcp4-back"}


def off(got, want):
    return abs(got - want) / max(1.0, want)


def wanted(truth):
    """One entry per channel: both ways through one are summed."""
    by_name = {line["name"]: dict(line) for line in truth["lines"] if line["messages"]}
    for name, back in CROSSED.items():
        if name in by_name:
            by_name[name]["messages"] += by_name[back]["messages"]
            by_name[name]["bytes"] += by_name[back]["bytes"]
            by_name[name]["both"] = True
    return [line for line in by_name.values() if not line["back"]]


def nearest(channels, line):
    """The channel of that kind that comes closest."""
    found = [c for c in channels if c["kind"] == line["kind"]]
    if not found:
        return None
    return min(found, key=lambda c: off(c["bytes"], line["bytes"])
               + off(c["messages"], line["messages"]))


def check_ends(channel, line, truth, one_sided):
    ends = {e["pid"]: e for e in channel["ends"]}
    pids = {truth["parent"], truth["child"]}
    if one_sided:
        if truth["parent"] not in ends:
            yield "the parent isn't among its ends %s" % sorted(ends)
        # Who lets the parent wait is known by that.
        if line["name"] in ("pipe-slow", "unix-pair"):
            child = ends.get(truth["child"])
            if not child or child["traced"] or child["name"] != "ledger-child":
                yield "its other end is %s, not %d" % (child or sorted(ends), truth["child"])
        return
    if set(ends) != pids:
        yield "its ends are %s, not %s" % (sorted(ends), sorted(pids))
        return
    sender, receiver = ends[line["from"]], ends[line["to"]]
    if not sender["writes"] or not receiver["reads"]:
        yield "%d does not write or %d does not read" % (line["from"], line["to"])
    if not line.get("both") and (sender["reads"] or receiver["writes"]):
        yield "it goes the other way, too"
    if not line.get("both") and line["kind"] not in ("sysv", "eventfd"):
        for what, end in (("bytes_sent", sender), ("bytes_received", receiver)):
            if off(end[what], line["bytes"]) > TOLERANCE:
                yield "%s is %d, not %d" % (what, end[what], line["bytes"])


def check_waits(channel, line):
    """Each receiver waited until its sender had paused; the slow one's sender waited, too."""
    if channel["read_wait_ns"] < 0.8 * line["read_wait_ns"]:
        yield ("its reader waited %.1f ms, and says itself %.1f ms"
               % (channel["read_wait_ns"] / 1e6, line["read_wait_ns"] / 1e6))
    want = line["write_wait_ns"]
    if want and not 0.8 * want <= channel["write_wait_ns"] <= 1.05 * want:
        yield ("its writer waited %.1f ms, and says itself %.1f ms"
               % (channel["write_wait_ns"] / 1e6, want / 1e6))


def problems(facts, truth, one_sided):
    left = list(facts["channels"])
    for line in wanted(truth):
        channel = nearest(left, line)
        if not channel:
            yield "%-16s no channel of kind %s" % (line["name"], line["kind"])
            continue
        text = ("%-16s %5d messages %7d bytes; partrace says %5d and %7d (%s)"
                % (line["name"], line["messages"], line["bytes"], channel["messages"],
                   channel["bytes"], channel["id"]))
        print(text)
        left.remove(channel)
        # Who only receives from a stream doesn't see in which pieces it was sent.
        counted = not (one_sided and line.get("both"))
        if off(channel["bytes"], line["bytes"]) > TOLERANCE or \
                (counted and off(channel["messages"], line["messages"]) > TOLERANCE):
            yield text
        for problem in check_ends(channel, line, truth, one_sided):
            yield "%-16s %s" % (line["name"], problem)
        if not one_sided:
            for problem in check_waits(channel, line):
                yield "%-16s %s" % (line["name"], problem)


def main(facts_path, truth_path, mode=""):
    with open(facts_path) as file:
        facts = json.load(file)
    with open(truth_path) as file:
        truth = json.load(file)
    found = list(problems(facts, truth, mode == "one-sided"))
    for problem in found:
        print("FAIL: %s" % problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
