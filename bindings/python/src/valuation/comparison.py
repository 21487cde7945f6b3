# SPDX-License-Identifier: Apache-2.0
"""Comparing two sets of models: the changes that a new release would bring."""

from __future__ import annotations

import os
from typing import Literal, TypedDict, cast

from valuation._arguments import path_arguments
from valuation._library import library
from valuation._report import report_of


class WeightChange(TypedDict):
    """A weight before and after; None if it does not exist."""

    #: For example ``slot=12``, ``days_since_visit`` (per unit), ``slot=12 x creative=55``.
    weight: str
    before: float | None
    after: float | None


class ConstantChange(TypedDict):
    """Intercept and sampling correction of a model, as one logit; None if there is no model."""

    before: float | None
    after: float | None


class BaseChange(TypedDict):
    """The campaign whose model is extended; None for no model."""

    before: str | None
    after: str | None


class _ModelComparison(TypedDict):
    campaign: str
    target: Literal["click", "conversion"]
    change: Literal["added", "dropped", "changed"]
    constant: ConstantChange
    #: How many weights are new, gone, changed, and unchanged.
    added: int
    dropped: int
    moved: int
    unchanged: int
    #: The sum of the distances by which the weights moved.
    distance: float
    #: The weights that moved farthest, farthest first.
    most: list[WeightChange]


class ModelComparison(_ModelComparison, total=False):
    """The changes of the model of one campaign and target; ``extends`` is present if that changed."""

    extends: BaseChange


class Comparison(TypedDict):
    """The changes from one set of models to another: the models that differ, and totals of models and weights."""

    models: list[ModelComparison]
    added_models: int
    dropped_models: int
    changed_models: int
    unchanged_models: int
    added: int
    dropped: int
    moved: int


def compare_models(before: str | os.PathLike[str], after: str | os.PathLike[str], most: int = 10) -> Comparison:
    """Compare two sets of model files. Any thread.

    Parameters
    ----------
    before, after : str or os.PathLike
        As :meth:`valuation.Engine.load` takes them, but no compiled files.
    most : int, default=10
        How many weights of each model to name, those that moved farthest.

    Returns
    -------
    dict
        See :class:`Comparison`. O(bytes + weights); all labels of the first set are in memory; self-tests do not run.

    Raises
    ------
    ModelError, ModelNotFoundError, ChecksumError, OutOfMemoryError
        As :meth:`valuation.Engine.load`.
    InvalidArgumentError
        If one is a compiled file.
    ValueError
        If ``most`` is negative, or beyond 64 bits.
    """
    if not 0 <= most < 2**63:
        raise ValueError(f"most must be from 0 to 2**63 - 1, not {most}")
    comparison = report_of(library.valuation_compare, *path_arguments(before), *path_arguments(after), most)
    return cast(Comparison, comparison)
