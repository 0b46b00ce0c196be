# SPDX-License-Identifier: MIT
"""A function mapped over a pool: does it hold the interpreter's lock meanwhile?"""
import hashlib
import json
import re
import zlib

import work

TEXT = "".join("user%d@example%d.org, %d; " % (i, i % 7, i * i) for i in range(2000))
RECORD = json.dumps([{"id": i, "name": "n%d" % i, "tags": [i, i + 1]} for i in range(400)])
BLOB = TEXT.encode() * 40


def primes(start):
    """How many of 2,000 numbers are prime, by division: plain Python, lock held."""
    return sum(all(n % d for d in range(2, int(n ** 0.5) + 1)) for n in range(start, start + 2000))


def squares(n):
    return sum(i * i for i in range(n))


def parse(_):
    """json's C code works on Python's objects: lock held."""
    return sum(len(json.dumps(json.loads(RECORD))) for _ in range(60))


def search(_):
    return sum(len(re.findall(r"(\w+)@(\w+)\.org, (\d+)", TEXT)) for _ in range(60))


def compress(_):
    """zlib lets go of the lock."""
    return len(zlib.compress(BLOB, 6))


def digest(_):
    """So does hashlib, for what is larger than 2 kB."""
    return sum(hashlib.sha256(BLOB).digest()[0] for _ in range(10))


def multiply(seed):
    """So do numpy's products."""
    import numpy
    matrix = numpy.random.default_rng(seed).integers(0, 3, (600, 600)).astype(float)
    return int((matrix @ matrix @ matrix).sum())


def over(function, items, chunk=1):
    """The job that maps the function over these items."""
    def job(variant, workers, scale):
        part = items[:work.scaled(len(items), scale)]
        return sum(work.pool(variant, workers, function, part, chunk))
    return job


if __name__ == "__main__":
    work.main({
        "primes": over(primes, range(100000, 100000 + 2000 * 950, 2000)),
        "short": over(primes, [100000, 102000]),
        "quota": over(primes, range(100000, 100000 + 2000 * 650, 2000)),
        "squares": over(squares, [200000 + i for i in range(1000)]),
        "json": over(parse, range(330)),
        "regex": over(search, range(280)),
        "zlib": over(compress, range(150)),
        "sha256": over(digest, range(480)),
        "numpy": over(multiply, range(48)),
    })
