# SPDX-License-Identifier: Apache-2.0
"""Whether the features of the newest day resemble those of the days before: coverage, new values, and drift."""

from __future__ import annotations

import numpy as np
from scipy import stats

from valuation_pipeline.checks.judging import judged, percent
from valuation_pipeline.checks.options import CheckOptions, Levels
from valuation_pipeline.checks.profiles import Profile
from valuation_pipeline.checks.statistics import Floats, adjusted, count_p_values
from valuation_pipeline.checks.verdicts import Status, Verdict
from valuation_pipeline.checks.volumes import day_spread


def check_fields(profiles: list[Profile], options: CheckOptions) -> list[Verdict]:
    """Judge all fields by coverage, new values and drift: a verdict for each that is off, one for all others."""
    if not profiles or len(profiles[0].days) < 3:
        days = len(profiles[0].days) if profiles else 0
        reason = f"{days} days of features are too few to compare the newest with; at least three are needed."
        return [
            Verdict(check, "fields", "skipped", None, None, reason) for check in ("coverage", "new_values", "drift")
        ]
    levels = options.levels()
    return [
        *_coverage(profiles, options, levels),
        *_new_values(profiles, options, levels),
        *_drift(profiles, options, levels),
    ]


def _coverage(profiles: list[Profile], options: CheckOptions, levels: Levels) -> list[Verdict]:
    judgeable = [profile for profile in profiles if profile.present[:-1].sum() > 0]
    expected = np.array([_share(p.present, p.rows) * p.rows[-1] for p in judgeable])
    counts = np.array([p.present[-1] for p in judgeable])
    spreads = np.array([day_spread(p.present[:-1], p.rows[:-1], options.coverage_effect) for p in judgeable])
    p_values = adjusted(count_p_values(counts, expected, spreads))
    verdicts = []
    for profile, count, mean, p_value in zip(judgeable, counts, expected, p_values, strict=True):
        ratio, limit = float(count / mean), 1 - options.coverage_limit
        status = judged(float(p_value), ratio < limit, levels)
        if status != "passed":
            reason = (
                f"Field {profile.field} is in {percent(count / profile.rows[-1])} of the rows of {profile.days[-1]} "
                f"and was in {percent(_share(profile.present, profile.rows))} of those before: models that use it "
                f"value its absence as the mean; have the server log it again, or remove it from features.toml."
            )
            verdicts.append(Verdict("coverage", profile.field, status, ratio, limit, reason))
    return [*verdicts, _others("coverage", len(profiles) - len(verdicts), profiles, "are in as many rows as before")]


def _new_values(profiles: list[Profile], options: CheckOptions, levels: Levels) -> list[Verdict]:
    """Compare the share of rows with values that no earlier day had with that on the three days before.

    The share of new values decreases from day to day, so these days are a generous measure.
    """
    categories = [
        profile for profile in profiles if profile.values.size and profile.present[-1] > 0 and profile.new[0] > 0
    ]
    counted = np.array([profile.values[-1].sum() for profile in categories])
    before = [slice(max(1, len(profile.days) - 4), len(profile.days) - 1) for profile in categories]
    usual = np.array(
        [p.new[days].sum() / max(1.0, p.values[days].sum()) for p, days in zip(categories, before, strict=True)]
    )
    counts = np.array([profile.new[-1] for profile in categories])
    p_values = adjusted(count_p_values(counts, np.maximum(usual * counted, 0.5), 0.25))
    verdicts = []
    for profile, count, total, share, p_value in zip(categories, counts, counted, usual, p_values, strict=True):
        rise = float(count / total - share)
        status = judged(float(p_value), rise > options.new_value_limit, levels)
        if status != "passed":
            reason = (
                f"{percent(count / total)} of the values of field {profile.field} on {profile.days[-1]} were never "
                f"seen before, where {percent(share)} is usual: its values are written in another way, and the "
                f"weights of the old ones are lost; have the server write them as before, or train on days after the "
                f"change alone."
            )
            verdicts.append(Verdict("new_values", profile.field, status, rise, options.new_value_limit, reason))
    return [*verdicts, _others("new_values", len(profiles) - len(verdicts), profiles, "have the values that they had")]


