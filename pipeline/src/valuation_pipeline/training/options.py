# SPDX-License-Identifier: Apache-2.0
"""The options of training: the section ``[training]`` of pipeline.toml."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from valuation_pipeline.options import Options

Strategy = Literal["pooled", "corrections", "joint", "separate"]
Target = Literal["click", "conversion"]
STRATEGIES: tuple[Strategy, ...] = ("pooled", "corrections", "joint", "separate")


class TrainingOptions(Options):
    """How models are trained. Documentation/training.md says how the defaults were found.

    Attributes
    ----------
    strategy : str, default="corrections"
        ``pooled``: one model for all campaigns. ``corrections``: a shared model and a sparse correction for each
        campaign that extends it. ``joint``: both in one problem. ``separate``: a model for each campaign that shares
        no weights with the others.
    validation_days : int, default=1
        Days held back to choose penalties of click models.
    conversion_validation_days : int, default=3
        The same for conversion models: days of which every conversion is known.
    gap_days : int, default=0
        Days between the fitted and the held-back ones, for click models. Conversion models use what was known when the
        first held-back day began.
    minimum_expected_positives : float
        A campaign has a model of its own if at least this many positives are expected of its rows at all campaigns'
        rate. Rows decide, not positives: campaigns picked for many positives were partly lucky, and their models would
        predict too much.
    size_classes : list of int
        Bounds between classes of campaigns, by positives in the fitted days; a bound belongs to the class above it.
    class_positives : float
        In the choice of a campaign's penalty, the weight of its class's mean loss in expected positives, compared with
        the loss of its own held-back days.
    intercept_precision : float
        Precision of a correction's intercept, whose prior is normal around 0, in units of the log-odds.
    half_life_days : float, optional
        Rows of this age weigh half as much as today's. By default, all rows weigh the same.
    variances : bool, default=False
        Whether models have the variances of their weights, for policies that explore.
    delay : "leave_out" or "offset", default="offset"
        How to treat clicks so young that conversions may still come: leave them out, or keep them with an offset, the
        log of the share of conversions that has come by their age.
    self_tests : int, default=6
        Examples for each model, which the engine must reproduce before a release serves.
    """

    strategy: Strategy = "corrections"
    validation_days: int = Field(1, ge=1)
    conversion_validation_days: int = Field(3, ge=1)
    gap_days: int = Field(0, ge=0)
    minimum_expected_positives: float = Field(10.0, ge=0)
    size_classes: tuple[int, ...] = (50, 501)
    class_positives: float = Field(100.0, ge=0)
    intercept_precision: float = Field(10.0, ge=0)
    half_life_days: float | None = Field(None, gt=0)
    variances: bool = False
    delay: Literal["leave_out", "offset"] = "offset"
    self_tests: int = Field(6, ge=0, le=1000)
