# SPDX-License-Identifier: MIT
"""The corpus' results as text and as the table of docs/verdicts.md."""
import os
import re
import time

import judge

BEGIN, END = "<!-- corpus: begin -->", "<!-- corpus: end -->"


def times_text(row):
    return ", ".join("%s %.1f" % item for item in row["times"].items())


def change_text(change):
    """'processes 2: 1.98 in 1.79-2.00 (1.90)': the real change and what was predicted."""
    text = "%s: %.2fx" % (change["to"], change["real"])
    if change["why"]:
        return text + ", not predicted"
    return text + (" in " if change["inside"] else " NOT in ") + "%.2f-%.2f, said %.2f (%+.0f %%)" % (
        change["low"], change["high"], change["speedup"],
        100 * (change["speedup"] / change["real"] - 1))


def print_rows(rows, heading):
    if heading:
        print("%-17s%-11s%-18s%-11s%-13s%5s  %-6s%s"
              % ("job", "recorded", "class", "current", "fit", "conf", "right", "real s of each variant"))
    for row in rows:
        print("%-17s%-11s%-18s%-11s%-13s%5.2f  %-6s%s"
              % (row["job"], row["variant"], row["class"], row["current"], row["fit"],
                 row["confidence"], "yes" if row["right"] else "NO", times_text(row)))
        for change in row["changes"]:
            print("%17s-> %s" % ("", change_text(change)))
            if change["why"]:
                print("%22s%s" % ("", change["why"]))


def percent(value):
    return "-" if value is None else "%.1f %%" % (100 * value)


def print_totals(total, skipped):
    for job, why in skipped:
        print("skipped: %s: %s" % (job, why))
    print("fit right          %s of %d verdicts" % (percent(total["fit_right"]), total["verdicts"]))
    print("predicted          %s of %d changes" % (percent(total["coverage"]), total["changes"]))
    print("inside the range   %s of %d predictions" % (percent(total["inside"]), total["predicted"]))
    print("error              %s median, %s at the 90th percentile"
          % (percent(total["error_median"]), percent(total["error_p90"])))
    for line in judge.missed(total):
        print("MISSED: " + line)


def read_reasons(path):
    """'job variant: reason' a line; what is wrong there, and why."""
    reasons = {}
    with open(path) as lines:
        for line in lines:
            head, colon, text = line.partition(": ")
            if colon and not line.startswith("#"):
                reasons[tuple(head.split())] = text.strip()
    return reasons


def markdown(rows, total, skipped, reasons):
    cell = {True: "yes", False: "**no**"}
    uname = os.uname()
    yield "%s, Linux %s, %s, %d CPUs. Times are seconds, medians of the runs; changes are factors:" % (
        time.strftime("%Y-%m-%d", time.gmtime()), uname.release, uname.machine,
        len(os.sched_getaffinity(0)))
    yield "what it really brought, and in brackets what was predicted from the recording."
    yield ""
    yield "| job | recorded | real s | verdict: class, fit, confidence | right | change: real (predicted) |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        changes = []
        for c in row["changes"]:
            said = "not predicted" if c["why"] else "%s%.2f, %.2f-%.2f" % (
                "" if c["inside"] else "**outside** ", c["speedup"], c["low"], c["high"])
            changes.append("%s %.2f (%s)" % (c["to"], c["real"], said))
        yield "| %s | %s, %d | %.2f | %s, %s, %.2f | %s | %s |" % (
            row["job"], row["variant"], row["workers"], row["seconds"], row["class"], row["fit"],
            row["confidence"], cell[row["right"]], "; ".join(changes) or "-")
    yield ""
    yield "| of all | is | required |"
    yield "|---|---|---|"
    for key, sign, limit, text in judge.REQUIRED:
        yield "| %s | %s | %s %.0f %% |" % (text, percent(total[key]), sign, 100 * limit)
    wrong = [r for r in rows
             if not r["right"] or any(not c["why"] and not c["inside"] for c in r["changes"])]
    if wrong:
        yield ""
        yield "Where it is wrong:"
        yield ""
    for row in wrong:
        yield "* %s, %s: %s" % (row["job"], row["variant"],
                                reasons.get((row["job"], row["variant"]), "not looked into yet"))
    for job, why in skipped:
        yield ""
        yield "Skipped: %s: %s." % (job, why)


def write_docs(path, lines):
    """Replace what is between the markers."""
    with open(path) as file:
        text = file.read()
    new, count = re.subn(re.escape(BEGIN) + ".*" + re.escape(END),
                         lambda _: BEGIN + "\n" + "\n".join(lines) + "\n" + END, text, flags=re.S)
    if count != 1:
        raise SystemExit("corpus: %s: has no place for the table: %s … %s" % (path, BEGIN, END))
    with open(path, "w") as file:
        file.write(new)
