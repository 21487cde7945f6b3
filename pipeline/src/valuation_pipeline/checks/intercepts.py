# SPDX-License-Identifier: Apache-2.0
"""The probability at the intercept, compared with the overall rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, log
from typing import Any

from valuation_pipeline.checks.judging import percent
from valuation_pipeline.checks.options import CheckOptions
from valuation_pipeline.checks.verdicts import Status, Verdict
from valuation_pipeline.training.options import Target


def check_intercepts(documents: Sequence[Mapping[str, Any]], target: Target, options: CheckOptions) -> list[Verdict]:
    """Judge the prediction of each base model for a row without any features, after the correction for sampling.

    With penalised weights the intercept is near the rate. If a model's sampling correction is missing, or made twice,
    the intercept is off by the sampling rate itself, and so is every prediction. A model that extends another lacks the
    weights of its own campaign there, so it is judged only by its calibration.
    """
    models = [d for d in documents if d.get("target") == target and not d.get("extends")]
    if not models:
        return [Verdict("intercept", target, "skipped", None, None, f"There is no {target} model.")]
    verdicts, judged = [], 0
    for document in models:
        training = document.get("training") or {}
        rows, positives = training.get("rows"), training.get("positives")
        if not rows or not positives or positives == rows:
            continue
        judged += 1
        rate, sampling = positives / rows, document["negative_sampling_rate"]
        logit = document["intercept"] + log(sampling)
        factor = exp(logit - log(rate / (1 - rate)))
        is_off = max(factor, 1 / factor) > options.intercept_limit
        if not is_off and document["campaign"] != "*":
            continue
        status: Status = "failed" if is_off else "passed"
        name = "shared model" if document["campaign"] == "*" else f"model of campaign {document['campaign']}"
        reason = (
            f"The {target} {name} gives {percent(1 / (1 + exp(-logit)))} to a row without features; {percent(rate)} of "
            f"its {rows:,} rows had the outcome (a factor of {factor:.3g} in the odds)"
        )
        reason += (
            f": its sampling correction (rate {sampling:g}) is missing or made twice, or its weights carry what its "
            f"intercept should; compare both with the run before."
            if is_off
            else "."
        )
        verdicts.append(
            Verdict("intercept", f"{target} {document['campaign']}", status, factor, options.intercept_limit, reason)
        )
    if not verdicts:
        reason = (
            f"All {judged} {target} models that extend no other and say their rate have odds within a factor of "
            f"{options.intercept_limit:g} of it at their intercept."
        )
        status = "passed" if judged else "skipped"
        verdicts.append(Verdict("intercept", f"{target} all", status, None, options.intercept_limit, reason))
    return verdicts
