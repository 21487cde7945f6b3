# SPDX-License-Identifier: Apache-2.0
"""The changes that the new models make, in weights and in money, on impressions of the last day."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from valuation import Comparison
from valuation.comparison import ModelComparison

from valuation_pipeline.checks.judging import percent
from valuation_pipeline.checks.options import CheckOptions
from valuation_pipeline.checks.statistics import Floats
from valuation_pipeline.checks.verdicts import Status, Verdict


def check_weights(comparison: Comparison) -> list[Verdict]:
    """Report the weights that moved farthest: for people, because no distance is wrong by itself."""
    changed = [model for model in comparison["models"] if model["change"] == "changed"]
    farthest = sorted(changed, key=lambda model: -(model["distance"] or 0))[:3]
    told = "; ".join(_told(model) for model in farthest)
    reason = (
        f"{comparison['changed_models']} models changed, {comparison['unchanged_models']} did not, "
        f"{comparison['added_models']} are new, {comparison['dropped_models']} are gone; {comparison['moved']} weights "
        f"moved, {comparison['added']} are new, {comparison['dropped']} are gone"
        + (f" (farthest: {told})." if told else ".")
    )
    return [Verdict("moved", "weights", "passed", float(comparison["moved"]), None, reason)]


def check_money(campaigns: npt.NDArray[Any], before: Floats, after: Floats, options: CheckOptions) -> list[Verdict]:
    """Judge how much the expected revenue of impressions changes, in total and for each campaign.

    Parameters
    ----------
    campaigns : ndarray of str, shape (rows,)
        Of impressions of the newest day.
    before, after : ndarray of float64, shape (rows,)
        Their expected revenue according to the last release and to the models to be published, at their logged bids.
    options : CheckOptions
        ``moved_limit`` and ``campaign_moved_limit`` are used.
    """
    was, becomes = float(before.sum()), float(after.sum())
    if was == 0:
        reason = "The last release expects no revenue of the day's impressions, so there is nothing to compare."
        return [Verdict("moved", "revenue", "skipped", None, options.moved_limit, reason)]
    change = becomes / was - 1
    status: Status = "failed" if abs(change) > options.moved_limit else "passed"
    reason = (
        f"On {len(before):,} impressions of the last day, the models to be published expect {becomes:,.2f} where the "
        f"last release expects {was:,.2f} ({100 * change:+.1f} %), at the logged bids"
    )
    reason += (
        ": bids and budgets would move with it; look which campaigns it comes from, and whether the log explains it."
        if status != "passed"
        else "."
    )
    verdicts = [Verdict("moved", "revenue", status, change, options.moved_limit, reason)]
    names, codes = np.unique(campaigns, return_inverse=True)
    old, new = np.bincount(codes, before, len(names)), np.bincount(codes, after, len(names))
    large = np.maximum(old, new) >= 0.01 * max(was, becomes)
    for place in np.flatnonzero(
        large & (np.maximum(old, new) > (1 + options.campaign_moved_limit) * np.minimum(old, new))
    ):
        by = f"{100 * (new[place] / old[place] - 1):+.1f} %" if old[place] else "from nothing"
        share = percent(new[place] / becomes if becomes else 0.0)
        reason = (
            f"Campaign {names[place]} would be expected to earn {new[place]:,.2f} instead of {old[place]:,.2f} on "
            f"these impressions ({by}), {share} of all: look whether its clicks and "
            f"conversions changed."
        )
        value = float(new[place] / old[place] - 1) if old[place] else None
        verdicts.append(
            Verdict("moved", f"revenue {names[place]}", "failed", value, options.campaign_moved_limit, reason)
        )
    return verdicts


def _told(model: ModelComparison) -> str:
    most = model["most"][0] if model["most"] else None
    weight = f", {most['weight']} {_number(most['before'])} → {_number(most['after'])}" if most is not None else ""
    constant = f"constant {_number(model['constant']['before'])} → {_number(model['constant']['after'])}"
    return f"{model['target']} of {model['campaign']}: {constant}{weight}"


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"
