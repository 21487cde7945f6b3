# SPDX-License-Identifier: Apache-2.0
"""The truth of a generated log: users, campaigns, ads, and the effects on clicks and conversions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from valuation_pipeline.generated.fields import ACTIVITY, CROSS, DEVIATING, FIELDS, HOURS, INTERESTS
from valuation_pipeline.generated.options import GeneratorOptions
from valuation_pipeline.logs.schema import PRICINGS

Codes = NDArray[np.int64]
Numbers = NDArray[np.float64]

ADS = 4
"""Ads of a campaign."""
SEEN_CAP = 5
SEEN_EFFECT = -0.15
"""On the logit of a click, for each earlier impression of the same user and campaign on that day, up to the cap."""
LEVELS = {"campaign": 0.4, "advertiser": 0.3, "ad": 0.15}
"""Standard deviations of the effects of campaigns, advertisers and ads."""
CROSS_SPREAD = 0.25
"""The same of a pair of CROSS, on clicks."""
DEVIATION = 0.7
"""The same of a value that deviates in a campaign."""
_SIZES = {field.name: field.size for field in FIELDS}


@dataclass(frozen=True)
class Effects:
    """The effects on the logit of one type of outcome.

    A missing value (code -1) has no effect: each field's table has a last entry of 0.
    """

    intercept: float
    fields: dict[str, Numbers]
    interests: Numbers
    hours: Numbers
    activity: float
    cross: Numbers  # (slots, themes)
    seen: float
    campaigns: Numbers
    advertisers: Numbers
    ads: Numbers  # (campaigns, ADS)
    deviations: dict[str, Numbers]  # (campaigns, values + 1)

    def logit(self, rows: dict[str, Codes], world: World) -> Numbers:
        """The logit of each row; ``day.Day`` documents the rows' columns."""
        campaign = rows["campaign"]
        result = self.intercept + self.campaigns[campaign] + self.advertisers[world.advertiser[campaign]]
        result += self.ads[campaign, rows["ad"]] + self.hours[rows["hour"]]
        for name, effects in self.fields.items():
            result += effects[rows[name]]
        result += self.interests[world.interests[rows["user"]]].sum(axis=1)
        result += self.activity * (rows[ACTIVITY] / 100.0 - 1.0)
        result += self.cross[rows[CROSS[0]], rows[CROSS[1]]]
        result += self.seen * np.minimum(rows["seen"], SEEN_CAP)
        for name, deviations in self.deviations.items():
            result += deviations[campaign, rows[name]]
        return result


@dataclass(frozen=True)
class World:
    """Everything that a log is drawn from, fixed by the seed."""

    options: GeneratorOptions
    users: dict[str, Codes]
    user_shares: Numbers
    interests: Codes  # (users, 3), -1 where there is none
    advertiser: Codes
    campaign_weights: Numbers
    campaign_days: Codes  # (campaigns, 2): first and last day of the campaign
    slot_days: Codes  # (slots, 2)
    ad_features: dict[str, Codes]  # (campaigns, ADS)
    pricing: Codes
    bid: Numbers
    value: Numbers
    click: Effects
    conversion: Effects

    def probabilities(self, rows: dict[str, Codes]) -> tuple[Numbers, Numbers]:
        """The true pCTR and pCVR of each row."""
        return expit(self.click.logit(rows, self)), expit(self.conversion.logit(rows, self))


