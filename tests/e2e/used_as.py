#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compare the channels of a recording with what workloads/channels.py made.

    used_as.py FACTS.json TRUTH.json

Each channel that the program made must be there under its name, with its messages and
bytes within 1 % and its processes at the right ends.
"""
import json
import sys

TOLERANCE = 0.01


def is_off(got, want):
    return want is not None and abs(got - want) > TOLERANCE * max(want, 1)


def problems_of(channel, line):
    if is_off(channel["messages"], line["messages"]):
        yield "%d messages, not %d" % (channel["messages"], line["messages"])
    got = channel["size_bytes"] if channel["kind"] == "shm" else channel["bytes"]
    if is_off(got, line["bytes"]):
        yield "%d bytes, not %d" % (got, line["bytes"])
    writers = {e["pid"] for e in channel["ends"] if e["messages_sent"] or channel["kind"] == "shm"}
    readers = {e["pid"] for e in channel["ends"] if e["reads"]}
    if line["two_way"]:
        writers = readers = writers | readers
    for what, pids, want in (("writers", writers, line["from"]), ("readers", readers, line["to"])):
        if want is not None and not set(want) <= pids:
            yield "its %s are %s, not %s" % (what, sorted(pids), sorted(want))


def check(channels, line):
    found = [c for c in channels if c["kind"] == line["kind"] and
             line["used_as"] in (c["used_as"] or "")]
    reports = [list(problems_of(c, line)) for c in found]
    if not found:
        return ["there is none"]
    return min(reports, key=len)


def main(facts_path, truth_path):
    with open(facts_path) as file:
        channels = json.load(file)["channels"]
    with open(truth_path) as file:
        truth = json.load(file)
    bad = 0
    for line in truth:
        for problem in check(channels, line):
            print("FAIL: %s: %s" % (line["used_as"], problem), file=sys.stderr)
            bad = 1
    for c in channels if bad else []:
        if "/sem." not in c["id"]:
            print("  %s %s: %s, %d messages, %d bytes, ends %s"
                  % (c["kind"], c["id"], c["used_as"], c["messages"], c["bytes"],
                     [(e["pid"], e["messages_sent"], e["messages_received"])
                      for e in c["ends"]]), file=sys.stderr)
    return bad


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
