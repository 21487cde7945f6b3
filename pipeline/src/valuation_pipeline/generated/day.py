# SPDX-License-Identifier: Apache-2.0
"""The impressions, clicks and conversions of one day, drawn from the truth."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from valuation_pipeline.generated.fields import ACTIVITY, FIELDS
from valuation_pipeline.generated.world import ADS, Codes, Numbers, World

DAY = 86_400_000_000
"""Microseconds."""
HOUR = DAY // 24
SESSION_LENGTH = 3.0
"""Impressions that a user gets in a row, on average."""
SAME_CAMPAIGN = 0.3
"""How often an impression shows the campaign that opened the session again."""


@dataclass
class Day:
    """The draws of a day; times are microseconds since 1970.

    ``rows`` has a code for each field, and user, campaign, ad (within the campaign), advertiser, hour, and seen: the
    earlier impressions of the user and campaign on this day. Rows are in the order of their time.
    ``click_impressions`` and ``conversion_impressions`` are positions in the rows.
    """

    index: int
    rows: dict[str, Codes]
    time: Codes
    pctr: Numbers
    pcvr: Numbers
    click_impressions: Codes
    click_time: Codes
    conversion_impressions: Codes
    conversion_time: Codes
    revenue: Numbers


def draw_day(world: World, day: int, midnight: int, click_shift: dict[int, float], swapped: set[int]) -> Day:
    """Draw a day.

    Parameters
    ----------
    world : World
    day : int
        0 for the first one.
    midnight : int
        Its beginning, in microseconds since 1970.
    click_shift : dict
        Campaign → factor on its true pCTR.
    swapped : set of int
        Campaigns whose clicked and unclicked impressions are swapped.
    """
    rng = np.random.default_rng([world.options.seed, 1, day])
    first, end = (world.options.impressions * edge // world.options.days for edge in (day, day + 1))
    rows, time = _draw_rows(world, rng, day, end - first)
    pctr, pcvr = world.probabilities(rows)
    for campaign, factor in click_shift.items():
        pctr[rows["campaign"] == campaign] *= factor
    clicked = rng.random(len(time)) < pctr
    for campaign in swapped:
        clicked ^= rows["campaign"] == campaign
    clicks = np.flatnonzero(clicked)
    click_time = time[clicks] + _click_delays(rng, len(clicks))
    converted = np.flatnonzero(rng.random(len(clicks)) < pcvr[clicks])
    # One in twenty converts twice.
    converted = np.sort(np.concatenate([converted, converted[rng.random(len(converted)) < 0.05]]))
    conversions = clicks[converted]
    return Day(
        index=day,
        rows=rows,
        time=midnight + time,
        pctr=pctr,
        pcvr=pcvr,
        click_impressions=clicks,
        click_time=midnight + click_time,
        conversion_impressions=conversions,
        conversion_time=midnight + click_time[converted] + _conversion_delays(rng, len(conversions)),
        revenue=np.round(world.value[rows["campaign"][conversions]] * rng.lognormal(-0.125, 0.5, len(conversions)), 2),
    )


def at_rates(world: World) -> World:
    """The world with intercepts that give the requested rates on rows like those of the first day.

    The rates of a whole log differ somewhat: campaigns and slots come and go after the first day.
    """
    options = world.options
    rows, _ = _draw_rows(world, np.random.default_rng([options.seed, 5]), 0, 20_000)
    click, conversion = (effects.logit(rows, world) for effects in (world.click, world.conversion))
    by = brentq(lambda by: expit(click + by).mean() - options.click_rate, -20.0, 20.0)
    pctr = expit(click + by)
    conversion_by = brentq(
        lambda by: np.average(expit(conversion + by), weights=pctr) - options.conversion_rate, -20.0, 20.0
    )
    return replace(
        world,
        click=replace(world.click, intercept=world.click.intercept + by),
        conversion=replace(world.conversion, intercept=world.conversion.intercept + conversion_by),
    )


def _draw_rows(world: World, rng: np.random.Generator, day: int, count: int) -> tuple[dict[str, Codes], Codes]:
    session, session_time, user = _sessions(world, rng, count)
    # Each impression within a session comes some minutes after the previous one.
    gaps = rng.exponential(60e6, count)
    opens = np.r_[True, session[1:] != session[:-1]]
    gaps[opens] = 0.0
    elapsed = np.cumsum(gaps)
    opening = np.maximum.accumulate(np.where(opens, np.arange(count), 0))
    time = np.minimum(session_time[session] + elapsed - elapsed[opening], DAY - 1.0).astype(np.int64)
    live = (world.campaign_days[:, 0] <= day) & (day <= world.campaign_days[:, 1])
    campaign = _choose(rng, world.campaign_weights * live, count)
    again = rng.random(count) < SAME_CAMPAIGN
    campaign[again] = campaign[opening[again]]

    order = np.argsort(time, kind="stable")
    time, user, campaign = time[order], user[session[order]], campaign[order]
    rows = {"user": user, "campaign": campaign, "advertiser": world.advertiser[campaign]}
    rows["ad"] = rng.integers(0, ADS, count)
    rows["hour"] = time // HOUR
    rows["seen"] = _seen(user * world.options.campaigns + campaign)
    rows[ACTIVITY] = world.users[ACTIVITY][user]
    for field in FIELDS:
        if field.of == "user":
            rows[field.name] = world.users[field.name][user]
        elif field.of == "ad":
            rows[field.name] = world.ad_features[field.name][campaign, rows["ad"]]
        else:
            shares = field.shares()
            if field.name == "slot":
                shares = shares * ((world.slot_days[:, 0] <= day) & (day <= world.slot_days[:, 1]))
            rows[field.name] = _choose(rng, shares, count)
    return rows, time


def _sessions(world: World, rng: np.random.Generator, count: int) -> tuple[Codes, Numbers, Codes]:
    """The session of each impression, and the time and user of each session; more by day than by night."""
    lengths = rng.geometric(1.0 / SESSION_LENGTH, count)
    session = np.repeat(np.arange(count), lengths)[:count]
    sessions = int(session[-1]) + 1 if count else 0
    busy = 1.2 - np.cos(2 * np.pi * (np.arange(24) - 3) / 24)
    hour = _choose(rng, busy, sessions)
    return session, (hour + rng.random(sessions)) * HOUR, _choose(rng, world.user_shares, sessions)


def _choose(rng: np.random.Generator, weights: Numbers, count: int) -> Codes:
    """Draw with replacement in proportion to the weights."""
    edges = np.cumsum(weights)
    chosen: Codes = np.searchsorted(edges, rng.random(count) * edges[-1], side="right").astype(np.int64)
    return np.minimum(chosen, int(np.flatnonzero(weights)[-1]))


def _seen(pair: Codes) -> Codes:
    """For each row, the number of earlier rows with the same value."""
    order = np.argsort(pair, kind="stable")
    ordered = pair[order]
    starts = np.r_[True, ordered[1:] != ordered[:-1]] if len(pair) else np.empty(0, bool)
    position = np.arange(len(pair))
    seen = np.empty(len(pair), np.int64)
    seen[order] = position - np.maximum.accumulate(np.where(starts, position, 0))
    return seen


def _click_delays(rng: np.random.Generator, count: int) -> Codes:
    """Microseconds: 20 seconds on average for four in five, 20 minutes for the others."""
    mean = np.where(rng.random(count) < 0.8, 20e6, 1200e6)
    return 1 + (mean * rng.exponential(1.0, count)).astype(np.int64)


def _conversion_delays(rng: np.random.Generator, count: int) -> Codes:
    """Microseconds: two hours on average for three in five, a day and a half for the others; few after a week."""
    mean = np.where(rng.random(count) < 0.6, 2.0 * HOUR, 36.0 * HOUR)
    return 1 + (mean * rng.exponential(1.0, count)).astype(np.int64)
