# SPDX-License-Identifier: Apache-2.0
"""Finding every problem of model files, without loading them."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable

from valuation._abi import ErrorStruct, OptionsStruct, ProblemCallback
from valuation._arguments import path_arguments
from valuation._library import library
from valuation.constants import Status
from valuation.errors import Problem, load_failure, problem_of


def validate(
    path: str | os.PathLike[str],
    *,
    maximum_input_bytes: int = 0,
    on_problem: Callable[[Problem], object] | None = None,
) -> list[Problem]:
    """Find every problem of the models at a path, not only the first; load nothing. Any thread.

    Parameters
    ----------
    path : str or os.PathLike
        As :meth:`valuation.Engine.load` takes it.
    maximum_input_bytes : int, default=0
        The largest number of bytes, after unpacking, to read; 0 for 16 GiB.
    on_problem : callable, optional
        Called with each :class:`Problem` as it is found. If it returns ``False``, the search ends there. If it raises,
        the search ends and the exception is passed on.

    Returns
    -------
    list of Problem
        In the order found, then the warnings (:attr:`Problem.is_warning`), one of each model without a self-test. The
        models load if there are only warnings. A path that does not exist is a problem, too.

    Raises
    ------
    OutOfMemoryError
        If memory ran out.
    ValueError
        If ``maximum_input_bytes`` is negative or too large.
    """
    problems: list[Problem] = []
    raised: list[BaseException] = []

    def collect(_context: int | None, reported: ctypes._Pointer[ErrorStruct]) -> bool:
        try:  # an exception cannot pass through C: keep it, and stop
            problem = problem_of(reported.contents)
            problems.append(problem)
            return on_problem is None or on_problem(problem) is not False
        except BaseException as exception:
            raised.append(exception)
            return False

    error = ErrorStruct.new()
    options = OptionsStruct.new(maximum_input_bytes)
    status = library.valuation_validate(
        *path_arguments(path), ctypes.byref(options), ProblemCallback(collect), None, ctypes.byref(error)
    )
    if raised:
        raise raised[0]
    if status == Status.OUT_OF_MEMORY or (status and not problems):
        raise load_failure(error)
    return problems
