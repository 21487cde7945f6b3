# SPDX-License-Identifier: Apache-2.0
"""The cells of a column: the common form of every column, whatever its source.

Everything that the package reads as text or as a number comes from them: so a value has one text, and one key, in every
container.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

#: Returns the text of a value, or raises TypeError or ValueError.
TextOf: TypeAlias = Callable[[Any], str]


@dataclass(frozen=True)
class Distinct:
    """The distinct texts of a column, and for each cell the position of its text, or -1 if it is absent.

    A text may occur twice: for the number 12 and the text "12", or if nearly all are different anyway.
    """

    codes: npt.NDArray[np.int64]
    texts: list[bytes]


@dataclass(frozen=True)
class Unreadable:
    """A value without a text that is not a number either, to be named in a message."""

    kind: str


class Numbering(dict[Any, int]):
    """Numbers values from 0 on, as they come; None is -1."""

    def __init__(self) -> None:
        super().__init__({None: -1})

    def __missing__(self, value: Any) -> int:
        self[value] = number = len(self) - 1
        return number

    def of(self, values: Iterable[Any], count: int) -> npt.NDArray[np.int64]:
        """Return the numbers of values, of which there are ``count``."""
        return np.fromiter(map(self.__getitem__, values), np.int64, count)

    def distinct(self) -> list[Any]:
        """Return the values by their numbers."""
        return list(self)[1:]


class Cells(ABC):
    """The cells of a column."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def distinct(self, text_of: TextOf) -> Distinct:
        """Find the distinct texts; ``text_of`` is called once for each distinct value."""

    @abstractmethod
    def numbers(self) -> npt.NDArray[Any]:
        """Return the cells as numbers of their own dtype; if some are absent, as float64 with NaN for these.

        Raises
        ------
        TypeError
            If a cell is not a number.
        """

    @abstractmethod
    def take(self, positions: npt.NDArray[np.intp]) -> Cells:
        """Choose cells."""

    def members(self) -> tuple[npt.NDArray[np.int64] | None, Cells]:
        """Spread cells that hold several values: the row of each value, not falling, and the values.

        The rows are None if each row is one cell, absent or not.
        """
        return None, self


def ranges(
    starts: npt.NDArray[np.integer[Any]], counts: npt.NDArray[np.integer[Any]]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the positions ``starts[i] ... starts[i] + counts[i] - 1`` of all i, after the i of each."""
    owners = np.repeat(np.arange(len(counts)), counts)
    firsts = np.cumsum(counts) - counts
    return owners, np.arange(len(owners)) - firsts[owners] + starts[owners]
