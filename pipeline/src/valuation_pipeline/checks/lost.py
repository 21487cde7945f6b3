# SPDX-License-Identifier: Apache-2.0
"""Whether campaigns that had a model yesterday, and have traffic, have none today."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from valuation import Comparison

from valuation_pipeline.checks.judging import percent
from valuation_pipeline.checks.options import CheckOptions
from valuation_pipeline.checks.verdicts import Status, Verdict

#: How many campaigns a sentence names.
NAMED = 5


def check_lost(
    comparison: Comparison,
    impressions: Mapping[str, int],
    decided: Mapping[str, Collection[str]],
    options: CheckOptions,
) -> list[Verdict]:
    """Judge the models that the last release has and these models have not.

    Parameters
    ----------
    comparison : Comparison
        From the last release to the models to be published.
    impressions : mapping of str to int
        Of each campaign on the newest day.
    decided : mapping of target to campaigns
        Those that this run's training looked at, whether it gave them a model of their own or not: a campaign that has
        become too small for one is no loss.
    options : CheckOptions
        ``lost_limit`` is used.
    """
    total = sum(impressions.values())
    verdicts = []
    for target in ("click", "conversion"):
        before = sum(m["target"] == target and m["change"] != "added" for m in comparison["models"])
        dropped = [
            model["campaign"]
            for model in comparison["models"]
            if model["target"] == target and model["change"] == "dropped"
        ]
        ended = [name for name in dropped if not impressions.get(name) and name != "*"]
        smaller = [name for name in dropped if name not in ended and name in decided.get(target, ())]
        lost = [name for name in dropped if name not in ended and name not in smaller]
        share = sum(impressions.get(name, 0) for name in lost) / total if total else 0.0
        status: Status = "passed"
        if "*" in lost or share > options.lost_limit:
            status = "failed"
        elif lost:
            status = "warned"
        if lost:
            reason = (
                f"{len(lost)} campaigns of the last release ({_named(lost)}) have no {target} model and are unknown "
                f"to this run's training, though they have {percent(share)} of the day's impressions: their rows are "
                f"missing from the log's window; have them delivered, or check how campaigns are named."
            )
        else:
            reason = (
                f"No campaign with traffic lost its {target} model unnoticed: {len(ended)} of the last release have "
                f"ended, {len(smaller)} have become too small for a model of their own, {before - len(dropped)} have "
                f"another model."
            )
        verdicts.append(Verdict("campaigns_lost", target, status, share, options.lost_limit, reason))
    return verdicts


def _named(campaigns: list[str]) -> str:
    more = f" and {len(campaigns) - NAMED} more" if len(campaigns) > NAMED else ""
    return ", ".join(campaigns[:NAMED]) + more
