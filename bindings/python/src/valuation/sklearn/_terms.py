# SPDX-License-Identifier: Apache-2.0
"""The columns of a training matrix, in the terms of the model format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Category:
    """1 if a field has one of the values; there are several if an encoder groups rare ones."""

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
    """The number of a field, and its replacement if it is missing; None if scikit-learn refuses such a row."""

    field: str
    missing: Any = None

    def __str__(self) -> str:
        return self.field


@dataclass(frozen=True)
class Cross:
    """1 if both categories are present, which are of different fields."""

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
    """A column that the model format cannot express; it matters only if its coefficient is not 0."""

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
