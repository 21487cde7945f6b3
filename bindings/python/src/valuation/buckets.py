# SPDX-License-Identifier: Apache-2.0
"""Buckets: the position of a unit in an experiment.

A bucket depends only on the two texts, so the decisions of a policy can be reproduced anywhere, for example in SQL over
a log. Any thread may call anything here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from valuation._library import library
from valuation._texts import texts_computed, unit_text

#: Shares are in units of one bucket, 1/100 %.
BUCKET_COUNT = 10_000


def bucket(salt: str, unit: str | float) -> int:
    """Return the bucket of a unit in an experiment, ``Fingerprint64(salt + ":" + unit) mod 10,000``.

    Parameters
    ----------
    salt : str
        The experiment's.
    unit : str or number
        For example ``"u-77"``; 77 and 77.0 are ``"77"``.

    Returns
    -------
    int
        From 0 to 9,999. The experiment's first variant has those below its share, the second the next ones, and so on;
        the holdout comes after the last. O(length).

    Raises
    ------
    TypeError
        If the unit is missing (None, NaN), or neither text nor a number.
    ValueError
        If it is infinite.

    Examples
    --------
    >>> from valuation import bucket
    >>> bucket("bagging-1", "u-77")
    6961
    """
    prefix, text = salt.encode(), unit_text(unit).encode()
    return int(library.valuation_bucket(prefix, len(prefix), text, len(text)))


def buckets(salt: str, units: Any) -> npt.NDArray[np.uint32]:
    """Return the buckets of many units in one experiment.

    Parameters
    ----------
    salt : str
        The experiment's.
    units : column, array_like of any shape
        A list, an array, a pandas or polars Series, an Arrow array: text, integers or floats, as in :func:`bucket`;
        none missing.

    Returns
    -------
    ndarray of uint32
        The shape of ``units``. One fingerprint for each distinct unit.

    Raises
    ------
    TypeError
        If a unit is missing or of another type.
    ValueError
        If a number is infinite.
    """
    prefix, of = salt.encode(), library.valuation_bucket
    length = len(prefix)

    def compute(texts: list[bytes]) -> npt.NDArray[np.uint32]:
        return np.fromiter((of(prefix, length, text, len(text)) for text in texts), np.uint32, len(texts))

    return texts_computed("units", units, unit_text, compute)
