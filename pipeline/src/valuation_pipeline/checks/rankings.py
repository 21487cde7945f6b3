# SPDX-License-Identifier: Apache-2.0
"""Whether positives are ranked above negatives, for each campaign: AUC."""

from __future__ import annotations

import numpy as np

from valuation_pipeline.checks.held_out import HeldOut
from valuation_pipeline.checks.judging import judged
from valuation_pipeline.checks.options import CheckOptions
from valuation_pipeline.checks.statistics import adjusted, ranking
from valuation_pipeline.checks.verdicts import Verdict


def check_ranking(held_out: HeldOut, options: CheckOptions) -> list[Verdict]:
    """Judge each campaign whose rows are ranked worse than at random beyond chance, as with swapped labels."""
    target = held_out.target
    places, found = [], []
    for place in range(len(held_out.campaigns)):
        rows = held_out.rows_of(place)
        outcomes = held_out.outcomes[rows]
        one = ranking(outcomes, held_out.probabilities[rows])
        if one is not None and min(outcomes.sum(), (~outcomes).sum()) >= options.minimum_positives:
            places.append(place)
            found.append(one)
    whole = ranking(held_out.outcomes, held_out.probabilities)
    if whole is None or not found:
        reason = f"No campaign has {options.minimum_positives} held-out {target}s, so AUC is not informative."
        return [Verdict("ranking", target, "skipped", None, 0.5, reason)]
    half = options.levels().shared_by(2)  # two targets
    p_values = adjusted(np.array([one.p_value for one in found]))
    verdicts = []
    for place, one, p_value in zip(places, found, p_values, strict=True):
        status = judged(float(p_value), one.auc < 0.5, half)
        if status != "passed":
            reason = (
                f"The {target} model of campaign {held_out.campaigns[place]} has an AUC of {one.auc:.3f} on "
                f"held-back days, worse than chance: what it puts last happens most, so labels were swapped on one "
                f"side; compare how its {target}s were reported on these days and on those before."
            )
            verdicts.append(Verdict("ranking", f"{target} {held_out.campaigns[place]}", status, one.auc, 0.5, reason))
    aucs = [one.auc for one in found]
    reason = (
        f"AUC of {target} over all rows is {whole.auc:.3f}; within the {len(found)} campaigns that have "
        f"{options.minimum_positives} or more, it is {np.median(aucs):.3f} in the median, {min(aucs):.3f} at least and "
        f"{max(aucs):.3f} at most."
    )
    return [*verdicts, Verdict("ranking", f"{target} all", "passed", whole.auc, 0.5, reason)]
