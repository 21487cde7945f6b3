# SPDX-License-Identifier: Apache-2.0
"""Whether predictions match what happens, overall and for each campaign: Σp / Σy.

A model that predicts half as much again as happens has the AUC of the right one, and a log loss that is hardly worse;
but it overbids. The counts alone reveal it, with an exact interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from valuation_pipeline.checks.judging import apart, judged, percent
from valuation_pipeline.checks.options import Check, CheckOptions
from valuation_pipeline.checks.statistics import (
    Floats,
    adjusted,
    count_p_values,
    dispersion_of_others,
)
from valuation_pipeline.checks.verdicts import Verdict
from valuation_pipeline.training.metrics import poisson_interval
from valuation_pipeline.training.options import Target

Source = Literal["held_out", "engine", "logged"]

#: The checks of each source of predictions.
OVERALL: dict[Source, Check] = {
    "held_out": "calibration",
    "engine": "engine_calibration",
    "logged": "logged_calibration",
}
BY_CAMPAIGN: dict[Source, Check] = {
    "held_out": "campaign_calibration",
    "engine": "engine_campaign_calibration",
    "logged": "logged_campaign_calibration",
}


@dataclass(frozen=True)
class Predicted:
    """The predictions and outcomes of each campaign.

    Attributes
    ----------
    target : str
        "click" or "conversion".
    source : str
        The source of the predictions: "held_out" for models that were fitted without these days, "engine" for the
        models to be published, "logged" for those that servers logged.
    days : int
        The number of days.
    campaigns : list of str, n
    rows, predicted, observed : ndarray of float64, shape (n,)
        Rows, the sum of their probabilities, and the number with the outcome.
    variances : ndarray of float64, shape (n,)
        Of ``predicted``, where it is estimated from a sample of the negatives; 0 where all rows were predicted.
    """

    target: Target
    source: Source
    days: int
    campaigns: list[str]
    rows: Floats
    predicted: Floats
    observed: Floats
    variances: Floats

    @property
    def on(self) -> str:
        """The days, for people."""
        count = "day" if self.days == 1 else f"{self.days} days"
        complete = " with complete conversions" if self.target == "conversion" else ""
        return {
            "held_out": f"the {count} held back from training",
            "engine": f"the last {count}{complete}, scored by the engine",
            "logged": f"the last {count}{complete}, as servers logged them",
        }[self.source]


def check_calibration(predicted: Predicted, day_spread: float, options: CheckOptions) -> list[Verdict]:
    """Judge the sum over all campaigns.

    Parameters
    ----------
    predicted : Predicted
        For one target.
    day_spread : float
        The variance of the factor by which the overall rate of one day differs from that of the days trained on
        (:func:`volumes.day_spread`); that of the mean of several days is divided by their number.
    """
    check = OVERALL[predicted.source]
    said, happened = float(predicted.predicted.sum()), float(predicted.observed.sum())
    if said == 0 and happened == 0:
        return [Verdict(check, predicted.target, "skipped", None, None, f"There are no rows on {predicted.on}.")]
    level = options.levels().shared_by(2)  # two targets
    error = float(predicted.variances.sum()) / max(said, 1e-9) ** 2
    spread = day_spread / predicted.days + error
    ratio = said / happened if happened else np.inf
    p_value = float(count_p_values(happened, max(said, 1e-9), spread))
    status = judged(p_value, apart(ratio, options.calibration_limit), level)
    return [
        Verdict(
            check,
            predicted.target,
            status,
            _finite(ratio),
            _limit(ratio, options),
            _sentence(f"All campaigns on {predicted.on}", predicted.target, said, happened, error, status != "passed"),
        )
    ]


def check_campaigns(predicted: Predicted, day_spread: float, options: CheckOptions) -> list[Verdict]:
    """Judge each campaign: a verdict for each that is off, and one for all others.

    How far campaigns are off although nothing is wrong (their days differ, and rare ones are shrunk to the mean) is
    estimated from the other campaigns of each, and is at least ``campaign_effect``. A campaign without others is off as
    far as the days of all campaigns together.

    Parameters
    ----------
    predicted : Predicted
        Of one target.
    day_spread : float
        As in :func:`check_calibration`.
    """
    check = BY_CAMPAIGN[predicted.source]
    some = predicted.predicted > 0
    if not some.any():
        return [Verdict(check, predicted.target, "skipped", None, None, f"There are no rows on {predicted.on}.")]
    level = options.levels().shared_by(2)  # two targets
    names = [name for name, taken in zip(predicted.campaigns, some, strict=True) if taken]
    said, happened = predicted.predicted[some], predicted.observed[some]
    errors = predicted.variances[some] / np.square(said)
    alone = day_spread / predicted.days
    others = dispersion_of_others(happened, said, errors, alone, level=level.fail / len(names))
    spreads = np.maximum(options.campaign_effect**2, others)
    p_values = adjusted(count_p_values(happened, said, spreads + errors))
    verdicts = []
    for place in np.argsort(p_values):
        ratio = float(said[place] / happened[place]) if happened[place] else np.inf
        status = judged(float(p_values[place]), apart(ratio, options.calibration_limit), level)
        if status == "passed":
            continue
        what = f"Campaign {names[place]} on {predicted.on}"
        amounts = float(said[place]), float(happened[place]), float(errors[place])
        reason = _sentence(what, predicted.target, *amounts, off=True)
        verdicts.append(
            Verdict(check, f"{predicted.target} {names[place]}", status, _finite(ratio), _limit(ratio, options), reason)
        )
    count = len(names) - len(verdicts)
    typical = percent(float(np.median(spreads)) ** 0.5)
    reason = (
        f"Of {len(names)} campaigns on {predicted.on}, {count} predict {predicted.target}s as they happen; they may be "
        f"off by {typical} from one to another, and by chance."
    )
    return [*verdicts, Verdict(check, f"{predicted.target} all", "passed", float(count), None, reason)]


def ratio_interval(said: float, happened: float, error: float, level: float = 0.95) -> tuple[float, float]:
    """Return an interval for predicted over observed.

    Garwood's of what happened, and a log-normal one of what was predicted, are brought together by the distances of
    their ends (MOVER; Zou and Donner, Statistics in Medicine 27, 2008).

    Parameters
    ----------
    said, happened : float
        Above 0, and 0 or more.
    error : float
        Variance of what was predicted, as a share of its square.
    level : float, default=0.95

    Returns
    -------
    (float, float)
        The second is infinite if nothing happened.
    """
    low, high = poisson_interval(happened, level)
    of_predicted = float(stats.norm.isf((1 - level) / 2)) * error**0.5
    if happened == 0:
        return said / high * float(np.exp(-of_predicted)), np.inf
    below, above = np.hypot(np.log([high / happened, happened / low]), of_predicted)
    return said / happened * float(np.exp(-below)), said / happened * float(np.exp(above))


def _sentence(what: str, target: str, said: float, happened: float, error: float, off: bool) -> str:
    low, high = ratio_interval(said, happened, error)
    interval = f"{low:.3f} to {high:.3f}" if happened else f"{low:.3f} or more"
    ratio = f"a ratio of {said / happened:.3f}" if happened else "no ratio"
    found = (
        f"{what}: {said:,.1f} {target}s were predicted, {happened:,.0f} happened, {ratio} (95 % interval of the ratio "
        f"{interval})"
    )
    if not off:
        return f"{found}."
    wrong = "over-predicts and would overbid" if said > happened else "under-predicts and would lose auctions"
    return (
        f"{found}: the model {wrong}; check whether {target}s of these days are missing or added, whether the model "
        f"has the sampling rate, and what changed in the traffic."
    )


def _limit(ratio: float, options: CheckOptions) -> float:
    return 1 - options.calibration_limit if ratio < 1 else 1 / (1 - options.calibration_limit)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
