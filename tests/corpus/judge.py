# SPDX-License-Identifier: MIT
"""What the verdict on one recording is worth: compared with what the other variants took.

Fit. The truth are the variants' real times, the fastest of each model. Models within 15 %
of the fastest are as good as it. A fit that is what the verdict takes for the present model
leaves things as they are, so it is the present model. The fit that was said is right

* if it is the fastest model;
* if it is as good as the fastest, and the present model is not;
* where the present model is as good as the fastest: also if it is the present model;
  `either`; or `threads`, if these are as good and the run mostly waits;
* `either`, where the present model is not: only if both threads and processes are as good.

Of a job that has nothing to decide (idle), a verdict is right that is not confident, or
that leaves things as they are.

Predictions. Each pair of a recorded variant and another, real one is a change that could
have been predicted: to threads, processes or a single worker, of the number of workers, or
`without-lock`. (Pairs that differ in none of these, as fork and spawn, are not asked for; nor
is a program written anew, as an event loop or as a hybrid.) The real change is the time
of the first over that of the second, each the median of its runs. A prediction for it is
that of the same change and number of workers (of a single worker: also `workers`, 1).
"""
import statistics

NEAR = 1.15             # as good as the fastest
HIGH_CONFIDENCE = 0.75  # what the report calls high

# What is required of all of them together.
REQUIRED = [
    ("fit_right", ">=", 0.95, "verdicts whose fit is right"),
    ("inside", ">=", 0.90, "real changes inside the predicted range"),
    ("error_median", "<=", 0.10, "error of the predictions, median"),
    ("error_p90", "<=", 0.30, "error of the predictions, 90th percentile"),
    ("coverage", ">=", 2 / 3, "changes that were predicted"),
]


# Variants in which the code is another one, whatever the model: no lock, even shares.
MENDED = ("unlocked", "even")


def model_times(variants, times, present):
    """The shortest time of each model, with the code of the present variant."""
    best = {}
    for v in variants:
        if v.name in times and (v.name in MENDED) == (present.name in MENDED):
            best[v.model] = min(best.get(v.model, times[v.name]), times[v.name])
    return best


def mostly_waits(facts):
    """Less than half a CPU was in use, on average."""
    return facts["concurrency"]["on_cpu_avg"] < 0.5


def fit_is_right(job, present, facts, times):
    verdict = facts["verdict"]
    fit = present.model if verdict["fit"] == verdict["current"] else verdict["fit"]
    best = model_times(job.variants, times, present)
    good = {m for m in best if best[m] <= NEAR * min(best.values())}
    if job.idle:
        return (verdict["confidence"] < HIGH_CONFIDENCE or
                fit in ("either", "inconclusive", present.model))
    if present.model not in good:
        return fit in good or fit == "either" and {"threads", "processes"} <= good
    return (fit in ("either", present.model) or best.get(fit) == min(best.values()) or
            fit == "threads" and fit in good and mostly_waits(facts))


def asked_change(a, b):
    """What the step from variant a to variant b is called, with how many workers, or None."""
    if b.name == "unlocked":
        return None if a.model != b.model or a.workers != b.workers else ("without-lock", b.workers)
    if (a.name in MENDED) != (b.name in MENDED):
        return None         # asked of nobody: to put a lock in, to cut the work anew
    if b.model in ("async", "hybrid"):
        return None
    if a.model != b.model:
        return b.model, b.workers
    return ("workers", b.workers) if a.workers != b.workers else None


def find_prediction(verdict, change):
    """(prediction, None), or (None, why there is none)."""
    name, workers = change
    for p in verdict["predictions"]:
        if p["change"] == name and p["workers"] == workers:
            return p, None
        if name == "single" and p["change"] == "workers" and p["workers"] == 1:
            return p, None
    others = [p["workers"] for p in verdict["predictions"] if p["change"] == name]
    if others:
        return None, "predicted for %s workers only" % ", ".join(map(str, others))
    for n in verdict["not_predicted"]:
        if n["change"] == name:
            return None, n["why"]
    return None, "nothing said"


def judge(job, a, facts, times):
    """One row: the verdict on the recording of variant a."""
    verdict = facts["verdict"]
    row = {"job": job.name, "variant": a.name, "workers": a.workers, "seconds": times[a.name],
           "class": verdict["class"], "current": verdict["current"], "fit": verdict["fit"],
           "confidence": verdict["confidence"], "on_cpu": facts["concurrency"]["on_cpu_avg"],
           "times": {v.name: times[v.name] for v in job.variants if v.name in times},
           "right": fit_is_right(job, a, facts, times), "changes": []}
    for b in job.variants:
        change = asked_change(a, b) if b is not a and b.name in times and not job.idle else None
        if not change:
            continue
        real = times[a.name] / times[b.name]
        prediction, why = find_prediction(verdict, change)
        entry = {"to": b.name, "change": change[0], "workers": change[1], "real": real, "why": why}
        if prediction:
            entry.update({k: prediction[k] for k in ("low", "speedup", "high")},
                         inside=prediction["low"] <= real <= prediction["high"],
                         error=abs(prediction["speedup"] - real) / real)
        row["changes"].append(entry)
    return row


def quantile(values, share):
    """The smallest value that this share of them does not exceed."""
    values = sorted(values)
    return values[max(0, -int(-share * len(values) // 1) - 1)]


def totals(rows):
    changes = [c for row in rows for c in row["changes"]]
    predicted = [c for c in changes if not c["why"]]
    errors = [c["error"] for c in predicted]
    return {
        "verdicts": len(rows),
        "fit_right": sum(r["right"] for r in rows) / len(rows) if rows else None,
        "changes": len(changes),
        "predicted": len(predicted),
        "coverage": len(predicted) / len(changes) if changes else None,
        "inside": sum(c["inside"] for c in predicted) / len(predicted) if predicted else None,
        "error_median": statistics.median(errors) if errors else None,
        "error_p90": quantile(errors, 0.9) if errors else None,
    }


def missed(total):
    """Lines about what is required and not so."""
    for key, sign, limit, text in REQUIRED:
        value = total[key]
        if value is None or (value < limit if sign == ">=" else value > limit):
            yield "%s: %s, required %s %.0f %%" % (
                text, "none" if value is None else "%.1f %%" % (100 * value), sign, 100 * limit)