def draw_world(options: GeneratorOptions) -> World:
    """Draw the truth; the same options give the same. ``day.at_rates`` then moves its intercepts to the rates."""
    rng = np.random.default_rng([options.seed, 0])
    users = max(options.impressions // 20, 50)
    user_fields = {field.name: _draw(rng, field.shares(), users) for field in FIELDS if field.of == "user"}
    for field in FIELDS:
        if field.of == "user" and field.missing:
            user_fields[field.name][rng.random(users) < field.missing] = -1
    user_fields[ACTIVITY] = np.clip(np.rint(100 * rng.lognormal(-0.3, 0.7, users)), 0, 999).astype(np.int64)
    interests = np.sort(_draw(rng, INTERESTS.shares(), 3 * users).reshape(users, 3), axis=1)
    interests[:, 1:][interests[:, 1:] == interests[:, :-1]] = -1
    interests[rng.random((users, 3)) < 0.4] = -1
    user_weights = rng.lognormal(0.0, 1.0, users)
    campaigns = options.campaigns
    pricing = rng.choice(len(PRICINGS), campaigns, p=[0.2, 0.6, 0.2])
    value = rng.lognormal(3.0, 0.6, campaigns)
    return World(
        options=options,
        users=user_fields,
        user_shares=user_weights / user_weights.sum(),
        interests=interests,
        advertiser=rng.integers(0, max(campaigns // 4, 1), campaigns),
        campaign_weights=rng.lognormal(0.0, 1.3, campaigns),
        campaign_days=_lives(rng, campaigns, options.days),
        slot_days=_lives(rng, _SIZES["slot"], options.days),
        ad_features={field.name: rng.integers(0, field.size, (campaigns, ADS)) for field in FIELDS if field.of == "ad"},
        pricing=pricing,
        bid=np.round(np.choose(pricing, [2.0 * rng.lognormal(0, 0.3, campaigns), 0.1 * value, value]), 3),
        value=value,
        click=_draw_effects(rng, options, users, conversion=False),
        conversion=_draw_effects(rng, options, users, conversion=True),
    )


def deviating_shares(size: int) -> Numbers:
    """How likely each value of a field is to deviate in a campaign: two do on average, preferably frequent ones."""
    shares: Numbers = np.minimum(1.0, 4.0 / (2.0 + np.arange(float(size))) / 2.0)
    return shares


def _draw(rng: np.random.Generator, shares: Numbers, count: int) -> Codes:
    return np.searchsorted(np.cumsum(shares)[:-1], rng.random(count), side="right").astype(np.int64)


def _lives(rng: np.random.Generator, count: int, days: int) -> Codes:
    """First and last day of each: three in four exist throughout, the others come or go within the period."""
    lives = np.tile(np.array([0, days - 1]), (count, 1))
    fate = rng.random(count)
    fate[0] = 1.0
    if days > 1:
        come = fate < 0.13
        go = (fate >= 0.13) & (fate < 0.25)
        lives[come, 0] = rng.integers(1, days, int(come.sum()))
        lives[go, 1] = rng.integers(0, days - 1, int(go.sum()))
    return lives


def _draw_effects(rng: np.random.Generator, options: GeneratorOptions, users: int, *, conversion: bool) -> Effects:
    campaigns = options.campaigns
    spread = {field.name: field.conversion if conversion else field.click for field in (*FIELDS, INTERESTS, HOURS)}

    def with_none(effects: Numbers) -> Numbers:
        return np.append(effects, 0.0)

    deviations = {}
    for name in DEVIATING:
        table = rng.normal(0.0, DEVIATION, (campaigns, _SIZES[name] + 1))
        kept = rng.random(table.shape) < deviating_shares(_SIZES[name] + 1)
        table[~kept] = 0.0
        table[:, -1] = 0.0
        deviations[name] = table
    rate = options.conversion_rate if conversion else options.click_rate
    return Effects(
        intercept=float(np.log(rate / (1.0 - rate))),
        fields={field.name: with_none(rng.normal(0.0, spread[field.name], field.size)) for field in FIELDS},
        interests=with_none(rng.normal(0.0, spread["interest"], INTERESTS.size)),
        hours=rng.normal(0.0, spread["hour"], 24),
        activity=0.2 if conversion else -0.25,
        cross=rng.normal(0.0, 0.0 if conversion else CROSS_SPREAD, (_SIZES[CROSS[0]], _SIZES[CROSS[1]])),
        seen=0.0 if conversion else SEEN_EFFECT,
        campaigns=rng.normal(0.0, LEVELS["campaign"], campaigns),
        advertisers=rng.normal(0.0, LEVELS["advertiser"], campaigns),
        ads=rng.normal(0.0, LEVELS["ad"], (campaigns, ADS)),
        deviations=deviations,
    )
