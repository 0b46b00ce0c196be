# SPDX-License-Identifier: MIT
"""joblib: its threading and its loky backend."""
import joblib

import work
from compute import multiply, squares


def over(function, items):
    def job(variant, workers, scale):
        backend = {"threads": "threading", "processes": "loky"}[variant]
        part = items[:work.scaled(len(items), scale)]
        with joblib.Parallel(n_jobs=workers, backend=backend) as parallel:
            return sum(parallel(joblib.delayed(function)(item) for item in part))
    return job


if __name__ == "__main__":
    work.main({"joblib": over(squares, [200000] * 1000), "joblib-numpy": over(multiply, range(60))})
