# SPDX-License-Identifier: Apache-2.0
"""Time loading with several builds of the library in turns, and print the medians.

    loading.py [--quick] [--turns N] LIBVALUATION.so...

Each load runs in a process of its own. The ratio is the first library's processor time divided by each one's.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from native import measure_load
from plan import FULL, QUICK


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("libraries", nargs="+", type=Path, metavar="LIBVALUATION.so")
    parser.add_argument("--turns", type=int, default=5, metavar="N")
    parser.add_argument("--quick", action="store_true", help="a tenth of the models")
    options = parser.parse_args()
    model_set = (QUICK if options.quick else FULL).load
    libraries = [path.resolve() for path in options.libraries]
    runs: dict[Path, list[dict[str, float]]] = {path: [] for path in libraries}
    for _ in range(options.turns):
        for path in libraries:
            runs[path].append(measure_load(model_set, path))
    first = statistics.median(run["cpu_seconds"] for run in runs[libraries[0]])
    for path in libraries:
        wall, cpu, peak = (
            statistics.median(run[name] for run in runs[path]) for name in ("seconds", "cpu_seconds", "peak_bytes")
        )
        print(f"{path}: {wall:.2f} s, {cpu:.2f} s of processor ({first / cpu:.2f} times), {peak / 1e6:.0f} MB at most")


if __name__ == "__main__":
    main()
