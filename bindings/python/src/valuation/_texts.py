# SPDX-License-Identifier: Apache-2.0
"""The texts of values, one by one and by the column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from valuation.columns import TextOf, read_any_shape
from valuation.columns.absence import is_absent
from valuation.columns.cells import Unreadable


def category_text(value: Any) -> str:
    """Return the text of a category's value, as the library takes it from a JSON request.

    Parameters
    ----------
    value : str, bytes, bool, int, float, or what is one of these by inheritance, such as an Enum of texts
        Text stands for itself, bytes for the text whose UTF-8 they are, ``True`` is ``"true"``, 12 is ``"12"``; a float
        is its shortest decimal text: 12.0 is ``"12"``, -0.0 is ``"-0"``, 12.5 is ``"12.5"``, 1e22 is ``"1e+22"``. A
        float beyond 2**53 has an exponent.

    Raises
    ------
    TypeError
        For any other type, and for what is absent.
    ValueError
        For a number that is infinite, and bytes that are not UTF-8.
    """
    if type(value) is str:
        return value
    if isinstance(value, str):
        return str.__str__(value)  # an Enum's own would be the name of the member
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise ValueError(f"{value!r} is no text in UTF-8") from None
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if is_absent(value):
        raise TypeError(f"a category is text, a number or a bool, and {value!r} is none; leave a missing value out")
    if isinstance(value, float | np.floating):
        number = float(value)
        if not np.isfinite(number):
            raise ValueError(f"{number} is no category; leave it out")
        return _shortest_text(number)
    raise TypeError(f"a category is text, a number or a bool, not {_kind(value)}; make text of it first")


def unit_text(unit: Any) -> str:
    """Return the text of a unit: text stands for itself, 77 and 77.0 are ``"77"``.

    Raises
    ------
    TypeError
        If it is neither text nor a number.
    ValueError
        If it is a number that is infinite, or bytes that are not UTF-8.
    """
    if isinstance(unit, bool | np.bool_):
        raise TypeError("a unit is text or a number, not a bool")
    try:
        return category_text(unit)
    except TypeError:
        raise TypeError(f"a unit is text or a number, not {_kind(unit)}") from None


def texts_computed(
    name: str, values: Any, text_of: TextOf, compute: Callable[[list[bytes]], npt.NDArray[Any]]
) -> npt.NDArray[Any]:
    """Compute numbers from the distinct texts of values of any shape, and spread them over all values.

    Raises
    ------
    TypeError
        If a value is absent, or ``text_of`` refuses one.
    """
    cells, shape = read_any_shape(values)
    found = cells.distinct(text_of)
    absent = np.flatnonzero(found.codes < 0)
    if len(absent):
        raise TypeError(f"{name}[{absent[0]}] is missing (None, NaN or NA); leave missing values out first")
    return compute(found.texts)[found.codes].reshape(shape)


def _kind(value: Any) -> str:
    return value.kind if isinstance(value, Unreadable) else type(value).__name__


def _shortest_text(number: float) -> str:
    text = repr(number).removesuffix(".0")
    if abs(number) <= 2.0**53 or "e" in text:
        return text
    mantissa, exponent = f"{number:.15e}".split("e")  # up to 1e16, where Python itself begins to write an exponent
    return f"{mantissa.rstrip('0').rstrip('.')}e{exponent}"
