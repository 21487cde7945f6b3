# SPDX-License-Identifier: Apache-2.0
"""Arrays in the form that the library takes: contiguous, of its types and of the right shape."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from valuation_pipeline.solver.errors import SolverError


def integers(name: str, values: ArrayLike, dtype: type[np.signedinteger[Any]]) -> NDArray[Any]:
    """Return a vector of integers as `dtype`; without a copy if it is one already."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise SolverError(f"{name}: it has the shape {array.shape}; a vector is needed.")
    if len(array) > 0 and array.dtype != dtype:
        if array.dtype.kind not in "iu":
            raise SolverError(f"{name}: it is of type {array.dtype}; integers are needed.")
        limits = np.iinfo(dtype)
        wrong = (array < limits.min) | (array > limits.max)
        if wrong.any():
            index = int(wrong.argmax())
            raise SolverError(f"{name}[{index}]: {array[index]} does not fit {np.dtype(dtype)}.")
    return np.ascontiguousarray(array, dtype)


def floats(name: str, values: ArrayLike, shape: tuple[int | None, ...]) -> NDArray[np.float64]:
    """Return numbers as doubles, without a copy if they are doubles already; None in `shape` is any length."""
    try:
        array = np.ascontiguousarray(values, np.float64)
    except (TypeError, ValueError) as reason:
        raise SolverError(f"{name}: {reason}.") from reason
    fits = array.ndim == len(shape) and all(want in (None, have) for want, have in zip(shape, array.shape, strict=True))
    if not fits:
        wanted = ", ".join("any" if length is None else str(length) for length in shape)
        raise SolverError(f"{name}: it has the shape {array.shape}; ({wanted}) is needed.")
    return array


def address(array: NDArray[Any] | None) -> int | None:
    """The address of an array's values; the array must outlive its use."""
    return None if array is None else array.ctypes.data
