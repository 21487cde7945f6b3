# SPDX-License-Identifier: Apache-2.0
"""What the columns of a training matrix stand for, in the words of the model format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Category:
    """1 where a field holds one of the values; they are several where an encoder groups rare ones."""

    field: str
    values: tuple[str, ...]
    #: Whether the field has one value at a time; a list of a DictVectorizer has several.
    is_single: bool = False

    @property
    def value(self) -> str:
        """The value, or the first of several."""
        return self.values[0]

    def __str__(self) -> str:
        return f"{self.field}={self.value}"


@dataclass(frozen=True)
class Number:
    """The number of a field, and what stands for it where it is missing; None where scikit-learn refuses such a row."""

    field: str
    missing: Any = None

    def __str__(self) -> str:
        return self.field


@dataclass(frozen=True)
class Cross:
    """1 where both categories are there, which are of different fields."""

    first: Category
    second: Category

    def __str__(self) -> str:
        return f"{self.first} x {self.second}"


@dataclass(frozen=True)
class Constant:
    """The same in every row."""

    value: float

    def __str__(self) -> str:
        return f"{self.value:g}"


@dataclass(frozen=True)
class Inexpressible:
    """What the model format has no words for; it matters only where its coefficient is not 0."""

    name: str
    reason: str

    def __str__(self) -> str:
        return self.name


Term: TypeAlias = Category | Number | Cross | Constant | Inexpressible


@dataclass(frozen=True)
class Column:
    """A column of the training matrix: (term - origin) / unit."""

    term: Term
    origin: float = 0.0
    unit: float = 1.0

    @property
    def is_plain(self) -> bool:
        """Whether the column is the term itself."""
        return self.origin == 0 and self.unit == 1
