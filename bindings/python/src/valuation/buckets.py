# SPDX-License-Identifier: Apache-2.0
"""Buckets: where a unit falls in an experiment.

A bucket depends on nothing but the two texts, so what a policy decides can be found out anywhere, for example in SQL
over a log. Any thread may call anything here.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from valuation._library import library
from valuation.units import unit_text

#: Shares are counted in buckets: one is 1/100 %.
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
        behind the last comes the holdout. O(length).

    Raises
    ------
    TypeError
        If the unit is neither text nor a number.
    ValueError
        If it is NaN or infinite.

    Examples
    --------
    >>> from valuation import bucket
    >>> bucket("bagging-1", "u-77")
    6961
    """
    prefix, text = salt.encode(), unit_text(unit).encode()
    return int(library.valuation_bucket(prefix, len(prefix), text, len(text)))


def buckets(salt: str, units: npt.ArrayLike) -> npt.NDArray[np.uint32]:
    """Return the buckets of many units in one experiment.

    Parameters
    ----------
    salt : str
        The experiment's.
    units : array_like of any shape
        Text, integers or floats, taken as :func:`bucket` does; none missing.

    Returns
    -------
    ndarray of uint32
        The shape of ``units``. One fingerprint for each unit.

    Raises
    ------
    TypeError
        If a unit is missing or of another type.
    ValueError
        If a number is not finite.
    """
    # NumPy would turn a list of both texts and numbers, or of large numbers, into something else.
    array = np.asarray(units) if hasattr(units, "dtype") else np.array(units, dtype=object)
    prefix, of = salt.encode(), library.valuation_bucket
    length = len(prefix)
    texts = (unit_text(unit).encode() for unit in array.ravel().tolist())
    found = np.fromiter((of(prefix, length, text, len(text)) for text in texts), np.uint32, array.size)
    return found.reshape(array.shape)
