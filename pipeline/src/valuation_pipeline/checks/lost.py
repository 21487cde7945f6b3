# SPDX-License-Identifier: Apache-2.0
"""Whether campaigns were lost since the last release: their models, or their impressions."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from valuation import Comparison

from valuation_pipeline.checks.judging import percent
from valuation_pipeline.checks.options import CheckOptions
from valuation_pipeline.checks.verdicts import Status, Verdict

#: How many campaigns a sentence names.
NAMED = 5
#: The share of a day's impressions that may fall back to the shared model. Small corrections come and go by chance.
FALLEN_BACK = 0.5


def check_lost(
    comparison: Comparison,
    shared: Collection[str],
    newest: Mapping[str, int],
    before: Mapping[str, int],
    options: CheckOptions,
) -> list[Verdict]:
    """Judge the models that the last release has and these have not, and the campaigns that are no longer shown.

    A campaign may end, or become too small for a model of its own, although nothing is wrong; so its share of the
    impressions decides. A campaign that the shared model still values has not lost its values. A model without weights
    is not a loss: a constant that stood in for a model is replaced on the first day when the model is better again.

    Parameters
    ----------
    comparison : Comparison
        From the last release to the models to be published.
    shared : collection of str
        The targets that have a shared model to be published.
    newest, before : mapping of str to int
        Impressions of each campaign on the newest day, and on the day before.
    options : CheckOptions
        ``lost_limit`` is used.
    """
    verdicts = []
    for target in ("click", "conversion"):
        changes = [m for m in comparison["models"] if m["target"] == target and m["change"] == "dropped"]
        dropped = [m["campaign"] for m in changes if m["campaign"] == "*" or m["dropped"]]
        lost = sorted((name for name in dropped if newest.get(name)), key=lambda name: -newest[name])
        share = _share(lost, newest)
        limit = FALLEN_BACK if target in shared else options.lost_limit
        instead = "the shared one values them" if target in shared else "their observed rates value them"
        status: Status = "passed"
        if "*" in dropped:
            status = "failed"
            reason = (
                f"The last release has a shared {target} model and this one has none, so campaigns without a model of "
                f"their own would be valued by their observed rates: check the training's strategy and its messages."
            )
        elif share > limit:
            status = "warned" if target in shared else "failed"
            reason = (
                f"{len(lost)} campaigns of the last release with {percent(share)} of the day's impressions have no "
                f"{target} model of their own any more ({_named(lost)}); {instead}: look at what training.json says of "
                f"them, and whether their rows are in the log."
            )
        else:
            reason = (
                f"{len(lost)} campaigns with {percent(share)} of the day's impressions have no {target} model of their "
                f"own any more, and {instead}; {len(dropped) - len(lost)} that had one are no longer shown."
            )
        verdicts.append(Verdict("campaigns_lost", target, status, share, limit, reason))
    gone = sorted((name for name in before if not newest.get(name)), key=lambda name: -before[name])
    share = _share(gone, before)
    found = f"{len(gone)} campaigns that had {percent(share)} of the impressions of the day before have none"
    if share > options.lost_limit:
        reason = (
            f"{found} ({_named(gone)}): if they have not ended, their part of the log is missing; have it delivered."
        )
        return [*verdicts, Verdict("campaigns_lost", "log", "warned", share, options.lost_limit, reason)]
    return [*verdicts, Verdict("campaigns_lost", "log", "passed", share, options.lost_limit, f"{found}.")]


def _share(campaigns: list[str], impressions: Mapping[str, int]) -> float:
    total = sum(impressions.values())
    return sum(impressions.get(name, 0) for name in campaigns) / total if total else 0.0


def _named(campaigns: list[str]) -> str:
    more = f" and {len(campaigns) - NAMED} more" if len(campaigns) > NAMED else ""
    return ", ".join(campaigns[:NAMED]) + more
