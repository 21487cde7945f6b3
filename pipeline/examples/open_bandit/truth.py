# SPDX-License-Identifier: Apache-2.0
"""Values a day of the generated log that the training did not see, and compares it with the truth."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import valuation
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from valuation_pipeline.features import FeatureSet, of_rows, tabulate
from valuation_pipeline.logs.extract import extract
from valuation_pipeline.logs.options import LogOptions


def show_truth(folder: Path, day: str, known_until: str, console: Console) -> None:
    """Print the day's log losses as shares of a constant's: of the models as the engine scores them, and of the truth.

    Parameters
    ----------
    folder : Path
        The output of ``logs generate``, with ``models`` in it.
    day : str
        A day of the log, "2026-03-09".
    known_until : str
        The day before which its conversions came in.
    console : Console
        The output folder.
    """
    rows = values_of(folder, day, known_until)
    table = Table(
        "target", "rows", "positives", "sum of predicted", "NE of the models", "NE of the truth", "of a constant"
    )
    for target, outcome, predicted, true in (
        ("click", rows["click"], rows["pctr"], rows["true_pctr"]),
        ("conversion", *(rows[name][rows["click"]] for name in ("conversion", "pcvr", "true_pcvr"))),
    ):
        rate = np.full(len(outcome), outcome.mean())
        entropy = loss(outcome, rate)
        table.add_row(
            target,
            f"{len(outcome):,}",
            f"{outcome.sum():,}",
            f"{predicted.sum():,.0f}",
            f"{loss(outcome, predicted) / entropy:.3f}",
            f"{loss(outcome, true) / entropy:.3f}",
            "1",
        )
    console.print(table)
    console.print("GENERATED data. NE, normalized entropy: the log loss divided by that of the day's own rate.")


def values_of(folder: Path, day: str, known_until: str) -> dict[str, NDArray[np.float64]]:
    """Value the impressions of a day as if each paid for a conversion, and join the truth."""
    examples = folder / "next"
    of, known = date.fromisoformat(day), datetime.fromisoformat(known_until)
    extract(folder / "log", of, of, LogOptions(attribution_days=2), examples, known)
    feature_set = FeatureSet.read(folder / "features.toml")
    table = tabulate(examples / "examples.parquet", feature_set)
    with valuation.Engine() as engine:
        engine.load(folder / "models")
        request, ads = of_rows(engine, table, feature_set)
        keys = engine.campaign_keys(table["campaign"])
        candidates = valuation.Candidates(keys, valuation.Pricing.CPA, np.ones(table.num_rows), ads)
        values = engine.score_batch(valuation.Batch(request, candidates))
    truth = pq.read_table(folder / "truth.parquet", columns=["impression_id", "pctr", "pcvr"])
    joined = table.select(["impression_id"]).append_column("place", pa.array(range(table.num_rows)))
    joined = joined.join(truth, "impression_id", join_type="left outer").sort_by("place")
    return {
        "click": table["click"].to_numpy(),
        "conversion": table["conversion"].to_numpy(),
        "pctr": values["pctr"].astype(float),
        "pcvr": values["pcvr"].astype(float),
        "true_pctr": joined["pctr"].to_numpy(),
        "true_pcvr": joined["pcvr"].to_numpy(),
    }


def loss(outcome: NDArray[np.float64], probability: NDArray[np.float64]) -> float:
    """The mean log loss, in nats."""
    return float(-np.where(outcome, np.log(probability), np.log1p(-probability)).mean())
