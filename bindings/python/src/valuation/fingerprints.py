# SPDX-License-Identifier: Apache-2.0
"""Fingerprints: the hashes behind seeds, buckets and sources.

A fingerprint is FarmHash's Fingerprint64, the same as BigQuery's FARM_FINGERPRINT (which shows it as a signed number).
It depends only on the text, so it can be computed anywhere, for example in SQL over a log. It is not a key: those
belong to an engine. Any thread may call anything here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from valuation._library import library
from valuation._texts import category_text, texts_computed


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

    Examples
    --------
    The first example of BigQuery's manual, where it is -1541654101129638711:

    >>> from valuation import fingerprint64
    >>> fingerprint64("1footrue") - 2**64
    -1541654101129638711
    """
    return _fingerprint(text.encode())


def fingerprints(values: Any) -> npt.NDArray[np.uint64]:
    """Return the fingerprints of many texts, for example the seeds of requests from their ids.

    Parameters
    ----------
    values : column, array_like of any shape
        A list, an array, a pandas or polars Series, an Arrow array: text, integers, floats or bools. Other values than
        text count as their text: 12 and 12.0 are ``"12"``, True is ``"true"``. None missing.

    Returns
    -------
    ndarray of uint64
        The shape of ``values``. One fingerprint for each distinct value.

    Raises
    ------
    ValueError
        If a number is infinite.
    TypeError
        If a value is missing or of another type.
    """
    return texts_computed(
        "values", values, category_text, lambda texts: np.fromiter(map(_fingerprint, texts), np.uint64, len(texts))
    )


def _fingerprint(text: bytes) -> int:
    return int(library.valuation_fingerprint(text, len(text)))
