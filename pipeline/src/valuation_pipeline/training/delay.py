# SPDX-License-Identifier: Apache-2.0
"""How long conversions take: the share that has come by the age of a click, of each campaign, shrunk to all campaigns'.

At any time the conversions that one knows of are those whose delay was shorter than the age of their click: delays are
truncated from the right. Seen backwards in time that is the product-limit estimator's case (Lagakos, Barraj, De
Gruttola, "Nonparametric analysis of truncated survival data, with application to AIDS", 1988): among the conversions
with a delay of at most t whose click is at least t old, the share with a delay of nearly t estimates the hazard of the
reversed time, and

    F(t) = product over the later steps s > t of (1 - hazard(s))

is the share of all conversions within the attribution window that has come by the age t. Each hazard of a campaign is a
binomial share, which a Beta prior around the hazard of all campaigns shrinks; how strongly is found by the marginal
likelihood (empirical Bayes; Gelman et al., "Bayesian Data Analysis", 3rd ed., 2.4 and 5.3).

Where few conversions were at risk, or none because every click is younger than the window, the hazard of all campaigns
leans on that of exponential delays (Chapelle, "Modeling delayed feedback in display advertising", 2014), whose mean is
the likeliest under the same truncation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import betaln

from valuation_pipeline.training.rows import Indices, Numbers

STEPS = 24
"""Steps of a curve: each later one is longer by the same factor, from 1/1000 of the attribution window on."""
STRENGTHS = np.geomspace(1.0, 10_000.0, 25)
"""Strengths of the prior that are tried, in conversions."""
EXPONENTIAL = 3.0
"""How many conversions exponential delays count for in each hazard of all campaigns."""
LEAST_SHARE = 0.01
"""Clicks so young that less than this share of conversions has come say next to nothing, and are left out."""


class Clicks(Protocol):
    """Clicks ordered by campaign; ``Examples`` of conversions are such."""

    @property
    def campaigns(self) -> list[str]:
        """The campaigns, in their order."""
        ...

    @property
    def bounds(self) -> Indices:
        """Where the clicks of each campaign begin: int64 array (campaigns + 1)."""
        ...

    @property
    def times(self) -> Indices:
        """Of the clicks, in microseconds since 1970: int64 array (n)."""
        ...

    @property
    def outcome_times(self) -> Indices:
        """Of their conversions; the largest int64 where there is none: int64 array (n)."""
        ...


@dataclass(frozen=True)
class DelayCurves:
    """Shares of conversions that have come by an age.

    Attributes
    ----------
    edges : array (STEPS + 1)
        Ages in microseconds, from 0 to the attribution window.
    shares : array (campaigns, STEPS + 1)
        Share of each campaign's conversions that has come by then, from 0 to 1.
    strength : float
        How many conversions all campaigns' curve counts for in each campaign's.
    """

    edges: Numbers
    shares: Numbers
    strength: float

    @classmethod
    def fit(cls, clicks: Clicks, at: int, attribution: int) -> DelayCurves:
        """Estimate the curves from what is known at a time. O(clicks + campaigns * STEPS * STRENGTHS).

        Parameters
        ----------
        clicks : Clicks
        at, attribution : int
            Microseconds: the time, and how long after a click its conversions count.
        """
        edges = np.concatenate([[0.0], np.geomspace(attribution / 1000.0, attribution, STEPS)])
        came = (clicks.outcome_times < at) & (clicks.times < at)
        campaign = np.repeat(np.arange(len(clicks.campaigns)), np.diff(clicks.bounds))[came]
        delay = (clicks.outcome_times - clicks.times)[came]
        age = (at - clicks.times)[came]
        # The step that a delay falls into, and the last one that the click was old enough to show whole.
        step = np.clip(np.searchsorted(edges, delay, side="left") - 1, 0, STEPS - 1)
        shown = np.searchsorted(edges, age, side="right") - 2
        whole = step <= shown
        campaigns = len(clicks.campaigns)
        events = _table(campaign[whole], step[whole], campaigns)
        # At risk in step s, backwards: delay in a step up to s, click old enough for s.
        begins = _table(campaign[whole], step[whole], campaigns).cumsum(axis=1)
        ended = _table(campaign[whole], np.minimum(shown[whole], STEPS - 1), campaigns).cumsum(axis=1)
        at_risk = begins - np.concatenate([np.zeros((campaigns, 1)), ended[:, :-1]], axis=1)
        exponential = _exponential_hazards(delay, np.minimum(age, attribution), edges)
        overall = (events.sum(axis=0) + EXPONENTIAL * exponential) / (at_risk.sum(axis=0) + EXPONENTIAL)
        # A hazard of 0 to the last bit means that nothing came, which is certain under any strength.
        possible = np.flatnonzero(overall[1:] > 0.0) + 1
        strength = _strength(events[:, possible], at_risk[:, possible], overall[possible])
        hazard = (events + strength * overall) / (at_risk + strength)
        later = np.cumprod((1.0 - hazard)[:, :0:-1], axis=1)[:, ::-1]
        shares = np.concatenate([np.zeros((campaigns, 1)), later, np.ones((campaigns, 1))], axis=1)
        return cls(edges, shares, strength)

    def log_shares(self, clicks: Clicks, at: int) -> Numbers:
        """The log of the share for each row's age: 0 beyond the attribution window, -inf below LEAST_SHARE."""
        result = np.zeros(len(clicks.times))
        age = (at - clicks.times).astype(np.float64)
        for campaign in range(len(clicks.campaigns)):
            rows = slice(int(clicks.bounds[campaign]), int(clicks.bounds[campaign + 1]))
            share = np.interp(age[rows], self.edges, self.shares[campaign])
            with np.errstate(divide="ignore"):
                result[rows] = np.where(share >= LEAST_SHARE, np.log(share), -np.inf)
        return result


def _table(campaign: Indices, step: NDArray[np.int64], campaigns: int) -> Numbers:
    counts = np.bincount(campaign * STEPS + step, minlength=campaigns * STEPS)
    return counts.reshape(campaigns, STEPS).astype(np.float64)


def _exponential_hazards(delay: NDArray[np.int64], seen: NDArray[np.int64], edges: Numbers) -> Numbers:
    """The reversed hazard of each step, of the exponential delays that are likeliest if each was seen for so long."""

    def loss(log_mean: float) -> float:
        mean = np.exp(log_mean)
        return float((delay / mean + log_mean + np.log(-np.expm1(-seen / mean))).sum())

    shortest, longest = np.log(edges[1]), np.log(10.0 * edges[-1])
    mean = np.exp(minimize_scalar(loss, bounds=(shortest, longest), method="bounded").x) if len(delay) else edges[-1]
    came = -np.expm1(-edges / mean)
    return np.asarray(1.0 - came[:-1] / came[1:])


def _strength(events: Numbers, at_risk: Numbers, overall: Numbers) -> float:
    """The strength under which the campaigns' counts are likeliest (beta-binomial)."""
    likelihoods = [
        float(
            (
                betaln(events + strength * overall, at_risk - events + strength * (1.0 - overall))
                - betaln(strength * overall, strength * (1.0 - overall))
            ).sum()
        )
        for strength in STRENGTHS
    ]
    return float(STRENGTHS[int(np.argmax(likelihoods))])
