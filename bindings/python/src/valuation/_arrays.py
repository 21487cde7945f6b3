# SPDX-License-Identifier: Apache-2.0
"""Checks of the arrays that callers pass, before anything reaches C."""

from __future__ import annotations

from datetime import datetime
from math import floor
from typing import Any

import numpy as np
import numpy.typing as npt

from valuation._abi import KEY_LIMIT
from valuation.columns import named, read_any_shape, read_cells


def one_dimensional(name: str, values: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return ``values`` as an array, which must have one dimension."""
    array = _unmasked(name, values)
    if array.ndim != 1:
        raise ValueError(f"{name} must have one dimension, not the shape {array.shape}")
    return array


def keys(name: str, values: Any, hint: str) -> npt.NDArray[np.uint64]:
    """Return ``values`` as keys: a column of type uint64, or a sequence of Python integers, below 2**61.

    Any other type is refused: an id is not a key, and a key that went through float64 or int64 is no longer one. Larger
    numbers are refused, too: they are fingerprints, which no engine knows.
    """
    try:
        array = read_cells(values).numbers()
    except TypeError as reason:
        raise TypeError(f"{name} must be keys of dtype uint64: {reason}; {hint}") from None
    except ValueError as reason:
        raise ValueError(f"{name}: {reason}") from None
    if isinstance(values, list | tuple) and (not len(array) or (array.dtype.kind in "iu" and array.min() >= 0)):
        array = array.astype(np.uint64)
    if array.dtype != np.uint64:
        raise TypeError(f"{name} must be keys of dtype uint64, not {array.dtype}; {hint}")
    if array.size and array.max() >= KEY_LIMIT:
        raise ValueError(f"{name} must be keys, which are below 2**61, not {array.max()}; {hint}")
    return array.astype(np.uint64, copy=True)


def floats(name: str, values: Any, length: int) -> npt.NDArray[np.float64]:
    """Return ``values`` as ``length`` float64 numbers, NaN for a missing one; a single number stands for all."""
    with named(name):
        cells, shape = read_any_shape(values)
        array = cells.numbers().astype(np.float64)
    return _of_length(name, array.reshape(shape), length)


def seeds(name: str, values: Any, length: int) -> npt.NDArray[np.uint64]:
    """Return ``values`` as ``length`` integers from 0 to 2**64 - 1, each given by itself."""
    with named(name):
        array = read_cells(values).numbers()
    if len(array) != length:
        raise ValueError(f"{name} must have {length} members, one for each request, not {len(array)}")
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers from 0 to 2**64 - 1, none missing, not {array.dtype}")
    if array.size and array.min() < 0:
        raise ValueError(f"{name} must be from 0 to 2**64 - 1; add 2**64 to negative fingerprints from BigQuery")
    return array.astype(np.uint64)


def times(name: str, values: Any, length: int) -> npt.NDArray[np.int64]:
    """Return ``values`` as ``length`` times in seconds since 1970; a single one stands for all of them.

    Integers are such seconds already; datetime64 is UTC, as usual; a datetime has its own time zone.
    """
    array = _unmasked(name, values)
    if array.dtype.kind == "O":
        if not all(isinstance(value, datetime) and value.tzinfo is not None for value in array.ravel()):
            raise TypeError(f"{name} must be datetime64, datetimes with a time zone, or integers: seconds since 1970")
        array = np.array([floor(value.timestamp()) for value in array.ravel()], np.int64).reshape(array.shape)
    elif array.dtype.kind == "M":
        if np.isnat(array).any():
            raise ValueError(f"{name} must not hold NaT: a request without a time is not of the log")
        array = array.astype("datetime64[s]").astype(np.int64)
    elif array.dtype.kind not in "iu" and array.size:
        raise TypeError(
            f"{name} must be datetime64, datetimes with a time zone, or integers: seconds since 1970, not {array.dtype}"
        )
    return _of_length(name, array.astype(np.int64), length)


def offsets(name: str, values: npt.ArrayLike, last: int, count: int | None = None) -> npt.NDArray[np.int64]:
    """Return ``values`` as offsets: integers from 0 to exactly ``last``, not falling; ``count`` of them if given."""
    array = one_dimensional(name, values)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers, not {array.dtype}")
    if len(array) == 0 or (count is not None and len(array) != count):
        raise ValueError(
            f"{name} must have {count or 'at least 1'} members (one more than there are rows), not {len(array)}"
        )
    if array[0] != 0:
        raise ValueError(f"{name} must begin with 0, not {array[0]}")
    falling = np.flatnonzero(array[1:] < array[:-1])
    if len(falling):
        place = int(falling[0]) + 1
        raise ValueError(f"{name} must not fall: {name}[{place}] is {array[place]}, after {array[place - 1]}")
    if array[-1] != last:
        raise ValueError(f"{name} must end with {last}, the number of members it cuts into rows, not {array[-1]}")
    return array.astype(np.int64)


def positions(name: str, values: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return ``values`` as integers (or a mask) that choose rows; NumPy itself checks their range."""
    array = one_dimensional(name, values)
    if array.size == 0:
        return array.astype(np.intp)
    if array.dtype.kind not in "iub":
        raise TypeError(f"{name} must be integers or a mask, not {array.dtype}")
    return array


def _unmasked(name: str, values: Any) -> npt.NDArray[Any]:
    if np.ma.isMaskedArray(values) and np.ma.getmaskarray(values).any():
        raise ValueError(f"{name} must have none missing, and some are masked")
    return np.asarray(values)


def _of_length(name: str, array: npt.NDArray[Any], length: int) -> npt.NDArray[Any]:
    if array.ndim == 0:
        return np.full(length, array)
    if array.shape != (length,):
        raise ValueError(f"{name} must be one value or {length} of them, not the shape {array.shape}")
    return array
