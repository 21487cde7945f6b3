# SPDX-License-Identifier: Apache-2.0
"""Whether the newest day has the expected number of rows according to the days before, by day and by hour.

A day's clicks are compared with its impressions, its conversions with the clicks that they may be of, its impressions
with earlier days of the same weekday. Rates differ from day to day for good reasons: how much is estimated from the
days before, and is at least ``day_effect``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from valuation_pipeline.checks.judging import apart, judged, percent
from valuation_pipeline.checks.options import Check, CheckOptions, Levels
from valuation_pipeline.checks.statistics import Floats, adjusted, count_p_values, dispersion
from valuation_pipeline.checks.verdicts import Status, Verdict

#: The possible numbers of hours in a block.
BLOCKS = (1, 2, 3, 4, 6, 12)


@dataclass(frozen=True)
class Arrivals:
    """The counts of a table on each day, the newest day last.

    Attributes
    ----------
    table : str
        "impressions", "clicks" or "conversions": also the check's name.
    days : list of str
        Dates, as 2026-11-29.
    counts : ndarray of float64, shape (n_days, 24)
        Rows by day and hour, in UTC.
    exposures : ndarray of float64, shape (n_days,)
        What they are proportional to if nothing changes, for example the day's impressions; ones for impressions
        themselves.
    of : str
        The source of the exposures, for people; empty for impressions themselves.
    """

    table: Check
    days: list[str]
    counts: Floats
    exposures: Floats
    of: str


def check_volume(arrivals: Arrivals, options: CheckOptions) -> list[Verdict]:
    """Judge the newest day of a table as a whole, and its hours."""
    half = options.levels().shared_by(2)
    before = len(arrivals.days) - 1
    if before < 2:
        reason = f"There are {before} days before {arrivals.days[-1]} to compare it with; at least two are needed."
        return [Verdict(arrivals.table, "day", "skipped", None, None, reason)]
    expected = _expected(arrivals)
    if expected == 0:
        reason = f"The days before {arrivals.days[-1]} have no {arrivals.table} to compare it with."
        return [Verdict(arrivals.table, "day", "skipped", None, None, reason)]
    return [_day(arrivals, expected, options, half), _hours(arrivals, expected, options, half)]


def _expected(arrivals: Arrivals) -> float:
    """Return the expected rows of the newest day; for impressions the mean of the same weekday if there is one."""
    counts, exposures = arrivals.counts.sum(axis=1), arrivals.exposures
    if not arrivals.of:
        return float(_alike(counts).mean())
    known = exposures[:-1].sum()
    return float(counts[:-1].sum() / known * exposures[-1]) if known else 0.0


def _alike(counts: Floats) -> Floats:
    """Return the earlier days with the newest's weekday; all if there are none."""
    same = counts[:-1][-7::-7]
    return same if len(same) else counts[:-1]


def day_spread(counts: Floats, exposures: Floats, effect: float, averaged: int | None = None) -> float:
    """Return the variance of the factor by which a further day differs from its expectation.

    That is the sum of the day's own, estimated from the days before and at least ``effect``², that of the mean of the
    days that it is compared with (``averaged`` of them; by default, all), and the chance in their counts.
    """
    total, known = counts.sum(), exposures.sum()
    if total == 0 or known == 0:
        return effect**2
    own = max(effect**2, dispersion(counts, total / known * exposures, fitted=True))
    return float(own * (1 + 1 / (averaged or len(counts))) + 1 / total)


def _day(arrivals: Arrivals, expected: float, options: CheckOptions, levels: Levels) -> Verdict:
    counts = arrivals.counts.sum(axis=1)
    count, ratio = counts[-1], counts[-1] / expected
    limit = options.rate_limit if arrivals.of else 0.5
    averaged = None if arrivals.of else len(_alike(counts))
    spread = day_spread(counts[:-1], arrivals.exposures[:-1], options.day_effect, averaged)
    p_value = float(count_p_values(count, expected, spread))
    status = judged(p_value, apart(ratio, limit), levels)
    before = f"its {arrivals.of} and the {len(counts) - 1} days before" if arrivals.of else "the same weekdays before"
    found = (
        f"{arrivals.days[-1]} has {count:,.0f} {arrivals.table}; {before} lead one to expect {expected:,.0f} (ratio "
        f"{ratio:.3f}; days differ by {percent(spread**0.5)})"
    )
    if status == "passed":
        reason = f"{found}."
    elif ratio < 1:
        reason = (
            f"{found}: {arrivals.table} are missing, and training would take them for not having happened; have the "
            f"day's {arrivals.table} delivered again."
        )
    else:
        reason = f"{found}: more than is possible if nothing changed; look for rows delivered twice or a new source."
    return Verdict(arrivals.table, "day", status, ratio, 1 - limit if ratio < 1 else 1 / (1 - limit), reason)


def _hours(arrivals: Arrivals, day_expected: float, options: CheckOptions, levels: Levels) -> Verdict:
    """Judge blocks of hours, the shortest ones for which an empty block can be told from chance."""
    for width in BLOCKS:
        blocks = arrivals.counts.reshape(len(arrivals.days), 24 // width, width).sum(axis=2)
        shares = blocks[:-1].sum(axis=0) / blocks[:-1].sum()
        means = blocks[:-1].sum(axis=1, keepdims=True) * shares
        spread = max(options.hour_effect**2, dispersion(blocks[:-1].ravel(), means.ravel(), fitted=True))
        expected = shares * day_expected
        if count_p_values(0, np.median(expected), spread) < levels.fail / len(shares):
            break
    else:
        reason = (
            f"{day_expected:,.0f} {arrivals.table} a day are too few to tell hours without any from chance; the day "
            f"as a whole is judged."
        )
        return Verdict(arrivals.table, "hours", "skipped", None, None, reason)
    judgeable = expected > 0
    counts, expected = blocks[-1][judgeable], expected[judgeable]
    starts = np.flatnonzero(judgeable) * width
    p_values = adjusted(count_p_values(counts, expected, spread))
    flagged = [
        (judged(float(p), apart(count / mean, 0.5), levels), start, count, mean)
        for p, start, count, mean in zip(p_values, starts.tolist(), counts, expected, strict=True)
    ]
    wrong = [hour for hour in flagged if hour[0] != "passed"]
    worst = min(counts / expected)
    name = "hour" if width == 1 else f"{width} hours"
    if not wrong:
        reason = f"Every {name} of {arrivals.days[-1]} has its share of the day's {arrivals.table}."
        return Verdict(arrivals.table, "hours", "passed", float(worst), 0.5, reason)
    told = ", ".join(
        f"from {start:02d}:00 {count:,.0f} instead of {mean:,.0f}" for _, start, count, mean in wrong[:4]
    ) + (f" and {len(wrong) - 4} more" if len(wrong) > 4 else "")
    reason = (
        f"{len(wrong)} of the {len(counts)} blocks of {name} of {arrivals.days[-1]} do not have their share of "
        f"{arrivals.table} ({told}): files are missing, late or delivered twice; have these hours delivered again."
    )
    status: Status = "failed" if any(hour[0] == "failed" for hour in wrong) else "warned"
    return Verdict(arrivals.table, "hours", status, float(worst), 0.5, reason)
