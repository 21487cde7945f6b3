# SPDX-License-Identifier: Apache-2.0
"""Texts in one contiguous piece of memory, as in Arrow."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from valuation.columns.cells import Cells, Distinct, Numbering, TextOf

#: Texts of up to this many bytes are compared as numbers of 64 bits, without a Python object for each.
_SHORT = 32

_WORD = 8
#: For each number of bytes the mask of as many lowest ones.
_MASKS = np.array([2 ** (8 * count) - 1 for count in range(_WORD + 1)], np.uint64)


class Texts(Cells):
    """Texts in UTF-8: text ``i`` is ``data[starts[i] : starts[i] + lengths[i]]``, absent if its length is below 0."""

    def __init__(self, data: bytes, starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> None:
        self._data = data
        self._starts = starts
        self._lengths = lengths

    def __len__(self) -> int:
        return len(self._starts)

    def distinct(self, text_of: TextOf) -> Distinct:
        present = np.flatnonzero(self._lengths >= 0)
        starts, lengths = self._starts[present], self._lengths[present]
        found = self._short(starts, lengths) if not len(lengths) or lengths.max() <= _SHORT else None
        if found is None:
            numbering = Numbering()
            ends = (starts + lengths).tolist()
            own = (self._data[start:end] for start, end in zip(starts.tolist(), ends, strict=True))
            inverse, values = numbering.of(own, len(starts)), numbering.distinct()
        else:
            inverse, chosen = found
            places = zip(starts[chosen].tolist(), (starts + lengths)[chosen].tolist(), strict=True)
            values = [self._data[start:end] for start, end in places]
        codes = np.full(len(self._starts), -1, np.int64)
        codes[present] = inverse
        return Distinct(codes, [text_of(value).encode() for value in values])

    def numbers(self) -> npt.NDArray[Any]:
        if (self._lengths >= 0).any():
            raise TypeError("holds texts, not numbers")
        return np.full(len(self), np.nan)

    def take(self, positions: npt.NDArray[np.intp]) -> Cells:
        return Texts(self._data, self._starts[positions], self._lengths[positions])

    def _short(
        self, starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]] | None:
        """Number the distinct texts, and return a position of each; None if two have one hash.

        A text is at most four numbers of 64 bits. Their hash finds candidates for equality, and the numbers themselves
        decide.
        """
        windows = np.lib.stride_tricks.sliding_window_view(np.frombuffer(self._data + bytes(_WORD), np.uint8), _WORD)
        parts = [lengths.astype(np.uint64)]
        for first in range(0, int(lengths.max(initial=0)), _WORD):
            word = windows[np.minimum(starts + first, len(self._data))].view(np.uint64)[:, 0]
            parts.append(word & _MASKS[np.clip(lengths - first, 0, _WORD)])
        hashes = np.zeros(len(starts), np.uint64)
        for part in parts:
            hashes = (hashes ^ part) * np.uint64(0x9E3779B97F4A7C15)
            hashes ^= hashes >> np.uint64(29)
        distinct, inverse = np.unique(hashes, return_inverse=True)
        chosen = np.empty(len(distinct), np.int64)
        chosen[inverse] = np.arange(len(inverse))
        if any((part[chosen][inverse] != part).any() for part in parts):
            return None
        return inverse, chosen
