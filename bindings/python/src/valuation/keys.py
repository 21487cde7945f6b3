# SPDX-License-Identifier: Apache-2.0
"""Keys: the names of features and campaigns as 64-bit numbers.

Keys are FarmHash's Fingerprint64, the same as BigQuery's FARM_FINGERPRINT (which shows it as a signed number). They
depend on nothing but the text, so they can be computed once for a whole inventory and kept. Any thread may call
anything here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from valuation._library import library


def _field_bytes(field: str) -> bytes:
    if not isinstance(field, str) or not field or "=" in field:
        raise ValueError(f"a field's name is text, not empty and without '=', not {field!r}")
    return field.encode()


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


def fingerprint64(text: str) -> int:
    """Return the FarmHash Fingerprint64 of a text's UTF-8 bytes.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    int
        From 0 to 2**64 - 1. O(length).
    """
    data = text.encode()
    return int(library.valuation_campaign_key(data, len(data)))


def feature_key(field: str, value: str | float | bool) -> int:
    """Return the key of a category, ``Fingerprint64(field + "=" + value)``.

    Parameters
    ----------
    field : str
        The field's name, for example ``"os"``; not empty, without ``=``.
    value : str, int, float or bool
        The value, for example ``"ios"``; see :func:`category_text` for what is not text.

    Returns
    -------
    int
        From 0 to 2**64 - 1. O(length).

    Raises
    ------
    ValueError
        If the field's name is empty or contains ``=``.
    """
    name, text = _field_bytes(field), category_text(value).encode()
    return int(library.valuation_feature_key(name, len(name), text, len(text)))


def number_key(field: str) -> int:
    """Return the key of a number, ``Fingerprint64(field)``.

    Parameters
    ----------
    field : str
        The field's name, for example ``"days_since_visit"``; not empty, without ``=``.

    Returns
    -------
    int
        From 0 to 2**64 - 1. O(length).

    Raises
    ------
    ValueError
        If the field's name is empty or contains ``=``.
    """
    name = _field_bytes(field)
    return int(library.valuation_number_key(name, len(name)))


def campaign_key(campaign: str | int) -> int:
    """Return the key of a campaign, ``Fingerprint64(id)``.

    Parameters
    ----------
    campaign : str or int
        The campaign's id; 1042 is ``"1042"``.

    Returns
    -------
    int
        From 0 to 2**64 - 1. O(length).
    """
    return fingerprint64(category_text(campaign))


def cross_key(first: int, second: int) -> int:
    """Return the key of two categories met together; the order of the two does not matter.

    The engine forms the crosses that its models know by itself: pass none as a feature.

    Parameters
    ----------
    first, second : int
        Keys as :func:`feature_key` gives them.

    Returns
    -------
    int
        Fingerprint64 of the 16 bytes of the smaller and the larger key, each little-endian. O(1).

    Raises
    ------
    ValueError
        If a key is not from 0 to 2**64 - 1.
    """
    for key in (first, second):
        if not 0 <= key < 2**64:
            raise ValueError(f"a key is from 0 to 2**64 - 1, not {key}; add 2**64 to a negative one from BigQuery")
    return int(library.valuation_cross_key(int(first), int(second)))


def _keys_of_distinct(values: npt.ArrayLike, key: Callable[[Any], int]) -> npt.NDArray[np.uint64]:
    """Compute ``key`` once for each distinct value and spread the results over all."""
    array = np.asarray(values)
    if array.dtype.kind == "f" and not hasattr(values, "dtype"):  # integers of a list may have lost digits
        array = np.array(values, dtype=object)
    flat = array.ravel()
    if flat.dtype.kind == "O":  # mixed types cannot be sorted, and True equals 1 in a dict
        known: dict[tuple[type, Any], int] = {}
        keys = np.empty(flat.shape, np.uint64)
        for position, value in enumerate(flat):
            name = (type(value), value)
            if name not in known:
                known[name] = key(value)
            keys[position] = known[name]
        return keys.reshape(array.shape)
    distinct, inverse = np.unique(flat, return_inverse=True)
    return np.fromiter((key(value) for value in distinct), np.uint64, len(distinct))[inverse.ravel()].reshape(
        array.shape
    )


def feature_keys(field: str, values: npt.ArrayLike) -> npt.NDArray[np.uint64]:
    """Return the keys of many categories of one field.

    Parameters
    ----------
    field : str
        The field's name; not empty, without ``=``.
    values : array_like of any shape
        Text, integers, floats or bools, taken as :func:`category_text` says; none missing.

    Returns
    -------
    ndarray of uint64
        The shape of ``values``. One fingerprint for each distinct value, O(n log n) to find those.

    Raises
    ------
    ValueError
        If the field's name is empty or contains ``=``, or a number is not finite.
    TypeError
        If a value is missing or of another type.
    """
    _field_bytes(field)
    return _keys_of_distinct(values, lambda value: feature_key(field, value))


def campaign_keys(campaigns: npt.ArrayLike) -> npt.NDArray[np.uint64]:
    """Return the keys of many campaigns.

    Parameters
    ----------
    campaigns : array_like of any shape
        Ids, as text or integers.

    Returns
    -------
    ndarray of uint64
        The shape of ``campaigns``. One fingerprint for each distinct id, O(n log n) to find those.
    """
    return _keys_of_distinct(campaigns, campaign_key)
