# SPDX-License-Identifier: MIT
"""Is a verdict judged as judge.py says? On times and facts made up for each case."""
import judge
from jobs import Job

PREDICTED = {"change": "processes", "workers": 2, "low": 1.5, "speedup": 1.8, "high": 2.0}


def row(fit, times, recorded="threads", on_cpu=1.0, confidence=0.9, idle=False, predictions=(),
        current=None):
    job = Job("made-up", "compute.py", ["%s %d" % (name, 1 if name == "single" else 2)
                                        for name in times], idle=idle)
    times = {v.name: times[v.model] for v in job.variants}
    variant = next(v for v in job.variants if v.model == recorded)
    facts = {"concurrency": {"on_cpu_avg": on_cpu},
             "verdict": {"class": "", "current": current or recorded, "fit": fit, "confidence": confidence,
                         "predictions": list(predictions), "not_predicted": []}}
    return judge.judge(job, variant, facts, times)


FASTER = {"threads": 6.0, "processes": 3.0}
EQUAL = {"threads": 3.3, "processes": 3.0}

# The fastest is right, the slower one is not, nor is not to care.
assert row("processes", FASTER)["right"]
assert not row("threads", FASTER)["right"]
assert not row("either", FASTER)["right"]
assert not row("inconclusive", FASTER)["right"]

# Within 15 %: what there is, either, the fastest; threads only if it waits.
assert row("threads", EQUAL)["right"]
assert row("either", EQUAL)["right"]
assert row("processes", EQUAL)["right"]
assert not row("threads", EQUAL, recorded="processes")["right"]
assert row("threads", EQUAL, recorded="processes", on_cpu=0.1)["right"]
assert not row("inconclusive", EQUAL)["right"]

# A change to what is nearly the fastest pays as well, unless it need not be.
three = {"threads": 6.0, "processes": 3.2, "hybrid": 3.0}
assert row("processes", three)["right"]
assert not row("processes", dict(three, threads=3.3))["right"]
assert not row("either", {"single": 6.0, "threads": 5.0, "processes": 3.0}, recorded="single")["right"]
assert row("either", {"single": 6.0, "threads": 3.0, "processes": 3.0}, recorded="single")["right"]

# Whatever the verdict takes it for: it is left as it is.
mended = {"async": 9.0, "hybrid": 3.0}
assert row("async", mended, recorded="hybrid", current="async")["right"]
assert not row("async", mended, recorded="hybrid")["right"]
assert not row("async", mended, recorded="async")["right"]

# Nothing to decide: no confident advice to change.
assert not row("processes", FASTER, idle=True)["right"]
assert row("processes", FASTER, idle=True, confidence=0.4)["right"]
assert row("either", FASTER, idle=True)["right"]

# Predictions: of the same change and number of workers.
change, = row("processes", FASTER, predictions=[PREDICTED])["changes"]
assert change["inside"] and abs(change["error"] - 0.1) < 1e-9 and abs(change["real"] - 2) < 1e-9
change, = row("processes", EQUAL, predictions=[PREDICTED])["changes"]
assert not change["inside"]
change, = row("processes", FASTER, predictions=[dict(PREDICTED, workers=4)])["changes"]
assert "4 workers only" in change["why"]
assert not row("async", {"threads": 6.0, "async": 3.0, "hybrid": 3.0})["changes"]
change, = row("processes", FASTER, recorded="processes", predictions=[PREDICTED])["changes"]
assert change["change"] == "threads" and change["why"]

# Half of the verdicts are right, half of the changes predicted: both is too little.
total = judge.totals([row("processes", FASTER, predictions=[PREDICTED]), row("threads", FASTER)])
assert (total["fit_right"], total["coverage"], total["inside"]) == (0.5, 0.5, 1)
assert len(list(judge.missed(total))) == 2
assert judge.quantile(range(1, 11), 0.9) == 9 and judge.quantile([7], 0.9) == 7
