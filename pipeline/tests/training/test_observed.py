# SPDX-License-Identifier: Apache-2.0
"""Observed rates count all conversions, not only those known so far."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from training.small_log import Log
from training.test_delay import AT, clicks
from valuation_pipeline.checks.constants import observed_rates
from valuation_pipeline.training.job import Job
from valuation_pipeline.training.options import TrainingOptions
from valuation_pipeline.training.samples import Known
from valuation_pipeline.training.train import train
from valuation_pipeline.training.workers import Threads

OPTIONS = TrainingOptions()


def rates(counts: list[int], days: int, seed: int) -> np.ndarray:
    """Observed rates of campaigns, then of all, if a third of the clicks convert within two days on average."""
    examples = clicks(counts, [2.0] * len(counts), seed, days)
    now = Known("conversion", 7.0, OPTIONS).sample(examples, AT)
    fields = np.empty(0, np.int64)
    job = Job(examples, "conversion", OPTIONS, 0, fields, now, None, Threads(1), lambda stage, done, total: None)
    return np.asarray(expit(job.observed(now)))


@pytest.mark.parametrize("days", [4, 7, 14, 30])
def test_a_rate_is_right_though_some_conversions_have_not_come(days: int) -> None:
    """Twenty logs of a thousand clicks; after four days less than half of the conversions have come."""
    found = np.array([rates([500, 500], days, seed)[-1] for seed in range(20)])
    error = found.std(ddof=1) / np.sqrt(len(found))
    assert error < 0.02
    assert abs(found.mean() - 1 / 3) < 3 * error


def test_a_rate_stays_a_probability_if_all_clicks_are_hours_old() -> None:
    found = rates([3, 40], 1, 5)
    assert ((found > 0) & (found < 1)).all()


def test_published_constants_are_the_rates_that_models_were_compared_with(log: Log) -> None:
    options = TrainingOptions(strategy="separate", minimum_expected_positives=1e9)
    trained = train(log.table, log.feature_set, options, "conversion", log.as_of)
    published = observed_rates("conversion", trained.campaigns)
    expected = expit(trained.models.stand_in)
    for row, rate in zip(trained.campaigns, expected, strict=True):
        assert published[row["campaign"]].probability == pytest.approx(rate)
        assert row["positives"] <= row["complete_rows"] <= row["rows"]
    assert sum(row["complete_rows"] for row in trained.campaigns) < trained.summary["rows"]
