# SPDX-License-Identifier: Apache-2.0
"""The weights of a model by label, and the members of a document that contain them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from valuation.sklearn._terms import Category, Column, Constant, Cross, Inexpressible, Number, Term


@dataclass
class Weight:
    """The term of a label in the logit: weight * (x - mean) / std, where x is 1 for a category or cross."""

    weight: float = 0.0
    mean: float = 0.0
    std: float = 1.0
    #: The positions of its columns in the training matrix.
    columns: list[int] = field(default_factory=list)


@dataclass
class Weights:
    """A model's intercept, and its weights by label: a category of one value, a number, or a cross of two."""

    intercept: float
    by_label: dict[Term, Weight] = field(default_factory=dict)

    @classmethod
    def from_columns(cls, intercept: float, coefficients: Sequence[float], columns: Sequence[Column]) -> Weights:
        """Return the weights of the columns of a training matrix; those of columns of one label are added up.

        Raises
        ------
        ValueError
            If a coefficient is NaN or infinite, or the model format cannot express its column; by name.
        """
        if not np.isfinite(intercept):
            raise ValueError(f"the intercept is {intercept}; mend the training")
        weights = cls(intercept)
        filled: dict[str, Any] = {}
        for position, (column, coefficient) in enumerate(zip(columns, coefficients, strict=True)):
            term, mean = column.term, 0.0
            if not np.isfinite(coefficient):
                raise ValueError(f"the coefficient of {str(term)!r} is {coefficient}; mend the training")
            if isinstance(term, Inexpressible):
                if coefficient:
                    raise ValueError(f"{term.name!r} has no form in a model document: {term.reason}")
                continue
            if isinstance(term, Number):
                if filled.setdefault(term.field, term.missing) != term.missing:
                    raise ValueError(
                        f"two columns of the number {term.field!r} fill it in differently; fill it in once"
                    )
                mean = column.origin if term.missing is None else term.missing
            for label in _labels(term):
                unit = column.unit if isinstance(label, Number) else 1.0
                weight = weights.by_label.setdefault(label, Weight(mean=mean, std=unit))
                weight.weight += coefficient * (weight.std / column.unit)
                weight.columns.append(position)
                mean = weight.mean
            constant = term.value if isinstance(term, Constant) else mean
            weights.intercept += coefficient * (constant - column.origin) / column.unit
        return weights

    @classmethod
    def from_mapping(cls, mapping: Mapping[Any, Any]) -> Weights:
        """Return the weights of a mapping from names to numbers.

        Raises
        ------
        ValueError
            If there is no intercept, a name is invalid or occurs twice, or a weight is NaN or infinite; by name.
        """
        if "intercept" not in mapping:
            raise ValueError("the mapping has no 'intercept'; give 0 if the model has none")
        weights = cls(0.0)
        for name, given in mapping.items():
            number = float(given)
            if not np.isfinite(number):
                raise ValueError(f"the weight of {name!r} is {number}; mend the training")
            if isinstance(name, str) and name == "intercept":
                weights.intercept = number
                continue
            label = _label(name)
            if label in weights.by_label:
                raise ValueError(f"{name!r} is there twice, in the other order")
            weights.by_label[label] = Weight(number)
        return weights

    def members(self, of_category: Callable[[Weight], Any], of_number: Callable[[Weight], Any]) -> dict[str, Any]:
        """Return the members ``categorical``, ``numeric`` and ``crosses``, with the given value for each weight.

        A weight for which None is given is left out; its field of categories is still present.
        """
        categorical: dict[str, dict[str, Any]] = {}
        numeric: dict[str, Any] = {}
        crosses: dict[tuple[str, str], list[list[Any]]] = {}
        for label, weight in self.by_label.items():
            if isinstance(label, Number):
                numeric[label.field] = of_number(weight)
                continue
            value = of_category(weight)
            if isinstance(label, Category):
                of_field = categorical.setdefault(label.field, {})
                if value is not None:
                    of_field[label.value] = value
            elif isinstance(label, Cross) and value is not None:
                fields = (label.first.field, label.second.field)
                crosses.setdefault(fields, []).append([label.first.value, label.second.value, value])
        listed = [{"fields": list(fields), "weights": of_pairs} for fields, of_pairs in crosses.items()]
        return {"categorical": categorical, "numeric": numeric, "crosses": listed}


def _labels(term: Term) -> list[Term]:
    """Return the labels for which a term has weights in a document."""
    if isinstance(term, Number):
        return [Number(term.field)]
    if isinstance(term, Category):
        return [Category(term.field, (value,)) for value in term.values]
    if isinstance(term, Cross):
        pairs = product(term.first.values, term.second.values)
        return [
            _cross(Category(term.first.field, (one,)), Category(term.second.field, (other,))) for one, other in pairs
        ]
    return []


def _cross(one: Category, other: Category) -> Cross:
    """Return the cross of two categories, the same one in either order."""
    return Cross(*sorted((one, other), key=lambda category: category.field))


def _label(name: Any) -> Term:
    if isinstance(name, tuple) and len(name) == 2:
        one, other = (_label(part) for part in name)
        if isinstance(one, Category) and isinstance(other, Category):
            return _cross(one, other)
    elif isinstance(name, str):
        of_field, found, value = name.partition("=")
        return Category(of_field, (value,)) if found else Number(of_field)
    raise ValueError(
        f"{name!r} names no weight; names are 'intercept', 'field=value', ('field=value', 'field=value') and the field "
        f"of a number"
    )
