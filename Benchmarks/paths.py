# SPDX-License-Identifier: Apache-2.0
"""Check that requests take the cheapest path: compare the library's choice with every path forced upon it.

    paths.py [--set NAME] [--campaigns M] [--candidates N] [--ad-features A] [--most RATIO]

A path says for each kind of row of the request's terms whether it is added to the sums of all models or looked up for
each candidate, and whether the probabilities of all models are computed. A forced path is the library with other prices
in its memory; so all of them use one index, and values stay the same. They run in turns; a time is the sum over the
requests of each one's best turn. Prints a table, and exits with 1 if the choice takes more than RATIO times the best.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from native import NAMES, Native, library, sets
from price_table import LOOKUPS, MEMBERS, PriceTable
from workload import REQUESTS, ROOT, ModelSet

CAMPAIGNS = (100, 1_000, 10_000, 100_000)
CANDIDATES = (1, 10, 100, 1_000, 10_000)
AD_FEATURES = (0, 4)
FIELDS = 30
UNSTRIPPED = ROOT / ".build-library" / "release"
# The choice may take this many times as long as the best path; beyond half of the excess, more turns are taken.
MOST = 1.10
# Seconds of the choice at a point, in the fewest and the most turns.
SECONDS, LEAST_TURNS, MOST_TURNS = 0.15, 6, 60
# A path that takes so many times as long as the best in the first turns is not run again.
HOPELESS = 2.0
# Dear enough to forbid anything, in picoseconds.
FORBIDDEN = 1_000_000_000


class ScoringPath(NamedTuple):
    """Which rows are added to the sums of all models (kernels.h); the others are looked up for each candidate."""

    dense: bool = False
    short: bool = False
    long: bool = False
    # Whether the probabilities of all models are computed if nothing is looked up and ads have no features.
    all_models: bool = False
    numbers: bool = False

    @property
    def name(self) -> str:
        """Return its name in the table."""
        summed = [name for name in ("dense", "short", "long") if getattr(self, name)]
        text = "sum " + ", ".join(summed) if summed else "look up"
        return text + (", all models" if self.all_models else "")

    @property
    def prices(self) -> dict[str, int]:
        """Return the prices with which the library takes it."""
        # What is free to add and costs something to look up is added; what is free in both ways is looked up.
        lookups = dict(zip(LOOKUPS, (self.dense, self.short, self.long, self.numbers), strict=True))
        models = {"model_probability": 0 if self.all_models else FORBIDDEN}
        return dict.fromkeys(MEMBERS, 0) | lookups | models


PATHS = [
    ScoringPath(dense, short, long) for dense in (False, True) for short in (False, True) for long in (False, True)
]
PATHS.append(ScoringPath(True, True, True, True))


def measure(
    native: Native, table: PriceTable, paths: Iterable[ScoringPath | None], turns: int, count: int
) -> dict[ScoringPath | None, npt.NDArray[np.float64]]:
    """Score ``count`` prepared requests on each path in turns; None is the library's choice.

    Returns
    -------
    dict
        By path the nanoseconds of each request in its best turn.
    """
    best = {path: np.full(count, np.inf) for path in paths}
    for _ in range(turns):
        for path, times in random.sample(list(best.items()), len(best)):
            table.set(path.prices if path else {})
            np.minimum(times, native.run(0, count), out=times)
    table.set({})
    return best


class Point(NamedTuple):
    """The times at one point of the grid, in microseconds a request."""

    campaigns: int
    candidates: int
    ad_features: int
    chosen: float
    path: ScoringPath
    ratio: float


def check(native: Native, table: PriceTable, campaigns: int, candidates: int, ad_features: int) -> Point:
    """Compare the choice with every path."""
    native.prepare(candidates, ad_features)
    table.set({})
    block = native.run(0, REQUESTS).sum() / 1e9
    count = int(np.clip(REQUESTS * SECONDS / LEAST_TURNS / block, 8, REQUESTS))
    turns = int(np.clip(SECONDS / (block * count / REQUESTS), LEAST_TURNS, MOST_TURNS))
    times = measure(native, table, [None, *PATHS], 2, count)
    for again in (turns, 2 * turns, 4 * turns):
        least = min(found.sum() for found in times.values())
        hopeful = [path for path, found in times.items() if path is None or found.sum() < HOPELESS * least]
        for path, found in measure(native, table, hopeful, again, count).items():
            np.minimum(times[path], found, out=times[path])
        sums = {path: found.sum() for path, found in times.items()}
        best = min(PATHS, key=sums.__getitem__)
        ratio = sums[None] / sums[best]
        if ratio < (1 + MOST) / 2:
            break
    return Point(campaigns, candidates, ad_features, sums[None] / count / 1e3, best, ratio)


def main() -> int:
    """Measure and print; return 1 if any choice is too slow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=sets(), default=sets()[0], help="an instruction set of this machine")
    for name, values in (("campaigns", CAMPAIGNS), ("candidates", CANDIDATES), ("ad-features", AD_FEATURES)):
        parser.add_argument(f"--{name}", type=int, nargs="+", default=values)
    parser.add_argument("--most", type=float, default=MOST, metavar="RATIO")
    options = parser.parse_args()
    os.environ.setdefault("VALUATION_LIBRARY_DIRECTORY", str(UNSTRIPPED))
    points = []
    print("campaigns  candidates  ad features        µs  choice / best  best path")
    for campaigns in options.campaigns:
        model_set = ModelSet(campaigns, FIELDS)
        with Native(f"{NAMES[0]}, {options.set}", model_set, model_set.load()) as native:
            table = PriceTable(library(), options.set)
            for candidates in options.candidates:
                for ad_features in options.ad_features:
                    point = check(native, table, campaigns, candidates, ad_features)
                    points.append(point)
                    place = f"{campaigns:9,}  {candidates:10,}  {ad_features:11}"
                    print(f"{place}  {point.chosen:8.3g}  {point.ratio:13.2f}  {point.path.name}", flush=True)
    ratios = [point.ratio for point in points]
    print(f"\n{summary(points)}\n\nmedian {statistics.median(ratios):.2f}, worst {max(ratios):.2f}")
    return int(max(ratios) > options.most)


def summary(points: list[Point]) -> str:
    """Return the ratios as a table in Markdown: a row for each number of campaigns, a cell for each of candidates."""
    cells: dict[int, dict[int, list[str]]] = {}
    for point in points:
        cells.setdefault(point.campaigns, {}).setdefault(point.candidates, []).append(f"{point.ratio:.2f}")
    candidates = [f"{number:,}" for number in next(iter(cells.values()))]
    lines = [f"| campaigns | {' | '.join(candidates)} candidates |", f"|---|{'---|' * len(candidates)}"]
    for campaigns, row in cells.items():
        lines.append(f"| {campaigns:,} | {' | '.join(' / '.join(ratios) for ratios in row.values())} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
