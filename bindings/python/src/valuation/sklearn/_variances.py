# SPDX-License-Identifier: Apache-2.0
"""The uncertainty of the weights: the diagonal of a Laplace approximation of their posterior."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from valuation.sklearn._terms import Column, Term
from valuation.sklearn._weights import Weight, Weights


def variances(
    weights: Weights, columns: Sequence[Column], matrix: Any, curvatures: npt.NDArray[np.float64], precision: float
) -> dict[str, Any]:
    """Return the member ``variance`` of a document.

    A weight's posterior is taken to be Gaussian, with the curvature of the log-posterior in this weight alone: 1 /
    variance = precision + Σ curvature · x² (Chapelle and Li, 2011). x is as in the document, 1 or (number - mean) /
    std; if the penalised coefficient is the weight times a factor, the factor counts. The intercept has no prior.

    Parameters
    ----------
    weights : Weights
    columns : sequence of Column
        Of the training matrix.
    matrix : array or sparse matrix, shape (n_rows, n_columns)
    curvatures : ndarray of float64, shape (n_rows,)
        The sample weight of each row times p (1 - p).
    precision : float
        Of the coefficients' prior, λ.

    Raises
    ------
    ValueError
        If several columns have one label, or a weight's variance cannot be expressed in a document; by name.
    """
    squares = _sums_of_squares(matrix, curvatures)

    def variance(label: Term, weight: Weight) -> float:
        if len(weight.columns) > 1:
            raise ValueError(
                f"{str(label)!r} is in {len(weight.columns)} columns of the training matrix, whose uncertainties "
                f"depend on one another; leave one of them, or variances, out"
            )
        (position,) = weight.columns
        column = columns[position]
        offset, factor = (weight.mean - column.origin) / column.unit, weight.std / column.unit
        information = squares[position] if offset == 0 else curvatures @ (_dense(matrix, position) - offset) ** 2
        return _checked(str(label), factor**2, precision + float(information))

    of = {id(weight): variance(label, weight) for label, weight in weights.by_label.items()}
    members = weights.members(lambda weight: of[id(weight)], lambda weight: of[id(weight)])
    return {"intercept": _checked("intercept", 1.0, float(curvatures.sum())), **members}


def _checked(name: str, numerator: float, denominator: float) -> float:
    if numerator <= 10_000 * denominator:
        return numerator / denominator
    raise ValueError(
        f"the training rows say next to nothing of {name!r}: its variance would be beyond 10,000; penalise more, give "
        f"the rows that the model was fitted on, or leave variances out"
    )


def _sums_of_squares(matrix: Any, curvatures: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    if hasattr(matrix, "toarray"):
        return np.asarray(curvatures @ matrix.multiply(matrix))
    return np.asarray(np.einsum("i,ij,ij->j", curvatures, matrix, matrix))


def _dense(matrix: Any, position: int) -> npt.NDArray[np.float64]:
    column = matrix[:, [position]]
    return np.asarray(column.toarray() if hasattr(column, "toarray") else column, np.float64).ravel()
