# SPDX-License-Identifier: MIT
"""The jobs of the corpus, and in which variants each of them is run.

A variant is written "MODEL WORKERS", or "NAME=MODEL WORKERS" where one model is there
twice. MODEL is what the verdict may advise: single, threads, processes, hybrid, async.
"""
import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3"     # Debian's: its libraries are there


class Variant:
    def __init__(self, text):
        name, _, rest = text.rpartition("=")
        self.model, workers = rest.split()
        self.workers = int(workers)
        self.name = name or {"single": "serial"}.get(self.model, self.model)


class Job:
    """One row of the table.

    needs   (module or command, Debian package) that must be there
    server  runs a slow server beside it, outside of what is recorded
    quota   CPUs that its control group may use
    idle    nothing to decide: no confident verdict is the right one
    """
    def __init__(self, name, file, variants, needs=(), server=False, quota=None, idle=False):
        self.name, self.file = name, file
        self.variants = [Variant(text) for text in variants]
        self.needs, self.server, self.quota, self.idle = needs, server, quota, idle

    def command(self, variant, scale, bin_dir):
        """What runs one variant."""
        path = os.path.join(HERE, self.file)
        start = {".py": [PYTHON, path], ".rb": ["ruby", path]}.get(
            os.path.splitext(path)[1], [os.path.join(bin_dir, self.file)])
        return start + [self.name, variant.name, str(variant.workers), str(scale)]

    def missing(self):
        """Why it can't run here, or None."""
        for what, package in self.needs:
            if not shutil.which(what) and subprocess.run(
                    [PYTHON, "-c", "import " + what], stderr=subprocess.DEVNULL).returncode:
                return "needs %s (Debian package %s)" % (what, package)
        return None


POOL = ["single 1", "threads 2", "processes 2"]
PAIR = ["threads 2", "processes 2"]
NUMPY = [("numpy", "python3-numpy")]
JOBLIB = [("joblib", "python3-joblib")]
DASK = [("dask", "python3-dask")]
RUBY = [("ruby", "ruby")]

JOBS = [
    # Plain Python and C code that holds the interpreter's lock.
    Job("primes", "compute.py", POOL),
    Job("squares", "compute.py", ["threads 4", "processes 4"]),
    Job("json", "compute.py", PAIR),
    Job("regex", "compute.py", PAIR),
    # C code that lets go of it.
    Job("zlib", "compute.py", POOL),
    Job("sha256", "compute.py", PAIR),
    Job("numpy", "compute.py", PAIR, needs=NUMPY),
    # Waiting for a server.
    Job("urls", "fetch.py", ["threads 8", "processes 8", "async 8"], server=True),
    Job("fetch-and-crunch", "fetch.py", ["threads 8", "processes 8", "hybrid 8"], server=True),
    Job("sockets", "fetch.py", ["threads 1000", "async 1000"], server=True),
    Job("blocked-loop", "fetch.py", ["threads 20", "async 20", "hybrid 20"], server=True),
    # Handing work over.
    Job("queue-workers", "exchange.py", PAIR),
    Job("tiny-tasks", "exchange.py", PAIR),
    Job("chunks", "exchange.py", PAIR),
    Job("large-arguments", "exchange.py", PAIR),
    Job("large-results", "exchange.py", PAIR),
    Job("large-objects", "exchange.py", PAIR),
    Job("shared-memory", "exchange.py", PAIR + ["shipped=processes 2"]),
    Job("start-methods", "exchange.py", ["threads 2", "fork=processes 2", "spawn=processes 2",
                                         "forkserver=processes 2"]),
    # Pools of libraries.
    Job("joblib", "pool_joblib.py", PAIR, needs=JOBLIB),
    Job("joblib-numpy", "pool_joblib.py", PAIR, needs=JOBLIB + NUMPY),
    Job("dask", "pool_dask.py", PAIR, needs=DASK),
    Job("dask-numpy", "pool_dask.py", PAIR, needs=DASK + NUMPY),
    # Ruby, which has a global lock too.
    Job("ruby-primes", "gvl.rb", PAIR, needs=RUBY),
    Job("ruby-urls", "gvl.rb", ["threads 8", "processes 8"], needs=RUBY, server=True),
    # Nothing to decide.
    Job("idle-pool", "exchange.py", ["threads 8", "processes 8"], idle=True),
    Job("short", "compute.py", PAIR, idle=True),
    # One CPU's worth of quota: two processes are no faster than two threads.
    Job("quota", "compute.py", PAIR, quota=1),
    # Native code.
    Job("compute", "native", ["single 1", "threads 2", "processes 2"]),
    Job("imbalanced", "native", ["threads 2", "processes 2", "even=threads 2"]),
    Job("oversubscribed", "native", ["threads 8", "processes 8", "few=threads 2"]),
    Job("coarse-lock", "native", ["threads 2", "processes 2", "unlocked=threads 2"]),
    Job("mmap-churn", "native", PAIR),
    Job("malloc-churn", "native", PAIR),
    Job("faults", "native", PAIR),
]
