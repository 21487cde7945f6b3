# SPDX-License-Identifier: Apache-2.0
"""Predicted against observed counts: what is flagged, what is not, and with which reason."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from valuation_pipeline.checks.calibration import Predicted, check_calibration, check_campaigns, ratio_interval
from valuation_pipeline.checks.held_out import HeldOut
from valuation_pipeline.checks.options import CheckOptions

DAY_SPREAD = 0.05**2


def _predicted(said: np.ndarray, happened: np.ndarray, days: int = 1) -> Predicted:
    names = [f"c-{number}" for number in range(len(said))]
    return Predicted(
        "click", "held_out", days, names, 100.0 * said, said.astype(float), happened.astype(float), np.zeros(len(said))
    )


def test_a_campaign_over_predicted_by_30_percent_is_found_among_calibrated_ones() -> None:
    rng = np.random.default_rng(1)
    said = np.full(50, 1000.0)
    found = 0
    for _ in range(50):
        happened = rng.poisson(said * np.exp(0.02 * rng.normal(size=50)))
        happened[7] = rng.poisson(1000 / 1.3)
        flagged = [
            verdict
            for verdict in check_campaigns(_predicted(said, happened), DAY_SPREAD, CheckOptions())
            if verdict.status == "failed"
        ]
        assert {verdict.subject for verdict in flagged} <= {"click c-7"}
        found += bool(flagged)
    assert found >= 40


def test_campaigns_that_vary_from_day_to_day_are_not_flagged() -> None:
    rng = np.random.default_rng(2)
    alarms = 0
    for _ in range(100):
        said = rng.lognormal(6, 1.3, 40)
        happened = rng.poisson(said * np.exp(0.15 * rng.normal(size=40)))
        verdicts = check_campaigns(_predicted(said, happened), DAY_SPREAD, CheckOptions())
        alarms += any(verdict.status in ("failed", "warned") for verdict in verdicts)
    assert alarms <= 3


def test_days_of_a_log_with_one_campaign_are_not_flagged() -> None:
    """Two hundred days that differ by 15 %, for a campaign with thousands of clicks."""
    rng = np.random.default_rng(3)
    options = CheckOptions()
    alarms = 0
    for _ in range(200):
        happened = rng.poisson(3000 * np.exp(0.15 * rng.normal(size=1)))
        verdicts = check_campaigns(_predicted(np.array([3000.0]), happened), 0.15**2, options)
        alarms += any(verdict.status in ("failed", "warned") for verdict in verdicts)
    assert alarms <= stats.binom.ppf(0.999, 200, options.levels().warn)


def _sampled(seed: int, sizes: np.ndarray, rate: float, share: float) -> HeldOut:
    """Return rows predicted by their true probabilities, with a share of the negatives."""
    rng = np.random.default_rng([seed, 11])
    campaign = np.repeat(np.arange(len(sizes)), sizes)
    probabilities = expit(np.log(rate) + 0.8 * rng.normal(size=len(campaign)))
    outcomes = rng.random(len(campaign)) < probabilities
    kept = outcomes | (rng.random(len(campaign)) < share)
    weights = np.where(outcomes, 1.0, (~outcomes).sum() / (kept & ~outcomes).sum())
    names = [f"c-{code}" for code in campaign[kept]]
    return HeldOut.of("click", 1, names, outcomes[kept], probabilities[kept], probabilities[kept], weights[kept])


def test_campaigns_with_few_kept_negatives_are_not_flagged() -> None:
    """With one negative in a hundred, chance alone moves the sums of small campaigns' predictions by a third or so."""
    options, alarms, covered, all_ratios = CheckOptions(), 0, 0, 0
    sizes = np.r_[np.full(3, 20_000), np.full(40, 1000)]
    for seed in range(30):
        predicted = _sampled(seed, sizes, 0.1, 0.01).predicted()
        verdicts = check_campaigns(predicted, DAY_SPREAD, options)
        alarms += any(verdict.status in ("failed", "warned") for verdict in verdicts)
        sums = zip(predicted.predicted, predicted.observed, predicted.variances, strict=True)
        for said, happened, variance in sums:
            low, high = ratio_interval(said, happened, variance / said**2)
            covered += low <= 1 <= high
            all_ratios += 1
    assert alarms <= stats.binom.ppf(0.999, 30, options.levels().warn)
    assert covered / all_ratios > 0.93


def test_the_variance_of_sampled_predictions_is_that_of_many_samples() -> None:
    sizes = np.full(10, 3000)
    samples = [_sampled(seed, sizes, 0.05, 0.1).predicted() for seed in range(300)]
    off = np.array([one.predicted[0] - one.observed[0] for one in samples])
    expected = np.mean([one.variances[0] + one.observed[0] for one in samples])
    assert 0.75 < off.var() / expected < 1.1


def test_a_difference_within_the_limit_is_never_flagged_however_certain() -> None:
    said = np.array([1e6])
    assert [v.status for v in check_campaigns(_predicted(said, said * 1.05), DAY_SPREAD, CheckOptions())] == ["passed"]
    assert [v.status for v in check_calibration(_predicted(said, said * 1.05), 0.0, CheckOptions())] == ["passed"]


def test_all_campaigns_together_are_judged_with_the_effect_of_the_day() -> None:
    said = np.full(10, 1000.0)
    fewer = _predicted(said, said / 1.25)
    assert check_calibration(fewer, 0.02**2, CheckOptions())[0].status == "failed"
    assert check_calibration(fewer, 0.15**2, CheckOptions())[0].status == "passed"


def test_several_days_tell_more_than_one() -> None:
    said = np.full(10, 1000.0)
    assert check_calibration(_predicted(said, said / 1.25, days=9), 0.15**2, CheckOptions())[0].status == "failed"


def test_the_reason_has_the_figures_and_what_to_do() -> None:
    (verdict,) = check_calibration(_predicted(np.array([130.0]), np.array([10.0])), 0.0025, CheckOptions())
    assert verdict.value == pytest.approx(13.0)
    assert "130.0 clicks were predicted, 10 happened, a ratio of 13.000" in verdict.reason
    assert "(95 % interval of the ratio 7.069 to 27.109)" in verdict.reason
    assert "over-predicts and would overbid" in verdict.reason
    assert "check whether clicks of these days are missing" in verdict.reason


def test_predictions_without_an_observed_event_have_no_ratio() -> None:
    (verdict,) = check_calibration(_predicted(np.array([200.0]), np.array([0.0])), 0.0025, CheckOptions())
    assert verdict.status == "failed"
    assert verdict.value is None
    assert "0 happened, no ratio (95 % interval of the ratio 54.217 or more)" in verdict.reason


def test_nothing_predicted_and_nothing_happened_is_skipped() -> None:
    nothing = _predicted(np.zeros(0), np.zeros(0))
    assert check_calibration(nothing, 0.0, CheckOptions())[0].status == "skipped"
    assert check_campaigns(nothing, DAY_SPREAD, CheckOptions())[0].status == "skipped"
