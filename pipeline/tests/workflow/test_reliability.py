# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from valuation_pipeline.workflow.reliability import reliability_bins

ROWS = 200_000


def drawn(share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes drawn from their probabilities, with a share of the negatives."""
    random = np.random.default_rng(seed)
    probabilities = random.beta(1, 20, ROWS)
    outcomes = random.random(ROWS) < probabilities
    kept = outcomes | (random.random(ROWS) < share)
    return probabilities[kept], outcomes[kept]


@pytest.mark.parametrize("share", [1.0, 0.1])
def test_the_interval_of_a_calibrated_model_contains_its_prediction_nineteen_times_in_twenty(share: float) -> None:
    bins = [one for seed in range(20) for one in reliability_bins(*drawn(share, seed), share)]
    outside = sum(not one["low"] <= one["predicted"] <= one["high"] for one in bins)
    assert len(bins) == 300
    # Binomial(300, 0.05) lies within 3 to 29 in all but one of 100,000 cases.
    assert 3 <= outside <= 29


@pytest.mark.parametrize("share", [1.0, 0.1])
def test_a_sample_has_the_rates_of_all_rows(share: float) -> None:
    probabilities, outcomes = drawn(share, 0)
    bins = reliability_bins(probabilities, outcomes, share)
    assert sum(one["count"] for one in bins) == pytest.approx(ROWS, rel=0.02)
    assert sum(one["count"] * one["observed"] for one in bins) == pytest.approx(outcomes.sum(), rel=0.001)
    assert [one["predicted"] for one in bins] == sorted(one["predicted"] for one in bins)


def test_equal_predictions_share_a_bin_and_no_rows_have_none() -> None:
    bins = reliability_bins(np.array([0.1] * 10), np.array([True] + [False] * 9), 1.0)
    assert [(one["predicted"], one["observed"], one["count"]) for one in bins] == [(pytest.approx(0.1), 0.1, 10)]
    assert reliability_bins(np.zeros(0), np.zeros(0, np.bool_), 1.0) == []


def test_a_bin_without_positives_reaches_down_to_zero() -> None:
    (only,) = reliability_bins(np.full(50, 0.01), np.zeros(50, np.bool_), 1.0)
    assert (only["low"], only["observed"]) == (0.0, 0.0)
    assert 0.01 < only["high"] < 0.1
