# SPDX-License-Identifier: Apache-2.0
"""Models are corrected by the sampling rate of the days that they were trained on."""

from __future__ import annotations

from datetime import date

import pyarrow.compute as pc
import pytest

from training.small_log import Log
from valuation_pipeline.errors import PipelineError
from valuation_pipeline.features import tabulate
from valuation_pipeline.sampling import SamplingOptions
from valuation_pipeline.training.days import features_since, last_day


def test_the_share_of_kept_negatives_is_that_of_the_same_days(log: Log) -> None:
    file, first = log.folder / "examples" / "examples.parquet", date(2026, 3, 23)
    table, share = features_since(file, first, "click", log.feature_set, SamplingOptions(one_in=20), tabulate)
    assert pc.min(table["date"]).as_py() == first
    negatives = sum(
        day >= first and not click
        for day, click in zip(log.table["date"].to_pylist(), log.table["click"].to_pylist(), strict=True)
    )
    kept = table.num_rows - pc.sum(table["click"]).as_py()
    assert share == kept / negatives
    # Each kept negative stands for 1 / share; together with the clicks these are all impressions.
    assert kept / share == pytest.approx(negatives)


def test_nothing_is_sampled_for_conversions(log: Log) -> None:
    file = log.folder / "examples" / "examples.parquet"
    sampling = SamplingOptions(one_in=20)
    table, share = features_since(file, date(2026, 3, 1), "conversion", log.feature_set, sampling, tabulate)
    assert (table.num_rows, share) == (log.table.num_rows, 1.0)


def test_the_last_day_is_taken_from_all_rows_and_a_missing_file_is_named(log: Log) -> None:
    assert last_day(log.folder / "examples" / "examples.parquet") == date(2026, 3, 24)
    with pytest.raises(PipelineError, match=r"absent.parquet: there is no such file"):
        last_day(log.folder / "absent.parquet")
