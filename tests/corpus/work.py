# SPDX-License-Identifier: MIT
"""What the Python jobs of the corpus share: a pool, a clock, and one line about both.

A job is called as `FILE JOB VARIANT WORKERS SCALE`. All variants of one job do the same
work; SCALE is the part of it that is done (1: all). The last line printed tells how long
it took, from before the pool is made to the last result, and a sum of all results:
variants that did the same work have the same sum.
"""
import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

# One thread per worker: a library's own pool would be a second model inside the first.
for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ[library + "_NUM_THREADS"] = "1"


def pool(variant, workers, function, items, chunk=1):
    """What a pool of `workers` makes of all items, in their order."""
    if variant == "serial":
        return [function(item) for item in items]
    executor = {"threads": ThreadPoolExecutor, "processes": ProcessPoolExecutor}[variant]
    with executor(workers) as crew:
        return list(crew.map(function, items, chunksize=chunk))


def scaled(count, scale):
    return max(1, round(count * scale))


def main(jobs):
    """Run the one that the command line names: job(variant, workers, scale) -> sum."""
    job, variant, workers, scale = sys.argv[1:]
    start = time.monotonic()
    total = jobs[job](variant, int(workers), float(scale))
    seconds = time.monotonic() - start
    print(json.dumps({"job": job, "variant": variant, "seconds": round(seconds, 4),
                      "sum": total}))
