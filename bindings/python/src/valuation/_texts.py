# SPDX-License-Identifier: Apache-2.0
"""The texts by which values are known, and what is computed from texts for whole arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt


def category_text(value: Any) -> str:
    """Return the text by which a category's value is known, as a JSON request's value would be taken.

    Parameters
    ----------
    value : str, bool, int, float or a NumPy scalar of these
        Text stands for itself, ``True`` is ``"true"``, 12 is ``"12"``; a float is its shortest decimal text: 12.0 is
        ``"12"``, 12.5 is ``"12.5"``, 1e22 is ``"1e+22"``. A float beyond 2**53 has an exponent.

    Raises
    ------
    TypeError
        For any other type.
    ValueError
        For a number that is NaN or infinite.
    """
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        number = float(value)
        if not np.isfinite(number):
            raise ValueError(f"{number} is no category; leave a missing value out")
        return _shortest_text(number)
    raise TypeError(f"a category is text, a number or a bool, not {type(value).__name__}; make text of it first")


def _shortest_text(number: float) -> str:
    text = repr(number).removesuffix(".0")
    if abs(number) <= 2.0**53 or "e" in text:
        return text
    mantissa, exponent = f"{number:.15e}".split("e")  # up to 1e16, where Python itself begins to write an exponent
    return f"{mantissa.rstrip('0').rstrip('.')}e{exponent}"


def of_distinct(values: npt.ArrayLike, compute: Callable[[bytes], int]) -> npt.NDArray[np.uint64]:
    """Compute a number from the text of each distinct value once, and spread the numbers over all values."""
    array = np.asarray(values)
    if array.dtype.kind in "fU" and not hasattr(values, "dtype"):  # integers may have lost digits, text NULs at its end
        array = np.array(values, dtype=object)
    flat = array.ravel()
    if flat.dtype.kind == "O":  # mixed types cannot be sorted
        known: dict[str, int] = {}
        numbers = np.empty(flat.shape, np.uint64)
        for position, value in enumerate(flat):
            text = category_text(value)
            if text not in known:
                known[text] = compute(text.encode())
            numbers[position] = known[text]
        return numbers.reshape(array.shape)
    distinct, inverse = np.unique(flat, return_inverse=True)
    computed = np.fromiter((compute(category_text(value).encode()) for value in distinct), np.uint64, len(distinct))
    return computed[inverse.ravel()].reshape(array.shape)
