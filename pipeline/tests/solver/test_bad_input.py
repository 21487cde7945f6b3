# SPDX-License-Identifier: Apache-2.0
"""Every bad input is named: the array, the place, and what it should be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.solver import Problem, Rows, SolverError, curvature, fit_path, linear_predictor

GOOD: dict[str, Any] = {
    "starts": [0, 2, 2, 3],
    "columns": [1, 0, 2],
    "column_count": 3,
    "outcomes": [0, 1, 0.5],
    "numbers": [[0.5, 1], [2, 3], [-1, 0]],
    "weights": [1, 2, 3],
    "offset": [0, 0, 1],
    "penalty_factors": [1, 1, 0, np.inf, 1],
    "precisions": [0, 1, 2, 0, 1e12],
}
NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("starts", [0], r"starts: there are no rows"),
        ("starts", [[0, 2]], r"starts: it has the shape \(1, 2\); a vector is needed"),
        ("starts", [0.0, 2, 2, 3], r"starts: it is of type float64; integers are needed"),
        ("starts", [0, 2, 2, 4], r"starts: the last one is 4, but there are 3 columns"),
        ("starts", [1, 2, 2, 3], r"starts\[0\]: the first row begins at 0"),
        ("starts", [0, 2, 1, 3], r"starts\[2\] \(row 1\): a row cannot end before it begins"),
        ("starts", [0, -1, 2, 3], r"starts\[1\] \(row 0\): a row cannot end before it begins"),
        ("starts", [0, 2**62, 2, 3], r"starts\[2\] \(row 1\): a row cannot end before it begins"),
        ("columns", [1, 0, 3], r"columns\[2\] \(row 2\): a column is from 0 to column_count - 1"),
        ("columns", [1, -1, 0], r"columns\[1\] \(row 0\): a column is from 0 to column_count - 1"),
        ("columns", [1, 2**31, 0], r"columns\[1\]: 2147483648 does not fit int32"),
        ("columns", ["a", "b", "c"], r"columns: it is of type <U1; integers are needed"),
        ("column_count", -1, r"column_count: -1 is not from 0 to 2147483647"),
        ("column_count", 2**31, r"column_count: 2147483648 is not from 0 to 2147483647"),
        ("column_count", 2.5, r"column_count: .*float"),
        ("column_count", 0, r"column_count: it is 0, but rows name columns"),
        ("outcomes", [0, 1.5, 0], r"outcomes\[1\] \(row 1\): an outcome is a number from 0 to 1"),
        ("outcomes", [0, -0.1, 0], r"outcomes\[1\] \(row 1\): an outcome is a number from 0 to 1"),
        ("outcomes", [0, 1, NAN], r"outcomes\[2\] \(row 2\): an outcome is a number from 0 to 1"),
        ("outcomes", [0, 1], r"outcomes: it has the shape \(2,\); \(3\) is needed"),
        ("outcomes", ["a", "b", "c"], r"outcomes: could not convert string to float"),
        ("numbers", [[0, 1], [2, 3]], r"numbers: it has the shape \(2, 2\); \(3, any\) is needed"),
        ("numbers", [0, 1, 2], r"numbers: it has the shape \(3,\); \(3, any\) is needed"),
        ("numbers", [[0, 1], [2, INFINITY], [0, 0]], r"numbers\[3\] \(row 1, column 4\): a number is finite"),
        ("numbers", [[0, 1], [2e6, 0], [0, 0]], r"numbers\[2\] \(row 1, column 3\): .* standardise"),
        ("weights", [1, 2], r"weights: it has the shape \(2,\); \(3\) is needed"),
        ("weights", [1, -2, 3], r"weights\[1\] \(row 1\): a weight is finite and 0 or more"),
        ("weights", [1, INFINITY, 3], r"weights\[1\] \(row 1\): a weight is finite and 0 or more"),
        ("weights", [NAN, 1, 3], r"weights\[0\] \(row 0\): a weight is finite and 0 or more"),
        ("weights", [0, 0, 0], r"weights: their sum must lie between .* at least one row needs a weight above 0"),
        ("weights", [1e-300, 0, 0], r"weights: their sum must lie between"),
        ("weights", [1e308, 1e308, 0], r"weights: their sum must lie between"),
        ("offset", [0, 0], r"offset: it has the shape"),
        ("offset", [0, 0, NAN], r"offset\[2\] \(row 2\): an offset is finite and from -1e6 to 1e6"),
        ("offset", [0, 1e7, 0], r"offset\[1\] \(row 1\): an offset is finite and from -1e6 to 1e6"),
        ("penalty_factors", [1, 1, 1], r"penalty_factors: it has the shape \(3,\); \(5\) is needed"),
        ("penalty_factors", [1, 1, -1, 1, 1], r"penalty_factors\[2\] \(column 2\): a penalty factor is 0 or more"),
        ("penalty_factors", [1, 1, NAN, 1, 1], r"penalty_factors\[2\] \(column 2\): a penalty factor is 0 or more"),
        ("precisions", [1, 1, 1], r"precisions: it has the shape \(3,\); \(5\) is needed"),
        ("precisions", [1, -1, 1, 1, 1], r"precisions\[1\] \(column 1\): a precision lies between 0 and 1e12 times"),
        ("precisions", [1, 1, 1, 1, NAN], r"precisions\[4\] \(column 4\): a precision lies between 0 and 1e12 times"),
        ("precisions", [1, 1, 1, 1e13, 1], r"precisions\[3\] \(column 3\): a precision lies between 0 and 1e12 times"),
    ],
)
def test_a_problem_says_what_is_wrong_with_it(name: str, value: object, message: str) -> None:
    with pytest.raises(SolverError, match=rf"^{message}"):
        Problem(**(GOOD | {name: value}))


def test_all_columns_together_are_counted() -> None:
    with pytest.raises(
        SolverError, match=r"^column_count: a problem has from 0 to 2147483647 columns, numbers included"
    ):
        Problem(**(GOOD | {"column_count": 2**31 - 1, "penalty_factors": None, "precisions": None}))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, r"Give either penalties or ratios"),
        ({"penalties": [1], "ratios": [1]}, r"Give either penalties or ratios"),
        ({"penalties": []}, r"penalty_count: a path has at least 1 penalty"),
        ({"penalties": [[0.1]]}, r"penalties: it has the shape"),
        ({"penalties": [0.1, 0.1]}, r"penalties\[1\]: each must be less than the one before"),
        ({"penalties": [0.1, NAN]}, r"penalties\[1\]: a penalty lies between 0 and 1e100"),
        ({"penalties": [0.1, -0.1]}, r"penalties\[1\]: a penalty lies between 0 and 1e100"),
        ({"ratios": [1, 0]}, r"ratios\[1\]: a ratio is above 0 and at most 1e6"),
        ({"ratios": [INFINITY]}, r"ratios\[0\]: a ratio is above 0 and at most 1e6"),
        ({"ratios": [0.1, 0.2]}, r"ratios\[1\]: each must be less than the one before"),
        ({"tolerance": 0}, r"tolerance: it lies between 1e-14 and 1e-2"),
        ({"tolerance": NAN}, r"tolerance: it lies between 1e-14 and 1e-2"),
        ({"intercept_precision": -1}, r"intercept_precision: it lies between 0 and 1e12 times the sum of the weights"),
        ({"intercept_precision": NAN}, r"intercept_precision: it lies between"),
        ({"intercept_precision": 7e12}, r"intercept_precision: it lies between"),
        ({"maximum_iterations": 0}, r"maximum_iterations: 0 is not from 1"),
        ({"initial": (0, [0, 0])}, r"initial: it has the shape"),
        ({"initial": (NAN, [0] * 5)}, r"initial_intercept: it lies between -1e6 and 1e6"),
        ({"initial": (0, [0, 0, NAN, 0, 0])}, r"initial_coefficients\[2\] \(column 2\): it lies between"),
    ],
)
def test_settings_say_what_is_wrong_with_them(settings: dict[str, Any], message: str) -> None:
    if not {"penalties", "ratios"} & set(settings) and settings:
        settings = settings | {"ratios": [1, 0.5]}
    with pytest.raises(SolverError, match=rf"^{message}"):
        fit_path(Problem(**GOOD), **settings)


def test_an_array_that_becomes_bad_after_the_check_is_still_reported() -> None:
    problem = Problem(**GOOD)
    problem.columns[0] = 9
    for work in (
        lambda: fit_path(problem, ratios=[1]),
        lambda: linear_predictor(problem, 0, np.zeros(5)),
        lambda: curvature(problem, 0, np.zeros(5)),
    ):
        with pytest.raises(SolverError, match=r"^columns\[0\] \(row 0\)"):
            work()


def test_a_model_says_what_is_wrong_with_it() -> None:
    rows = Rows(*(GOOD[name] for name in ("starts", "columns", "column_count", "numbers")))
    with pytest.raises(SolverError, match=r"^coefficients: it has the shape \(4,\); \(5\) is needed"):
        linear_predictor(rows, 0, np.zeros(4))
    with pytest.raises(SolverError, match=r"^coefficients\[3\] \(column 3\): a coefficient is finite"):
        linear_predictor(rows, 0, [0, 0, 0, NAN, 0])
    with pytest.raises(SolverError, match=r"^intercept: it is not finite"):
        linear_predictor(rows, INFINITY, np.zeros(5))
    with pytest.raises(SolverError, match=r"^offset\[0\] \(row 0\)"):
        linear_predictor(rows, 0, np.zeros(5), offset=[NAN, 0, 0])


def test_commands_report_it_without_a_traceback() -> None:
    assert issubclass(SolverError, PipelineError)
    assert issubclass(SolverError, ValueError)


def test_good_arrays_are_kept_without_a_copy() -> None:
    starts, columns = np.array([0, 1, 2]), np.array([0, 1], np.int32)
    outcomes, numbers = np.array([0.0, 1.0]), np.zeros((2, 3))
    problem = Problem(starts, columns, 2, outcomes, numbers=numbers)
    for given, kept in ((starts, problem.starts), (columns, problem.columns), (outcomes, problem.outcomes)):
        assert kept is given
    assert problem.numbers is numbers
