# SPDX-License-Identifier: Apache-2.0
"""How often chance alone flags a run without a fault, and how often faults are found."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from checks.simulated import Simulated, Truth
from valuation_pipeline.checks import CheckOptions
from valuation_pipeline.checks.calibration import Predicted, check_campaigns

STEADY = Truth(impressions=40_000, campaigns=20)
VARYING = Truth(impressions=40_000, campaigns=20, day_effect=0.2, campaign_day_effect=0.2, campaign_effect=0.1)
OPTIONS = CheckOptions()
DAY_SPREAD = OPTIONS.day_effect**2


def _alarms(truth: Truth, runs: int) -> tuple[int, int]:
    failed = flagged = 0
    for seed in range(runs):
        statuses = {verdict.status for verdict in Simulated(truth, seed).verdicts(OPTIONS)}
        failed += "failed" in statuses
        flagged += bool(statuses & {"failed", "warned"})
    return failed, flagged


@pytest.mark.parametrize("truth", [STEADY, VARYING], ids=["steady", "varying"])
def test_runs_without_a_fault_are_flagged_no_more_often_than_stated(truth: Truth) -> None:
    failed, flagged = _alarms(truth, 12)
    assert failed <= stats.binom.ppf(0.999, 12, OPTIONS.false_alarm_rate)
    assert flagged <= stats.binom.ppf(0.999, 12, OPTIONS.warning_rate)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "truth",
    [
        STEADY,
        VARYING,
        Truth(impressions=5_000, campaigns=10),
        Truth(impressions=500_000, campaigns=200),
        Truth(impressions=200_000, campaigns=3, campaign_day_effect=0.05),
        Truth(impressions=200_000, campaigns=2, campaign_day_effect=0.05),
    ],
    ids=["steady", "varying", "small", "large", "three campaigns", "two campaigns"],
)
def test_hundreds_of_runs_without_a_fault_are_flagged_no_more_often_than_stated(truth: Truth) -> None:
    failed, flagged = _alarms(truth, 400)
    print(f"{failed} held back and {flagged} flagged of 400 runs")
    assert failed <= stats.binom.ppf(0.999, 400, OPTIONS.false_alarm_rate)
    assert flagged <= stats.binom.ppf(0.999, 400, OPTIONS.warning_rate)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("campaign_effect", "clicks", "at_least"),
    [(0.0, 600, 0.6), (0.0, 1000, 0.9), (0.0, 2000, 0.98), (0.05, 5000, 0.25)],
)
def test_a_campaign_over_predicted_by_30_percent_is_found(campaign_effect: float, clicks: int, at_least: float) -> None:
    rng = np.random.default_rng(21)
    failed = flagged = 0
    for _ in range(200):
        said = rng.lognormal(np.log(clicks) - 0.5, 1, 50)
        said[7] = clicks
        true = said * np.exp(campaign_effect * rng.normal(size=50))
        true[7] /= 1.3
        names = [f"c-{number}" for number in range(50)]
        happened = rng.poisson(true).astype(np.float64)
        predicted = Predicted("click", "held_out", 1, names, said, said, happened, np.zeros(50))
        statuses = {v.status for v in check_campaigns(predicted, DAY_SPREAD, OPTIONS) if v.subject == "click c-7"}
        failed += "failed" in statuses
        flagged += bool(statuses)
    print(f"{failed / 200:.1%} held back, {flagged / 200:.1%} flagged: {clicks} clicks, effect {campaign_effect:.0%}")
    assert flagged / 200 >= at_least


def test_faults_of_the_newest_day_are_found_in_every_run() -> None:
    for seed in range(5):
        run = Simulated(STEADY, seed)
        biggest = int(np.argmax(run.shares))
        run.clicks[-1, biggest] = run.shown[-1, biggest] - run.clicks[-1, biggest]  # swapped
        run.conversions[-1] = 0
        failed = {(v.check, v.subject) for v in run.verdicts(OPTIONS) if v.status == "failed"}
        assert {("campaign_rates", f"click c-{biggest}"), ("conversions", "day")} <= failed
