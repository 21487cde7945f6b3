# SPDX-License-Identifier: Apache-2.0
"""Whether models are better than constants; if not, constants are published.

Normalized entropy is the log loss of the model over that of a constant (He et al., "Practical lessons from predicting
clicks on ads at Facebook", 2014, section 3). The constant is the one that would be published: the rate known before the
held-back days.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from valuation_pipeline.checks.held_out import HeldOut
from valuation_pipeline.checks.options import CheckOptions
from valuation_pipeline.checks.statistics import adjusted, log_losses
from valuation_pipeline.checks.verdicts import Verdict


def check_entropy(held_out: HeldOut, options: CheckOptions) -> tuple[list[Verdict], set[str]]:
    """Judge a target as a whole, and each campaign.

    The target as a whole is judged by the normalized entropy itself. A single campaign is judged by whether its loss is
    larger than the constant's beyond chance: the mean difference of the losses of its rows over its standard error, by
    a normal distribution, and Benjamini and Hochberg over the campaigns at 1 - ``constant_confidence``.

    Returns
    -------
    verdicts : list of Verdict
        Those of constants that are to be published are warnings, because nothing has to be held back.
    campaigns : set of str
        The campaigns whose models are to be replaced by constants; all held-out ones and "*" if the target as a whole
        is no better.
    """
    target = held_out.target
    if not len(held_out.outcomes):
        reason = f"No rows of {target} were held back, so nothing shows that the models are better than constants."
        return [Verdict("entropy", target, "skipped", None, 1.0, reason)], set()
    model = held_out.weights * log_losses(held_out.outcomes, held_out.probabilities)
    constant = held_out.weights * log_losses(held_out.outcomes, held_out.constants)
    if constant.sum() == 0:
        reason = f"All held-out outcomes of {target} are alike, so no model can be better than a constant."
        return [Verdict("entropy", target, "skipped", None, 1.0, reason)], set()
    overall = float(model.sum() / constant.sum())
    days = "day" if held_out.days == 1 else f"{held_out.days} days"
    if overall >= 1:
        reason = (
            f"The {target} models have a normalized entropy of {overall:.4f} on the {days} held back: a constant is "
            f"hard to beat here, and constants are published for this target; look for informative features, "
            f"or use more days."
        )
        return [Verdict("entropy", target, "warned", overall, 1.0, reason)], {*held_out.campaigns, "*"}
    reason = (
        f"The {target} models have a normalized entropy of {overall:.4f} on the {days} held back; a constant has 1."
    )
    whole = Verdict("entropy", target, "passed", overall, 1.0, reason)

    places, ratios, p_values = [], [], []
    difference = model - constant
    for place in range(len(held_out.campaigns)):
        rows = held_out.rows_of(place)
        positives = int(held_out.outcomes[rows].sum())
        if positives < options.minimum_positives or positives == rows.stop - rows.start:
            continue
        error = float(difference[rows].std(ddof=1)) * (rows.stop - rows.start) ** 0.5
        excess = float(difference[rows].sum())
        places.append(place)
        ratios.append(float(model[rows].sum() / constant[rows].sum()))
        p_values.append(float(stats.norm.sf(excess / error)) if error > 0 else 1.0)
    worse = adjusted(np.array(p_values, np.float64)) < 1 - options.constant_confidence
    verdicts = [
        Verdict(
            "entropy",
            f"{target} {held_out.campaigns[place]}",
            "warned",
            ratio,
            1.0,
            f"The {target} model of campaign {held_out.campaigns[place]} has a normalized entropy of {ratio:.4f} on "
            f"the {days} held back, worse than a constant beyond chance (p {p_value:.2g}): the constant is published "
            f"for it; look at what sets its rows apart from the others'.",
        )
        for place, ratio, p_value, is_worse in zip(places, ratios, p_values, worse, strict=True)
        if is_worse
    ]
    better = sum(ratio < 1 for ratio in ratios)
    reason = (
        f"Of {len(held_out.campaigns)} campaigns, {len(places)} have {options.minimum_positives} held-out {target}s or "
        f"more; {better} of these have a normalized entropy below 1, and {len(verdicts)} are worse than a constant "
        f"beyond chance."
    )
    summary = Verdict("entropy", f"{target} all", "passed", float(len(verdicts)), None, reason)
    return [whole, *verdicts, summary], {held_out.campaigns[p] for p, w in zip(places, worse, strict=True) if w}
