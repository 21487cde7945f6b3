# SPDX-License-Identifier: Apache-2.0
"""The C ABI of libvaluation_solver as ctypes and NumPy see it: a mirror of valuation_solver.h and nothing else."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_bool, c_char, c_char_p, c_double, c_int32, c_int64, c_uint32, c_void_p
from typing import Any

import numpy as np

#: The number in the SONAME that this module was written against (VALUATION_SOLVER_ABI_VERSION).
ABI_VERSION = 1

OK = 0
OUT_OF_MEMORY = 3
STOPPED = 5


class ErrorStruct(ctypes.Structure):
    """``valuation_solver_error``: why a call failed."""

    _fields_ = (
        ("struct_size", c_uint32),
        ("status", c_int32),
        ("row", c_int64),
        ("column", c_int64),
        ("array", c_char * 32),
        ("message", c_char * 256),
    )


class ProblemStruct(ctypes.Structure):
    """``valuation_solver_problem``: rows with their outcomes."""

    _fields_ = (
        ("struct_size", c_uint32),
        ("number_count", c_uint32),
        ("row_count", c_int64),
        ("column_count", c_int64),
        ("starts", c_void_p),
        ("columns", c_void_p),
        ("numbers", c_void_p),
        ("outcomes", c_void_p),
        ("weights", c_void_p),
        ("offset", c_void_p),
        ("penalty_factors", c_void_p),
        ("precisions", c_void_p),
    )


#: ``valuation_solver_proceed``
ProceedCallback = ctypes.CFUNCTYPE(c_bool, c_void_p, c_void_p, c_void_p)


class SettingsStruct(ctypes.Structure):
    """``valuation_solver_settings``: how a path is fitted."""

    _fields_ = (
        ("struct_size", c_uint32),
        ("maximum_iterations", c_uint32),
        ("penalty_count", c_int64),
        ("penalties", c_void_p),
        ("ratios", c_void_p),
        ("tolerance", c_double),
        ("intercept_precision", c_double),
        ("initial_coefficients", c_void_p),
        ("initial_intercept", c_double),
        ("stop", POINTER(c_int32)),
        ("proceed", ProceedCallback),
        ("context", c_void_p),
    )


#: ``valuation_solver_fit``
FIT_DTYPE = np.dtype(
    [
        ("penalty", np.float64),
        ("intercept", np.float64),
        ("objective", np.float64),
        ("loss", np.float64),
        ("violation", np.float64),
        ("iterations", np.int32),
        ("converged", np.int32),
    ]
)

_ERROR = POINTER(ErrorStruct)
_PROBLEM = POINTER(ProblemStruct)

#: Every function of the header: its result and its arguments. Arrays are passed by address.
SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "valuation_solver_version": (c_char_p, []),
    "valuation_solver_abi_version": (c_uint32, []),
    "valuation_solver_check": (c_int32, [_PROBLEM, _ERROR]),
    "valuation_solver_fit_path": (
        c_int32,
        [_PROBLEM, POINTER(SettingsStruct), c_void_p, c_void_p, POINTER(c_double), POINTER(c_int64), _ERROR],
    ),
    "valuation_solver_linear_predictor": (c_int32, [_PROBLEM, c_double, c_void_p, c_void_p, _ERROR]),
    "valuation_solver_curvature": (c_int32, [_PROBLEM, c_double, c_void_p, POINTER(c_double), c_void_p, _ERROR]),
}


def set_signatures(library: ctypes.CDLL) -> None:
    """Set the types of each function of a loaded library; AttributeError if one is missing."""
    for name, (result, arguments) in SIGNATURES.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
