# SPDX-License-Identifier: Apache-2.0
"""Whether each campaign's clicks and conversions match its earlier ones, and those of other campaigns.

A trainer learns wrong labels: a campaign whose labels were swapped for all days is predicted well, and only its rate
gives it away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from valuation_pipeline.checks.judging import apart, judged, percent
from valuation_pipeline.checks.options import CheckOptions, Levels
from valuation_pipeline.checks.statistics import Floats, adjusted, count_p_values, dispersion_of_others
from valuation_pipeline.checks.verdicts import Verdict

#: The largest distance of a campaign's log-odds from those of the median campaign, in robust standard deviations.
FARTHEST = 6.0


@dataclass(frozen=True)
class CampaignArrivals:
    """Clicks or conversions of each campaign.

    Attributes
    ----------
    target : str
        "click" or "conversion".
    of : str
        What they are counted among: "impressions" or "clicks".
    day : str
        The newest day.
    days_before : int
        The number of days with which it is compared.
    campaigns : list of str, n
    counts, exposures : ndarray of float64, shape (n, 2)
        The total of the days before, the count of the newest day, and the expected count according to all campaigns'
        rates.
    shown : ndarray of float64, shape (n,)
        Impressions or clicks of all these days.
    """

    target: str
    of: str
    day: str
    days_before: int
    campaigns: list[str]
    counts: Floats
    exposures: Floats
    shown: Floats


def check_campaign_rates(arrivals: CampaignArrivals, options: CheckOptions) -> list[Verdict]:
    """Judge the newest day of each campaign by its earlier days, and its whole rate by other campaigns'."""
    if not arrivals.campaigns:
        reason = f"No campaign had a {arrivals.target} before {arrivals.day}."
        return [Verdict("campaign_rates", f"{arrivals.target} all", "skipped", None, None, reason)]
    level = options.levels().shared_by(2)  # two targets
    verdicts = [*_changed(arrivals, options, level), *_outlying(arrivals)]
    count = len(arrivals.campaigns)
    fine = count - len({verdict.subject for verdict in verdicts})
    reason = (
        f"Of {count} campaigns, {fine} have the {arrivals.target} rate on {arrivals.day} that is expected "
        f"from their past and from others."
    )
    return [*verdicts, Verdict("campaign_rates", f"{arrivals.target} all", "passed", float(fine), None, reason)]


def _changed(arrivals: CampaignArrivals, options: CheckOptions, levels: Levels) -> list[Verdict]:
    before, now = arrivals.counts[:, 0], arrivals.counts[:, 1]
    judgeable = (before > 0) & (arrivals.exposures[:, 0] > 0) & (arrivals.exposures[:, 1] > 0)
    if arrivals.days_before < 2 or not judgeable.any():
        return []
    before, now, exposures = before[judgeable], now[judgeable], arrivals.exposures[judgeable]
    expected = before / exposures[:, 0] * exposures[:, 1]
    # How far campaigns differ beyond the chance in both of their counts.
    others = dispersion_of_others(now, expected, 1 / before, alone=0.0, level=levels.fail / len(now))
    own = np.maximum(options.day_effect**2, others)
    spread = own * (1 + 1 / arrivals.days_before) + 1 / before
    p_values = adjusted(count_p_values(now, expected, spread))
    names = [name for name, taken in zip(arrivals.campaigns, judgeable, strict=True) if taken]
    verdicts = []
    for place in np.argsort(p_values):
        ratio = float(now[place] / expected[place])
        status = judged(float(p_values[place]), apart(ratio, options.campaign_rate_limit), levels)
        if status != "passed":
            limit = options.campaign_rate_limit
            reason = (
                f"Campaign {names[place]} has {now[place]:,.0f} {arrivals.target}s on {arrivals.day} where its "
                f"{arrivals.of} and its rate on the {arrivals.days_before} days before lead one to expect "
                f"{expected[place]:,.1f} (ratio {ratio:.3f}): its {arrivals.target}s are missing, swapped or counted "
                f"in another way; look at how they are reported."
            )
            bound = 1 - limit if ratio < 1 else 1 / (1 - limit)
            subject = f"{arrivals.target} {names[place]}"
            verdicts.append(Verdict("campaign_rates", subject, status, ratio, bound, reason))
    return verdicts


def _outlying(arrivals: CampaignArrivals) -> list[Verdict]:
    """Find rates that are far above those of other campaigns, by the median and the median absolute deviation."""
    shown = arrivals.shown
    counts = np.minimum(arrivals.counts.sum(axis=1), shown)  # some are of days before
    odds = np.log((counts + 0.5) / (shown - counts + 0.5))
    known = counts >= 10
    if known.sum() < 5:
        return []
    middle = float(np.median(odds[known]))
    deviation = max(0.5, 1.4826 * float(np.median(np.abs(odds[known] - middle))))
    verdicts = []
    for place in np.flatnonzero(known & (odds - middle > FARTHEST * deviation)):
        rate = float(counts[place] / shown[place])
        reason = (
            f"Campaign {arrivals.campaigns[place]} has {counts[place]:,.0f} {arrivals.target}s of {shown[place]:,.0f} "
            f"{arrivals.of}, {percent(rate)}, where the median campaign has {percent(1 / (1 + np.exp(-middle)))}: "
            f"{(odds[place] - middle) / deviation:.1f} robust standard deviations above in log-odds; its labels may be "
            f"swapped, or its {arrivals.target}s made by machines; leave the campaign out until that is known."
        )
        subject = f"{arrivals.target} {arrivals.campaigns[place]}"
        verdicts.append(
            Verdict("campaign_rates", subject, "failed", rate, 1 / (1 + np.exp(-middle - FARTHEST * deviation)), reason)
        )
    return verdicts
