# SPDX-License-Identifier: Apache-2.0
"""Sparse logistic regressions along a path of penalties: libvaluation_solver for NumPy.

``valuation_solver.h`` documents the objective, the method and the cost. ctypes releases the interpreter's lock, so
threads fit the problems of many campaigns in parallel.

Examples
--------
>>> import numpy as np
>>> problem = Problem(np.array([0, 1, 2, 4]), np.array([0, 1, 0, 1]), 2, np.array([1, 0, 0.25]))
>>> path = fit_path(problem, ratios=[1, 0.1])
>>> path.converged.all(), path.coefficients.shape
(np.True_, (2, 2))
"""

from valuation_pipeline.solver.errors import FitStopped, SolverError
from valuation_pipeline.solver.model import curvature, linear_predictor
from valuation_pipeline.solver.path import Path, Stop, fit_path
from valuation_pipeline.solver.problem import Problem, Rows

__all__ = [
    "FitStopped",
    "Path",
    "Problem",
    "Rows",
    "SolverError",
    "Stop",
    "curvature",
    "fit_path",
    "linear_predictor",
]
