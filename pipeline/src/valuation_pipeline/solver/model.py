# SPDX-License-Identifier: Apache-2.0
"""Predictions of a fitted model for rows."""

from __future__ import annotations

import ctypes

import numpy as np
from numpy.typing import ArrayLike, NDArray

from valuation_pipeline.solver._arrays import address, floats
from valuation_pipeline.solver._library import call
from valuation_pipeline.solver.problem import Problem, Rows


def linear_predictor(
    rows: Rows | Problem, intercept: float, coefficients: ArrayLike, offset: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Compute offset + intercept + the sum of each row's coefficients, the logit of its probability.

    Parameters
    ----------
    rows
        n rows; of a problem, neither the outcomes nor the offset are used.
    intercept, coefficients
        A model; (p + m,) coefficients, finite.
    offset
        (n,), None for all 0.

    Returns
    -------
    numpy.ndarray
        (n,) doubles.

    Raises
    ------
    SolverError
        If a shape or a value does not match; the message names the array and the row.

    Notes
    -----
    O(entries + n m) time, no memory besides the result.
    """
    coefficients = floats("coefficients", coefficients, (rows.coefficient_count,))
    if offset is not None:
        offset = floats("offset", offset, (rows.row_count,))
    struct = rows.rows_struct()
    struct.offset = address(offset)
    predictor = np.empty(rows.row_count)
    call("valuation_solver_linear_predictor", struct, float(intercept), address(coefficients), address(predictor))
    return predictor


def curvature(problem: Problem, intercept: float, coefficients: ArrayLike) -> tuple[float, NDArray[np.float64]]:
    """Compute the diagonal of the Hessian of the weighted log-loss's sum, sum_i w_i p_i (1 - p_i) x_ij^2.

    Its inverse approximates the variance of a coefficient with a flat prior, given the others (Laplace); add the
    precision of a prior if there is one.

    Parameters
    ----------
    problem
        The rows with their weights and offset; outcomes are ignored.
    intercept, coefficients
        A model; (p + m,) coefficients, finite.

    Returns
    -------
    tuple[float, numpy.ndarray]
        Of the intercept, and (p + m,) of the columns, in units of the weights.

    Raises
    ------
    SolverError
        If a shape or a value does not match.

    Notes
    -----
    O(entries + n m) time, 8 bytes a column besides the result.
    """
    coefficients = floats("coefficients", coefficients, (problem.coefficient_count,))
    of_intercept = ctypes.c_double()
    curvatures = np.empty(problem.coefficient_count)
    call(
        "valuation_solver_curvature",
        problem.struct(),
        float(intercept),
        address(coefficients),
        ctypes.byref(of_intercept),
        address(curvatures),
    )
    return of_intercept.value, curvatures
