# SPDX-License-Identifier: Apache-2.0
"""A few native contenders at one point of the grid, to work on one of them: python Benchmarks/one_point.py M F N A."""

from __future__ import annotations

import argparse
import random

import numpy as np
import numpy.typing as npt
from native import NAMES, Native
from rich.console import Console
from rich.table import Table
from workload import BID, LABELS, Data, ModelSet


def reference(
    data: Data, request: int, candidates: int, ad_features: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return pCTR and pCVR of a request's candidates, computed in float64 straight from the weights."""
    campaigns = data.campaigns[request, :candidates]
    position = np.full(LABELS, -1, dtype=np.int64)
    shared = data.features[request]
    position[shared] = np.arange(len(shared))
    answers = []
    for target in (data.click, data.conversion):
        z = target.intercepts[campaigns].copy()
        for campaign in np.unique(campaigns).tolist():
            row = np.zeros(LABELS)
            span = slice(target.indptr[campaign], target.indptr[campaign + 1])
            row[target.indices[span]] = target.values[span]
            chosen = np.flatnonzero(campaigns == campaign)
            z[chosen] += row[shared].sum() + row[data.ad_features[request, chosen, :ad_features]].sum(axis=1)
        answers.append(1 / (1 + np.exp(-z)))
    return answers[0], answers[1]


def disagreement(native: Native, data: Data, request: int, candidates: int, ad_features: int) -> float:
    """Return the largest relative difference of a contender's answer from the float64 reference."""
    pctr, pcvr = reference(data, request, candidates, ad_features)
    answer = native.score(request)
    expected = (pctr, pcvr, BID * pctr * pcvr)
    return max(float(np.max(np.abs(got / want - 1))) for got, want in zip(answer, expected, strict=True))


def main() -> None:
    """Measure some contenders at one point of the grid, taking turns in random order, and print a table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    for name, text in (("campaigns", "M"), ("fields", "F"), ("candidates", "N"), ("ad_features", "A")):
        parser.add_argument(name, metavar=text, type=int)
    parser.add_argument("contenders", metavar="CONTENDER", nargs="*", default=NAMES[:3], help=", ".join(NAMES))
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=0.1, help="seconds of a contender's block in a round")
    options = parser.parse_args()
    model_set = ModelSet(options.campaigns, options.fields)
    data = model_set.load()
    natives = []
    for name in options.contenders:
        native = Native(name, model_set, data)
        native.prepare(options.candidates, options.ad_features)
        natives.append(native)
    blocks = {native.name: max(1, int(options.seconds * 1e9 / max(1, native.run(0, 3).min()))) for native in natives}
    times: dict[str, list[npt.NDArray[np.uint64]]] = {native.name: [] for native in natives}
    for turn in range(options.rounds):
        for native in random.sample(natives, len(natives)):
            times[native.name].append(native.run(turn * blocks[native.name], blocks[native.name]))
    table = Table("contender", "p50", "p99", "p99.9", "ratio", "ns each", "MB", "differs", title="Microseconds")
    first = 0.0
    for native in natives:
        samples = np.concatenate(times[native.name]) / 1e3
        p50, p99, p999 = np.quantile(samples, [0.5, 0.99, 0.999])
        first = first or p50
        differs = max(
            disagreement(native, data, request, options.candidates, options.ad_features) for request in (0, 31, 63)
        )
        table.add_row(
            native.name,
            *(f"{value:.2f}" for value in (p50, p99, p999, p50 / first, p50 * 1e3 / options.candidates / 2)),
            f"{native.bytes / 1e6:.0f}",
            f"{differs:.1e}",
        )
    table.columns[0].no_wrap = True
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
