# SPDX-License-Identifier: Apache-2.0
"""Fitting a problem along a path of penalties."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from valuation_pipeline.solver._abi import FIT_DTYPE, ProceedCallback, SettingsStruct
from valuation_pipeline.solver._arrays import address, floats
from valuation_pipeline.solver._library import call
from valuation_pipeline.solver.errors import SolverError
from valuation_pipeline.solver.problem import Problem

#: Whether to go on to the next penalty; receives penalty, intercept and coefficients.
Proceed = Callable[[float, float, NDArray[np.float64]], bool]


@dataclass(frozen=True, eq=False)
class Path:
    """Models for L penalties; without those that `fit_path` did not reach.

    Parameters
    ----------
    penalties
        (L,) lambda, falling.
    intercepts
        (L,)
    coefficients
        (L, p + m)
    converged
        (L,) bool: False if ``maximum_iterations`` came first; the model is then that of the last step.
    iterations
        (L,) Newton steps.
    objective
        (L,) the objective: loss and penalty with the priors, per unit of weight.
    loss
        (L,) the log-loss alone, in nats per unit of weight.
    violation
        (L,) the largest violation of the conditions of the minimum, in units of the penalty.
    largest_penalty
        The least penalty at which every penalised coefficient is 0.
    """

    penalties: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    converged: NDArray[np.bool_]
    iterations: NDArray[np.int32]
    objective: NDArray[np.float64]
    loss: NDArray[np.float64]
    violation: NDArray[np.float64]
    largest_penalty: float


class Stop:
    """Stops fits from another thread: those that it was passed to raise `FitStopped` soon after `set`."""

    def __init__(self) -> None:
        self.flag = ctypes.c_int32(0)

    def set(self) -> None:
        """End the fits. Any thread."""
        self.flag.value = 1


def fit_path(
    problem: Problem,
    *,
    penalties: ArrayLike | None = None,
    ratios: ArrayLike | None = None,
    intercept_precision: float = 0.0,
    tolerance: float = 1e-9,
    initial: tuple[float, ArrayLike] | None = None,
    maximum_iterations: int = 100,
    stop: Stop | None = None,
    proceed: Proceed | None = None,
) -> Path:
    """Fit an L1-regularised logistic regression for each of a falling series of penalties, with priors.

    It minimises, over an intercept b0 and coefficients b, with W = sum_i w_i::

        1/W sum_i w_i [log(1 + exp(eta_i)) - y_i eta_i]
            + lambda sum_j f_j |b_j| + 1/(2 W) (sum_j k_j b_j^2 + intercept_precision b0^2)

    Parameters
    ----------
    problem
        Rows, outcomes y, weights w, offset, penalty factors f, precisions k.
    penalties, ratios
        Each lambda, or each as a ratio of the largest penalty; one of the two, strictly falling. scikit-learn's C is
        1 / (W lambda).
    intercept_precision
        Precision of a normal prior of the intercept around 0; 0 leaves it free.
    tolerance
        How far above its minimum the objective may end, as a share of the null model's loss; 1e-14 to 1e-2. It is
        estimated by the gain of a Newton step; nearly equal columns may end a few times higher.
    initial
        Intercept and coefficients to start with; by default the null model.
    maximum_iterations
        Newton steps for one penalty.
    stop
        Stops the fit from another thread. Ctrl-C sets it, too.
    proceed
        Called after each penalty with penalty, intercept and coefficients, perhaps in another thread; if it returns
        False, the path ends.

    Returns
    -------
    Path
        The models; the same bits on each run, in any number of threads.

    Raises
    ------
    SolverError
        If a setting is invalid, or the problem's arrays were changed to something invalid.
    FitStopped
        If `stop` was set.
    MemoryError
        If there is not enough memory: it takes 4 bytes an entry, 8 a number, 40 a row and 74 a column.

    Notes
    -----
    The header valuation_solver.h documents the method and the cost.
    """
    stop = stop or Stop()
    series = floats("penalties", penalties, (None,)) if penalties is not None else None
    shares = floats("ratios", ratios, (None,)) if ratios is not None else None
    if (series is None) == (shares is None):
        raise SolverError("Give either penalties or ratios.")
    count = len(series if series is not None else shares if shares is not None else [])
    if not 1 <= maximum_iterations < 2**31:
        raise SolverError(f"maximum_iterations: {maximum_iterations} is not from 1 to 2147483647.")
    settings = SettingsStruct(
        struct_size=ctypes.sizeof(SettingsStruct),
        maximum_iterations=maximum_iterations,
        penalty_count=count,
        penalties=address(series),
        ratios=address(shares),
        tolerance=tolerance,
        intercept_precision=intercept_precision,
        stop=ctypes.pointer(stop.flag),
    )
    if initial is not None:
        settings.initial_intercept = initial[0]
        beginning = floats("initial", initial[1], (problem.coefficient_count,))
        settings.initial_coefficients = address(beginning)
    fits = np.empty(count, FIT_DTYPE)
    coefficients = np.empty((count, problem.coefficient_count))
    failures: list[BaseException] = []
    if proceed is not None:
        settings.proceed = _callback(proceed, fits, coefficients, failures)
    largest, fitted = ctypes.c_double(), ctypes.c_int64()

    def fit() -> None:
        struct, out = problem.struct(), (ctypes.byref(largest), ctypes.byref(fitted))
        try:
            call("valuation_solver_fit_path", struct, settings, address(fits), address(coefficients), *out)
        except Exception as reason:
            failures.append(reason)

    _run_interruptibly(fit, stop)
    if failures:
        raise failures[0]
    fits, coefficients = fits[: fitted.value], coefficients[: fitted.value]
    return Path(
        penalties=fits["penalty"].copy(),
        intercepts=fits["intercept"].copy(),
        coefficients=coefficients,
        converged=fits["converged"] != 0,
        iterations=fits["iterations"].copy(),
        objective=fits["objective"].copy(),
        loss=fits["loss"].copy(),
        violation=fits["violation"].copy(),
        largest_penalty=largest.value,
    )


def _callback(
    proceed: Proceed, fits: NDArray[np.void], coefficients: NDArray[np.float64], failures: list[BaseException]
) -> Callable[..., object]:
    """The callback after each penalty; an exception in it ends the path, and is kept."""
    indices = iter(range(len(fits)))

    def after_penalty(context: object, fit: object, values: object) -> bool:
        try:
            index = next(indices)
            return bool(proceed(float(fits["penalty"][index]), float(fits["intercept"][index]), coefficients[index]))
        except BaseException as reason:
            failures.append(reason)
            return False

    return ProceedCallback(after_penalty)


def _run_interruptibly(work: Callable[[], None], stop: Stop) -> None:
    """Run `work` so that Ctrl-C ends it: signals reach only the main thread, and only between two bytecodes."""
    if threading.current_thread() is not threading.main_thread():
        work()
        return
    thread = threading.Thread(target=work, name="solver")
    try:
        thread.start()
        thread.join()
    except BaseException:
        stop.set()
        if thread.ident is not None:
            thread.join()
        raise
