# SPDX-License-Identifier: Apache-2.0
"""The checks of the log alone."""

from __future__ import annotations

from dataclasses import dataclass

from valuation_pipeline.checks.arrivals import impressions_by_day, outcomes_by_day
from valuation_pipeline.checks.calibration import BY_CAMPAIGN, OVERALL, check_calibration, check_campaigns
from valuation_pipeline.checks.campaign_rates import check_campaign_rates
from valuation_pipeline.checks.inputs import TARGETS, RunInputs
from valuation_pipeline.checks.logged import logged_predictions
from valuation_pipeline.checks.options import CheckOptions
from valuation_pipeline.checks.set_aside import check_set_aside, read_set_aside, read_used
from valuation_pipeline.checks.verdicts import Verdict
from valuation_pipeline.checks.volumes import check_volume, day_spread
from valuation_pipeline.database import connect
from valuation_pipeline.training.options import Target


@dataclass(frozen=True)
class Windows:
    """How long outcomes count, as in the extraction of the examples.

    Attributes
    ----------
    click_days, conversion_days : int
        The largest number of days after the impression.
    """

    click_days: int = 1
    conversion_days: int = 7

    def of(self, target: str) -> int:
        """Return the window of a target."""
        return self.click_days if target == "click" else self.conversion_days


def check_log(run: RunInputs, windows: Windows, options: CheckOptions) -> tuple[list[Verdict], dict[Target, float]]:
    """Judge the newest day of the log by the days before.

    A day without impressions fails by itself; the newest day that has some is judged as always.

    Returns
    -------
    verdicts : list of Verdict
    spreads : dict of target to float
        The variance of the factor by which the rate of one day differs from that of the days before.
    """
    spreads: dict[Target, float] = {}
    with connect() as connection:
        verdicts = _day_without_impressions(run) + check_volume(impressions_by_day(connection, run.examples), options)
        for target in TARGETS:
            whole, campaigns = outcomes_by_day(connection, run.examples, target, windows.of(target))
            verdicts += check_volume(whole, options)
            verdicts += check_campaign_rates(campaigns, options)
            counts = whole.counts.sum(axis=1)
            spreads[target] = (
                day_spread(counts[:-1], whole.exposures[:-1], options.day_effect) if len(counts) > 2 else 0.0
            )
            spreads[target] = max(spreads[target], options.day_effect**2)
            logged = logged_predictions(connection, run, target, windows.of(target), options.recent_days)
            if logged is None:
                reason = f"The log has no predictions of {target}s; log pctr and pcvr to have them judged."
                verdicts += [
                    Verdict(check, target, "skipped", None, None, reason)
                    for check in (OVERALL["logged"], BY_CAMPAIGN["logged"])
                ]
            else:
                verdicts += check_calibration(logged, spreads[target], options)
                verdicts += check_campaigns(logged, spreads[target], options)
        if run.set_aside.is_file():
            set_aside = read_set_aside(connection, run.set_aside, run.newest)
            used = read_used(connection, run.examples, run.newest)
            verdicts += check_set_aside(set_aside, used, str(run.newest), options)
        else:
            reason = f"{run.set_aside} is not there, so nothing is known of rows that were set aside."
            verdicts.append(Verdict("set_aside", "all tables", "skipped", None, None, reason))
    return verdicts, spreads


def _day_without_impressions(run: RunInputs) -> list[Verdict]:
    if run.last_day == run.newest:
        return []
    reason = (
        f"{run.last_day} has no impression that can be used, and {run.newest} is the last day that has: its files are "
        f"empty or were not delivered, or all its rows were set aside; see counts.json, and have the day delivered "
        f"again. All other checks judge {run.newest}."
    )
    return [Verdict("impressions", str(run.last_day), "failed", 0.0, None, reason)]
