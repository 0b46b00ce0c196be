#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compare what partrace says of event loops with what they measured themselves.

    loops.py FACTS.json count                how many threads are event loops
    loops.py FACTS.json get KEY...           a value of the one with the most turns
    loops.py FACTS.json fit                  what may fit a program whose loop is held up
    loops.py FACTS.json truth TRUTH.json [CALL=SYSCALL...]
        of the one with the most turns; the truth's CALL is that system call
"""
import json
import sys

from facts import load


def busiest(facts):
    loops = [t["loop"] for t in facts["threads"] if t["loop"]]
    assert loops, "FAIL: no thread is an event loop"
    return max(loops, key=lambda l: l["turns"] or 0)


def check(what, got, expected, percent, slack=0):
    off = abs(got - expected)
    print("%s: %s, by itself %s" % (what, got, expected))
    assert off <= max(expected * percent / 100.0, slack), (
        "FAIL: %s is %s, the program measured %s" % (what, got, expected))


def check_between(what, got, bounds, percent, slack):
    """The program measured at least bounds[0] and at most bounds[1]."""
    check(what, got, min(max(got, bounds[0]), bounds[1]), percent, slack)


def check_truth(loop, truth, calls):
    ms = 1e6
    if truth["lag_p95_ns"][1] < 0.9 * ms:
        assert loop["lag_p95_ns"] < 1.5 * ms, "FAIL: lag %d, by itself < 1 ms" % loop["lag_p95_ns"]
    else:
        check_between("lag p95", loop["lag_p95_ns"], truth["lag_p95_ns"], 4, 1 * ms)
    longest = [max(t, ms) for t in truth["turn_max_ns"]]
    check_between("longest turn", loop["turn_max_ns"] or ms, longest, 5, 1 * ms)
    if "turns" in truth:
        check("turns", loop["turns"], truth["turns"], 1, 3)
    told = {}
    for b in loop["blocked_in"]:
        told[b["call"]] = told.get(b["call"], 0) + b["wait_ns"]
    for name, call in truth.get("calls", {}).items():
        if name == "cpu":
            # In line for a CPU is not on it: so both have to be known.
            # Turns that were not held up may be long, too, on a busy machine.
            spent = loop["long"]["cpu_ns"] + loop["long"]["queue_ns"]
            most = max(call["wait_ns"], truth["long_ns"])
            check_between("CPU stretches", spent, (call["wait_ns"], most), 6, 0)
            continue
        # What a call takes on the CPU, and in line for it, is no blocking.
        spent = told.get(calls.get(name, name), 0)
        check(calls.get(name, name), spent, call["wait_ns"], 6, call["waits"] * 0.3 * ms)
    parts = sum(loop["long"][k] for k in ("cpu_ns", "queue_ns", "blocked_ns"))
    assert parts == loop["long"]["ns"], "FAIL: long turns don't add up: %s" % loop["long"]
    assert sum(told.values()) <= loop["blocked_ns"], "FAIL: more in calls than in all"


facts, aspect = load(sys.argv[1]), sys.argv[2]
try:
    if aspect == "truth":
        with open(sys.argv[3]) as file:
            check_truth(busiest(facts), json.load(file), dict(a.split("=") for a in sys.argv[4:]))
    elif aspect == "fit":
        # On a busy machine a loop may be held up less than it waits for a CPU.
        loop = busiest(facts)
        own = loop["long"]["cpu_ns"] + loop["long"]["blocked_ns"]
        held_up = own >= 0.5 * loop["long"]["ns"] and own >= 0.2 * loop["loop_ns"]
        # One that wants a CPU half of the time, be it in line for it: then others count, too.
        t = next(t["time_ns"] for t in facts["threads"] if t["loop"] is loop)
        wants_cpu = sum(t[b] for b in ("cpu_user", "cpu_kernel", "run_queue", "throttled"))
        if wants_cpu >= 0.45 * loop["loop_ns"]:
            print("hybrid async processes threads")
        else:
            print("hybrid" if held_up else "async")
    elif aspect == "count":
        print(sum(1 for t in facts["threads"] if t["loop"]))
    else:
        value = busiest(facts)
        for key in sys.argv[3:]:
            value = value[key]
        print(json.dumps(value))
except AssertionError as error:
    sys.exit(str(error))