def population_stability(before: Floats, now: Floats) -> float:
    """Return Σ (q - p) ln(q / p), the population stability index of two counts of the same bins.

    Shares are smoothed by half a row a bin (Laplace), so that empty bins do not make it infinite. It is Jeffreys'
    divergence (Jeffreys, 1946); Yurdakul and Naranjo, "Statistical properties of the population stability index"
    (2020), give its distribution when nothing changed: (1/n + 1/m) times a chi-square of bins - 1 degrees of freedom.
    """
    p = (before + 0.5) / (before.sum() + 0.5 * len(before))
    q = (now + 0.5) / (now.sum() + 0.5 * len(now))
    return float(((q - p) * np.log(q / p)).sum())


def _drift(profiles: list[Profile], options: CheckOptions, levels: Levels) -> list[Verdict]:
    """Judge each field's population stability index by chance, and by its usual change from day to day.

    The mix of users, campaigns and placements changes every day. So each earlier day is compared with all others of
    them. If their indices are on average c times what chance gives, the newest day's may be, too.
    """
    judgeable = [profile for profile in profiles if profile.values.shape[1] > 1 and profile.present[-1] > 0]
    found = [_drift_of(profile) for profile in judgeable]
    p_values = adjusted(np.array([p_value for _, p_value in found]))
    verdicts = []
    for profile, (index, _), p_value in zip(judgeable, found, p_values, strict=True):
        status: Status = judged(float(p_value), index > options.drift_limit, levels)
        if status != "passed":
            reason = (
                f"The values of field {profile.field} on {profile.days[-1]} are not spread as before (population "
                f"stability index {index:.3f}, where {options.drift_limit:g} is much): users, campaigns or "
                f"placements changed, or how the field is written; look at its most frequent values on both sides."
            )
            verdicts.append(Verdict("drift", profile.field, status, index, options.drift_limit, reason))
    return [*verdicts, _others("drift", len(profiles) - len(verdicts), profiles, "are spread as before")]


def _drift_of(profile: Profile) -> tuple[float, float]:
    """Return the newest day's index and its p-value.

    By chance alone the index is a chi-square. If in addition each value's share varies from day to day by a factor, a
    share p adds p to the index where chance adds the same for each, so frequent values make most of it: it is a sum of
    squares with unequal weights, which has fewer degrees of freedom than values (Satterthwaite, Biometrics 2, 1946).
    The days before say how large it is, with an error of their own, so the ratio to theirs is about an F.
    """
    total = profile.values[:-1].sum(axis=0)
    index = population_stability(total, profile.values[-1])
    freedom = profile.values.shape[1] - 1
    factors = [
        population_stability(total - day, day) / (freedom * (1 / max(1.0, day.sum()) + 1 / (total.sum() - day.sum())))
        for day in profile.values[:-1]
        if 0 < day.sum() < total.sum()
    ]
    chance = freedom * (1 / profile.values[-1].sum() + 1 / max(1.0, total.sum()))
    usual = float(np.mean(factors)) if factors else 1.0
    if usual <= 1:
        return index, float(stats.chi2.sf(freedom * index / chance, freedom))
    weights = 1 + freedom * (usual - 1) * total / total.sum()
    effective = min(float(freedom), float(weights.sum() ** 2 / np.square(weights).sum()))
    return index, float(stats.f.sf(index / (chance * usual), effective, len(factors) * effective))


def _share(part: Floats, whole: Floats) -> float:
    """Return the share on the days before the newest."""
    return float(part[:-1].sum() / whole[:-1].sum())


def _others(check: str, count: int, profiles: list[Profile], what: str) -> Verdict:
    reason = f"Of {len(profiles)} fields, {count} {what} on {profiles[0].days[-1]}."
    return Verdict(check, "fields", "passed", float(count), None, reason)  # type: ignore[arg-type]
