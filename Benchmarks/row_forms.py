# SPDX-License-Identifier: Apache-2.0
"""How full the rows are that requests look up: what packing their gaps away could save."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table
from workload import LABELS, ModelSet, Weights

FIELDS = 30
CAMPAIGNS = (100, 1_000, 10_000, 100_000)
# A row is dense where at least a quarter of the models have a weight (Sources/Valuation/Index/RowPlaces.swift).
DENSE = 0.25


def fill(weights: Weights, labels: npt.NDArray[np.int32], campaigns: int) -> npt.NDArray[np.float64]:
    """Return for each label the share of a target's models that have a weight."""
    counts = np.bincount(weights.indices, minlength=LABELS)
    return counts[labels.ravel()] / campaigns


def main() -> None:
    """Print the shares of lookups by the form of the row, and the bytes that packed rows would have."""
    table = Table(title="Lookups of the request's features")
    for name in ("campaigns", "target", "dense", "of these full", "packed / dense bytes", "lists", "of these hits"):
        table.add_column(name, justify="right")
    for campaigns in CAMPAIGNS:
        data = ModelSet(campaigns, FIELDS).load()
        for target, weights in (("click", data.click), ("conversion", data.conversion)):
            full = fill(weights, data.features, campaigns)
            dense, lists = full[full >= DENSE], full[full < DENSE]
            # Packed: the weights that exist, and 8 bytes of bits and rank for 32 models, instead of 4 for each model.
            packed = (dense * 4 + 8 / 32).mean() / 4 if dense.size else 1.0
            table.add_row(
                f"{campaigns:,}",
                target,
                f"{dense.size / full.size:.0%}",
                f"{dense.mean():.0%}" if dense.size else "",
                f"{packed:.2f}",
                f"{lists.size / full.size:.0%}",
                f"{lists.mean():.1%}" if lists.size else "",
            )
    Console().print(table)


if __name__ == "__main__":
    main()
