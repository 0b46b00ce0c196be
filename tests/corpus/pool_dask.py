# SPDX-License-Identifier: MIT
"""dask: its threaded and its process scheduler."""
import dask

import work
from compute import multiply, squares


def over(function, items):
    def job(variant, workers, scale):
        tasks = [dask.delayed(function)(item) for item in items[:work.scaled(len(items), scale)]]
        return sum(dask.compute(*tasks, scheduler=variant, num_workers=workers))
    return job


if __name__ == "__main__":
    work.main({"dask": over(squares, [200000] * 1000), "dask-numpy": over(multiply, range(60))})
