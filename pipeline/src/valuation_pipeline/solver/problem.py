# SPDX-License-Identifier: Apache-2.0
"""The data to fit."""

from __future__ import annotations

import ctypes
import operator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from valuation_pipeline.solver._abi import ProblemStruct
from valuation_pipeline.solver._arrays import address, floats, integers
from valuation_pipeline.solver._library import call
from valuation_pipeline.solver.errors import SolverError


class _RowArrays:
    """The rows, with or without known outcomes."""

    starts: NDArray[np.int64]
    columns: NDArray[np.int32]
    column_count: int
    numbers: NDArray[np.float64] | None

    @property
    def row_count(self) -> int:
        """The number of rows, n."""
        return len(self.starts) - 1

    @property
    def number_count(self) -> int:
        """The number of numbers of each row, m."""
        return 0 if self.numbers is None else self.numbers.shape[1]

    @property
    def coefficient_count(self) -> int:
        """The number of columns, including numbers: p + m."""
        return self.column_count + self.number_count

    def _take_rows(self) -> None:
        """Replace the given arrays by checked ones."""
        starts = integers("starts", self.starts, np.int64)
        columns = integers("columns", self.columns, np.int32)
        if len(starts) < 2:
            raise SolverError("starts: there are no rows; n rows have n + 1 starts.")
        # The library reads as far as the last start; it checks the other starts itself.
        if starts[-1] != len(columns):
            raise SolverError(f"starts: the last one is {starts[-1]}, but there are {len(columns)} columns.")
        try:
            count = operator.index(self.column_count)
        except TypeError as reason:
            raise SolverError(f"column_count: {reason}.") from reason
        if not 0 <= count < 2**31:
            raise SolverError(f"column_count: {count} is not from 0 to 2147483647.")
        if count == 0 and len(columns) > 0:
            raise SolverError("column_count: it is 0, but rows name columns.")
        self._set("starts", starts)
        self._set("columns", columns)
        self._set("column_count", count)
        if self.numbers is not None:
            self._set("numbers", floats("numbers", self.numbers, (len(starts) - 1, None)))

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)  # the dataclasses are frozen

    def rows_struct(self) -> ProblemStruct:
        """The rows alone in the library's form; valid while they live."""
        return ProblemStruct(
            struct_size=ctypes.sizeof(ProblemStruct),
            number_count=self.number_count,
            row_count=self.row_count,
            column_count=self.column_count,
            starts=address(self.starts),
            columns=address(self.columns),
            numbers=address(self.numbers),
        )


@dataclass(frozen=True, eq=False)
class Rows(_RowArrays):
    """Rows without their outcomes: impressions, or groups of equal ones.

    Parameters
    ----------
    starts
        The offset in `columns` of each of the n rows: n + 1 integers from 0, never falling (SciPy's ``indptr``).
    columns
        The columns that rows name, from 0 to `column_count` - 1, in any order. A column that a row names twice counts
        twice.
    column_count
        The number of columns, p.
    numbers
        m numbers for each row, (n, m), from -1e6 to 1e6, standardised by the caller. They are the columns p to
        p + m - 1.

    Raises
    ------
    SolverError
        If a shape or a type does not match. Values are checked where they are used.
    """

    starts: NDArray[np.int64]
    columns: NDArray[np.int32]
    column_count: int
    numbers: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        self._take_rows()


@dataclass(frozen=True, eq=False)
class Problem(_RowArrays):
    """Rows with their outcomes.

    Arrays of the types below are used without a copy; others are converted.

    Parameters
    ----------
    starts, columns, column_count, numbers
        See `Rows`.
    outcomes
        (n,), from 0 to 1: the share of positives among the impressions that a row stands for.
    weights
        (n,), finite and 0 or more, for example how many impressions a row stands for. None: all 1.
    offset
        (n,), the fixed part of each row's linear predictor, from -1e6 to 1e6. None: all 0.
    penalty_factors
        (p + m,), 0 or more, factors of the penalty: 0 = never penalised, infinity = never in. None: all 1.
    precisions
        (p + m,), of normal priors of the coefficients around 0; from 0 to 1e12 times the sum of the weights. None: all
        0.

    Raises
    ------
    SolverError
        If a shape, a type or a value does not match; the message names the array and the row.
    """

    starts: NDArray[np.int64]
    columns: NDArray[np.int32]
    column_count: int
    outcomes: NDArray[np.float64]
    numbers: NDArray[np.float64] | None = None
    weights: NDArray[np.float64] | None = None
    offset: NDArray[np.float64] | None = None
    penalty_factors: NDArray[np.float64] | None = None
    precisions: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        self._take_rows()
        self._set("outcomes", floats("outcomes", self.outcomes, (self.row_count,)))
        if self.weights is not None:
            self._set("weights", floats("weights", self.weights, (self.row_count,)))
        if self.offset is not None:
            self._set("offset", floats("offset", self.offset, (self.row_count,)))
        if self.penalty_factors is not None:
            self._set("penalty_factors", floats("penalty_factors", self.penalty_factors, (self.coefficient_count,)))
        if self.precisions is not None:
            self._set("precisions", floats("precisions", self.precisions, (self.coefficient_count,)))
        call("valuation_solver_check", self.struct())

    def struct(self) -> ProblemStruct:
        """The problem in the library's form; valid while the problem lives."""
        struct = self.rows_struct()
        struct.outcomes = address(self.outcomes)
        struct.weights = address(self.weights)
        struct.offset = address(self.offset)
        struct.penalty_factors = address(self.penalty_factors)
        struct.precisions = address(self.precisions)
        return struct
