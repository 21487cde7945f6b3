# SPDX-License-Identifier: Apache-2.0
"""Runs drawn as counts, with known truth: fast enough for hundreds of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from scipy.special import expit, logit

from valuation_pipeline.checks.calibration import Predicted, Source, check_calibration, check_campaigns
from valuation_pipeline.checks.campaign_rates import CampaignArrivals, check_campaign_rates
from valuation_pipeline.checks.fields import check_fields
from valuation_pipeline.checks.held_out import HeldOut
from valuation_pipeline.checks.options import Check, CheckOptions
from valuation_pipeline.checks.profiles import Profile
from valuation_pipeline.checks.rankings import check_ranking
from valuation_pipeline.checks.set_aside import SetAside, check_set_aside
from valuation_pipeline.checks.statistics import Floats
from valuation_pipeline.checks.verdicts import Verdict
from valuation_pipeline.checks.volumes import Arrivals, check_volume, day_spread
from valuation_pipeline.training.options import Target

DAYS = 14
SPANS: dict[Source, slice] = {"held_out": slice(-1, None), "engine": slice(-7, None), "logged": slice(-7, None)}
NEWEST = str(date(2026, 3, 1) + timedelta(days=DAYS - 1))


@dataclass(frozen=True)
class Truth:
    """The parameters of a run's distribution.

    Attributes
    ----------
    impressions : float
        A day.
    campaigns : int
        Their sizes are log-normal.
    click_rate, conversion_rate : float
    day_effect : float
        Standard deviation of the logarithm of a day's factor on all rates.
    campaign_effect : float
        The same for a campaign's factor between prediction and truth.
    campaign_day_effect : float
        The same for a campaign's factor on one day.
    """

    impressions: float = 100_000
    campaigns: int = 50
    click_rate: float = 0.02
    conversion_rate: float = 0.05
    day_effect: float = 0.1
    campaign_effect: float = 0.05
    campaign_day_effect: float = 0.1


class Simulated:
    """One run, whose newest day a test may change before it is checked."""

    def __init__(self, truth: Truth, seed: int) -> None:
        rng = self.rng = np.random.default_rng([seed, 77])
        self.truth = truth
        count = truth.campaigns
        sizes = rng.lognormal(0, 1.3, count)
        self.shares = sizes / sizes.sum()
        traffic = truth.impressions * rng.lognormal(0, 0.15, DAYS)
        self.shown = rng.poisson(traffic[:, None] * self.shares).astype(np.float64)
        self.days = np.exp(truth.day_effect * rng.normal(size=DAYS))
        rates = truth.click_rate * rng.lognormal(0, 0.5, count)
        self.rates = np.minimum(0.5, rates)
        own = np.exp(truth.campaign_day_effect * rng.normal(size=(DAYS, count)))
        self.means = self.shown * self.rates * self.days[:, None] * own
        self.clicks = rng.poisson(self.means).astype(np.float64)
        self.conversions = rng.poisson(self.clicks * truth.conversion_rate).astype(np.float64)
        self.predicted_factor = np.exp(truth.campaign_effect * rng.normal(size=count))

    def verdicts(self, options: CheckOptions) -> list[Verdict]:
        """Run every check whose outcome depends on chance."""
        rng = self.rng
        days = [str(date(2026, 3, 1) + timedelta(days=number)) for number in range(DAYS)]
        spreads: dict[Target, float] = {}
        verdicts = check_volume(Arrivals("impressions", days, self._hours(self.shown), np.ones(DAYS), ""), options)
        arrivals: list[tuple[Target, Check, str, Floats, Floats]] = [
            ("click", "clicks", "impressions", self.clicks, self.shown),
            ("conversion", "conversions", "clicks", self.conversions, self.clicks),
        ]
        for target, table, of, counts, shown in arrivals:
            rate = counts[:-1].sum() / shown[:-1].sum()
            expected = shown * rate
            whole = Arrivals(table, days, self._hours(counts), expected.sum(axis=1), of)
            verdicts += check_volume(whole, options)
            spreads[target] = day_spread(counts[:-1].sum(axis=1), expected[:-1].sum(axis=1), options.day_effect)
            verdicts += check_campaign_rates(
                CampaignArrivals(
                    target,
                    of,
                    NEWEST,
                    DAYS - 1,
                    [f"c-{number}" for number in range(self.truth.campaigns)],
                    np.stack([counts[:-1].sum(axis=0), counts[-1]], axis=1),
                    np.stack([expected[:-1].sum(axis=0), expected[-1]], axis=1),
                    shown.sum(axis=0),
                ),
                options,
            )
        conversion_rates = np.full(self.truth.campaigns, self.truth.conversion_rate)
        for (target, _, _, counts, shown), rates in zip(arrivals, (self.rates, conversion_rates), strict=True):
            known = self.days[:-1].mean() if target == "click" else 1.0
            for source, span in SPANS.items():
                said = shown[span].sum(axis=0) * rates * known * self.predicted_factor
                predicted = Predicted(
                    target,
                    source,
                    1 if source == "held_out" else 7,
                    [f"c-{number}" for number in range(self.truth.campaigns)],
                    shown[span].sum(axis=0),
                    said,
                    counts[span].sum(axis=0),
                    np.zeros(self.truth.campaigns),
                )
                verdicts += check_calibration(predicted, spreads[target], options)
                verdicts += check_campaigns(predicted, spreads[target], options)
        verdicts += check_ranking(self.held_out("click"), options)
        verdicts += check_fields(self.profiles(), options)
        aside = [SetAside("clicks", "duplicate", int(rng.poisson(20)), int(rng.poisson(20 * (DAYS - 1))))]
        used = {"clicks": (float(self.clicks[-1].sum()), float(self.clicks[:-1].sum()))}
        return verdicts + check_set_aside(aside, used, NEWEST, options)

    def held_out(self, target: Target) -> HeldOut:
        """Return a tenth of the newest day's rows, with the rates as their truth."""
        rng = self.rng
        rows = (self.shown[-1] / 10).astype(int)
        campaign = np.repeat(np.arange(len(rows)), rows)
        logits = logit(self.rates)[campaign] + 0.8 * rng.normal(size=len(campaign))
        probabilities = expit(logits)
        outcomes = rng.random(len(campaign)) < probabilities
        return HeldOut.of(
            target,
            1,
            [f"c-{c}" for c in campaign],
            outcomes,
            probabilities,
            self.rates[campaign],
            np.ones(len(campaign)),
        )

    def profiles(self) -> list[Profile]:
        """Return ten fields whose mix changes a little from day to day."""
        rng = self.rng
        days = [date(2026, 3, 1) + timedelta(days=number) for number in range(DAYS)]
        rows = self.shown.sum(axis=1)
        profiles = []
        for number in range(10):
            coverage = np.minimum(1.0, 0.9 * np.exp(0.01 * rng.normal(size=DAYS)))
            present = rng.binomial(rows.astype(int), coverage).astype(np.float64)
            shares = rng.dirichlet(np.ones(20))
            mix = shares * np.exp(0.1 * rng.normal(size=(DAYS, 20)))
            values = np.stack(
                [rng.multinomial(int(count), mixed / mixed.sum()) for count, mixed in zip(present, mix, strict=True)]
            ).astype(np.float64)
            new = np.r_[present[0], rng.binomial(present[1:].astype(int), 0.005)].astype(np.float64)
            profiles.append(Profile(f"f{number}", days, rows, present, new, values))
        return profiles

    def _hours(self, counts: Floats) -> Floats:
        busy = 1.2 - np.cos(2 * np.pi * (np.arange(24) - 3) / 24)
        shares = busy * np.exp(0.1 * self.rng.normal(size=(DAYS, 24)))
        shares /= shares.sum(axis=1, keepdims=True)
        return np.stack(
            [self.rng.multinomial(int(total), share) for total, share in zip(counts.sum(axis=1), shares, strict=True)]
        ).astype(np.float64)
