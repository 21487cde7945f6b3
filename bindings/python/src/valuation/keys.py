# SPDX-License-Identifier: Apache-2.0
"""Keys: the names of features and campaigns as 64-bit numbers, under the secret of an engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from valuation._abi import KEY_LIMIT
from valuation._handle import Handle
from valuation._library import library
from valuation._texts import category_text, texts_computed


def _field_bytes(field: str) -> bytes:
    if not isinstance(field, str) or not field or "=" in field:
        raise ValueError(f"a field's name is text, not empty and without '=', not {field!r}")
    return field.encode()


class Keyed:
    """The keys of an engine.

    A key is a keyed hash of a text: nobody who chooses a text can aim at a key without the secret, which is that of the
    directory of releases that the engine loaded first (its file SECRET). Keys may be computed once for a whole
    inventory and stay valid whatever the engine loads later. Any thread may call anything here.
    """

    _handle: Handle

    def feature_key(self, field: str, value: str | bytes | float | bool) -> int:
        """Return the key of a category: a value of a field.

        Parameters
        ----------
        field : str
            The field's name, for example ``"os"``; not empty, without ``=``.
        value : str, int, float or bool
            The value, for example ``"ios"``. Other values than text are taken as in a JSON request: 12 and 12.0 are
            ``"12"``, 12.5 is ``"12.5"``, True is ``"true"``. Bytes are text in UTF-8; an Enum of texts is its value.

        Returns
        -------
        int
            From 0 to 2**61 - 1. O(length).

        Raises
        ------
        ValueError
            If the field's name is empty or contains ``=``, or a number is infinite.
        TypeError
            If the value is missing (None, NaN) or of another type.
        RuntimeError
            If the engine is closed.
        """
        name, text = _field_bytes(field), category_text(value).encode()
        with self._handle.guard():
            return int(library.valuation_feature_key(self._handle.pointer, name, len(name), text, len(text)))

    def number_key(self, field: str) -> int:
        """Return the key of a number, which is that of its field.

        Parameters
        ----------
        field : str
            The field's name, for example ``"days_since_visit"``; not empty, without ``=``.

        Returns
        -------
        int
            From 0 to 2**61 - 1. O(length).

        Raises
        ------
        ValueError
            If the field's name is empty or contains ``=``.
        RuntimeError
            If the engine is closed.
        """
        name = _field_bytes(field)
        with self._handle.guard():
            return int(library.valuation_number_key(self._handle.pointer, name, len(name)))

    def campaign_key(self, campaign: str | int) -> int:
        """Return the key of a campaign.

        Parameters
        ----------
        campaign : str or int
            The campaign's id; 1042 is ``"1042"``. ``"*"`` is the default model's.

        Returns
        -------
        int
            From 0 to 2**61 - 1. O(length).

        Raises
        ------
        TypeError
            If the id is neither text nor a number.
        RuntimeError
            If the engine is closed.
        """
        text = category_text(campaign).encode()
        with self._handle.guard():
            return int(library.valuation_campaign_key(self._handle.pointer, text, len(text)))

    def cross_key(self, first: int, second: int) -> int:
        """Return the key of a cross of two categories, in either order.

        The engine itself forms the crosses that its models know: do not pass one as a feature.

        Parameters
        ----------
        first, second : int
            Keys from :meth:`feature_key`.

        Returns
        -------
        int
            From 0 to 2**61 - 1. O(1).

        Raises
        ------
        ValueError
            If a key is not from 0 to 2**61 - 1.
        RuntimeError
            If the engine is closed.
        """
        for key in (first, second):
            if not 0 <= key < KEY_LIMIT:
                raise ValueError(f"a key is from 0 to 2**61 - 1, not {key}; make it with feature_key(field, value)")
        with self._handle.guard():
            return int(library.valuation_cross_key(self._handle.pointer, int(first), int(second)))

    def feature_keys(self, field: str, values: Any) -> npt.NDArray[np.uint64]:
        """Return the keys of many categories of one field.

        Parameters
        ----------
        field : str
            The field's name; not empty, without ``=``.
        values : column, array_like of any shape
            Text, integers, floats or bools, as in :meth:`feature_key`; none missing. A list, an array, a pandas or
            polars Series, an Arrow array.

        Returns
        -------
        ndarray of uint64
            The shape of ``values``. One key for each distinct value; finding these takes O(n) for texts and
            dictionaries, O(n log n) for numbers.

        Raises
        ------
        ValueError
            If the field's name is empty or contains ``=``, or a number is infinite.
        TypeError
            If a value is missing or of another type.
        RuntimeError
            If the engine is closed.
        """
        _field_bytes(field)
        return texts_computed("values", values, category_text, lambda texts: self._feature_keys(field, texts))

    def campaign_keys(self, campaigns: Any) -> npt.NDArray[np.uint64]:
        """Return the keys of many campaigns.

        Parameters
        ----------
        campaigns : column, array_like of any shape
            Ids, as text or integers; none missing. A list, an array, a pandas or polars Series, an Arrow array.

        Returns
        -------
        ndarray of uint64
            The shape of ``campaigns``. One key for each distinct id; finding these takes O(n) for texts and
            dictionaries, O(n log n) for numbers.

        Raises
        ------
        TypeError
            If an id is missing or of another type.
        RuntimeError
            If the engine is closed.
        """
        return texts_computed("campaigns", campaigns, category_text, self._campaign_keys)

    def _feature_keys(self, field: str, texts: list[bytes]) -> npt.NDArray[np.uint64]:
        """Return the key of each text as a category of the field."""
        name, of = _field_bytes(field), library.valuation_feature_key
        with self._handle.guard():
            pointer, length = self._handle.pointer, len(name)
            return _each(texts, lambda text: of(pointer, name, length, text, len(text)))

    def _campaign_keys(self, campaigns: list[bytes]) -> npt.NDArray[np.uint64]:
        """Return the key of each campaign."""
        of = library.valuation_campaign_key
        with self._handle.guard():
            pointer = self._handle.pointer
            return _each(campaigns, lambda text: of(pointer, text, len(text)))


def _each(texts: list[bytes], compute: Callable[[bytes], int]) -> npt.NDArray[np.uint64]:
    return np.fromiter(map(compute, texts), np.uint64, len(texts))
