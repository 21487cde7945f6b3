# SPDX-License-Identifier: Apache-2.0
"""Recent clicks left out of conversion models or kept with an offset: which predicts the next day better.

Run it from ``pipeline/``, with the environment of the tests::

    PYTHONPATH=src OMP_NUM_THREADS=1 python benchmarks/delays.py WORK

The script generates logs with several seeds. It trains models of each kind as of the start of the last day, when not
every conversion of the week before has come, and predicts the clicks of the last day. The truth is known, so the loss
is its expectation under the truth, without the noise of the outcomes.
"""

from __future__ import annotations

import argparse
import itertools
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table
from scipy.special import expit

from valuation_pipeline.features import FeatureSet, tabulate
from valuation_pipeline.generated.log import generate
from valuation_pipeline.generated.options import GeneratorOptions
from valuation_pipeline.logs.extract import extract
from valuation_pipeline.logs.options import LogOptions
from valuation_pipeline.training.metrics import Numbers, entropy, losses
from valuation_pipeline.training.options import TrainingOptions
from valuation_pipeline.training.train import train

FIRST = date(2026, 3, 1)
DAYS = 28


def make(work: Path, seed: int, impressions: int) -> Path:
    """Generate a log, and extract its examples once every conversion has come."""
    folder = work / f"seed-{seed}"
    if not (folder / "examples").exists():
        options = GeneratorOptions(
            impressions=impressions,
            campaigns=40,
            days=DAYS,
            first_day=FIRST,
            click_rate=0.08,
            seed=seed,
            candidate_share=0,
        )
        generate(folder, options)
        last = FIRST + timedelta(days=DAYS - 1)
        after = datetime.combine(last, datetime.min.time()) + timedelta(days=9)
        extract(folder / "log", FIRST, last, LogOptions(), folder / "examples", as_of=after)
    return folder


def expected_entropy(truth: Numbers, log_odds: Numbers) -> float:
    """Expected log loss over the entropy of the mean probability."""
    ones = np.ones(len(truth))
    loss = truth * losses(ones, log_odds) + (1.0 - truth) * losses(0.0 * ones, log_odds)
    return float(loss.mean()) / entropy(float(truth.mean()))


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--impressions", type=int, default=250_000)
    told = parser.parse_args()
    table = Table(title="Expected normalized entropy of the next day's conversions (sum p / sum of true p)")
    for heading in ("seed", "days", "clicks", "truth", "young clicks left out", "kept with an offset"):
        table.add_column(heading, justify="right")
    differences: dict[int, list[float]] = {}
    for seed, days in itertools.product(range(1, told.seeds + 1), (27, 14)):
        folder = make(told.work, seed, told.impressions)
        feature_set = FeatureSet.read(folder / "features.toml")
        features = tabulate(folder / "examples" / "examples.parquet", feature_set)
        last = pc.max(features["date"]).as_py()
        unseen = features.filter((pc.field("date") == pa.scalar(last)) & pc.field("click"))
        recent = features.filter(pc.field("date") >= pa.scalar(last - timedelta(days=days)))
        truth = pq.read_table(folder / "truth.parquet", columns=["impression_id", "pcvr"])
        places = pc.index_in(unseen["impression_id"], value_set=truth["impression_id"].combine_chunks())
        true = truth["pcvr"].take(places).to_numpy()
        cells, entropies = [], []
        for delay in ("leave_out", "offset"):
            options = TrainingOptions.model_validate({"delay": delay})
            trained = train(recent, feature_set, options, "conversion", datetime.combine(last, datetime.min.time()))
            log_odds = trained.log_odds(unseen)
            entropies.append(expected_entropy(true, log_odds))
            cells.append(f"{entropies[-1]:.4f} ({expit(log_odds).sum() / true.sum():.3f})")
        known = np.log(true) - np.log1p(-true)
        differences.setdefault(days, []).append(entropies[1] - entropies[0])
        table.add_row(str(seed), str(days), str(len(true)), f"{expected_entropy(true, known):.4f}", *cells)
    console = Console(width=120)
    console.print(table)
    for days, found in differences.items():
        error = np.std(found, ddof=1) / np.sqrt(len(found)) if len(found) > 1 else float("nan")
        console.print(f"{days} days: offset - left out {np.mean(found):+.4f}, standard error {error:.4f}")


if __name__ == "__main__":
    main()
