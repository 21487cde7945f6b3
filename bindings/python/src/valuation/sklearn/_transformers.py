# SPDX-License-Identifier: Apache-2.0
"""The effect of each transformer of scikit-learn on columns.

Types are compared exactly, because a subclass may transform differently from its base.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, combinations, combinations_with_replacement
from typing import Any, TypeAlias

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction import DictVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)

from valuation._texts import category_text
from valuation.columns.absence import is_absent
from valuation.sklearn._terms import Category, Column, Constant, Cross, Inexpressible, Number, Term

Columns: TypeAlias = list[Column]


def columns_after(transformer: Any, columns: Columns) -> Columns:
    """Return the columns that a fitted transformer produces from columns.

    Raises
    ------
    ValueError
        If that cannot be determined. The message names the transformer, and the column if it is about one.
    """
    if transformer is None or (isinstance(transformer, str) and transformer == "passthrough"):
        return columns
    make = _MAKERS.get(type(transformer))
    if make is None:
        known = ", ".join(kind.__name__ for kind in _MAKERS)
        raise ValueError(f"{type(transformer).__name__} has no form in a model document; use some of {known}")
    return make(transformer, columns)


def _raw_field(column: Column, transformer: str) -> str:
    """Return the field of a column that no transformer has changed."""
    if isinstance(column.term, Number) and column.term.missing is None and column.is_plain:
        return column.term.field
    raise ValueError(
        f"{transformer} of {str(column.term)!r} after another transformer has no form in a model document; "
        f"let it take the column as the request has it"
    )


# ---- Steps in a row and side by side -------------------------------------------------------------------------------


def _pipeline(pipeline: Any, columns: Columns) -> Columns:
    for _, transformer in pipeline.steps:
        columns = columns_after(transformer, columns)
    return columns


def _column_transformer(transformer: Any, columns: Columns) -> Columns:
    if transformer.transformer_weights:
        raise ValueError("transformer_weights of ColumnTransformer have no form in a model document; leave them out")
    names = [str(column.term) for column in columns]
    made: Columns = []
    for _, part, chosen in transformer.transformers_:
        positions = _positions(chosen, names)
        if positions and not (isinstance(part, str) and part == "drop"):
            made += columns_after(part, [columns[position] for position in positions])
    return made


def _positions(chosen: Any, names: Sequence[str]) -> list[int]:
    """Return the positions of the columns that a ColumnTransformer gives to one of its parts."""
    if isinstance(chosen, slice):
        if isinstance(chosen.start, str) or isinstance(chosen.stop, str):  # by names, the last one included
            start = None if chosen.start is None else _position(chosen.start, names)
            stop = None if chosen.stop is None else _position(chosen.stop, names) + 1
            chosen = slice(start, stop, chosen.step)
        return list(range(*chosen.indices(len(names))))
    members = [chosen] if np.ndim(chosen) == 0 else list(chosen)
    if members and isinstance(members[0], bool | np.bool_):
        return [position for position, is_chosen in enumerate(members) if is_chosen]
    return [_position(member, names) for member in members]


def _position(member: Any, names: Sequence[str]) -> int:
    if not isinstance(member, str):
        return range(len(names))[int(member)]
    if member not in names:
        raise ValueError(f"ColumnTransformer picks {member!r}, which another transformer made; pick it by its position")
    return names.index(member)


def _function(transformer: Any, columns: Columns) -> Columns:
    if transformer.func is not None:
        raise ValueError(
            f"FunctionTransformer({getattr(transformer.func, '__name__', transformer.func)}) has no form in a model "
            f"document; compute it before the pipeline, in the request as well"
        )
    return columns


# ---- Categories ----------------------------------------------------------------------------------------------------


def _one_hot(encoder: Any, columns: Columns) -> Columns:
    rare = getattr(encoder, "infrequent_categories_", None) or [None] * len(columns)
    dropped = [None] * len(columns) if encoder.drop_idx_ is None else encoder.drop_idx_
    made: Columns = []
    for column, categories, infrequent, drop in zip(columns, encoder.categories_, rare, dropped, strict=True):
        field, values = _raw_field(column, "OneHotEncoder"), _cells(categories)
        grouped = [] if infrequent is None else _cells(infrequent)
        rare_ones = set(grouped)
        groups = [[value] for value in values if value not in rare_ones] + ([grouped] if grouped else [])
        if drop is not None:  # its weight is 0, as that of what nobody knows
            groups = [group for group in groups if values[drop] not in group]
        for group in groups:
            term = _category(field, group)
            if group is grouped and encoder.handle_unknown in ("infrequent_if_exist", "warn"):
                term = Inexpressible(
                    f"{field}: infrequent",
                    f"handle_unknown={encoder.handle_unknown!r} gives unknown categories the weight of rare ones, the "
                    f"engine gives them 0; use handle_unknown='ignore'",
                )
            made.append(Column(term))
    return made


def _cells(categories: Any) -> list[Any]:
    # Not tolist(), which makes integers of times.
    return [None if is_absent(value) else value for value in categories]


def _category(field: str, values: Sequence[Any]) -> Term:
    if None in values:
        reason = "the engine gives a missing category no weight; fill it with a text before the pipeline, "
        return Inexpressible(f"{field}={values[0]}", reason + "in the request as well")
    try:
        return Category(field, tuple(category_text(value) for value in values), is_single=True)
    except TypeError as problem:
        raise ValueError(f"column {field!r} holds {values[0]!r}: {problem}") from None


def _dict_vectorizer(vectorizer: Any, columns: Columns) -> Columns:
    if columns:
        raise ValueError("DictVectorizer must be the first step to have a form in a model document")
    return [Column(_vectorized(name, vectorizer.separator)) for name in vectorizer.feature_names_]


def _vectorized(name: str, separator: str) -> Term:
    field, found, value = name.partition(separator)
    if not found:
        return Number(name, missing=0.0)
    if separator != "=" and separator in value:  # a field of the model format has no "=", so there the first one counts
        return Inexpressible(name, f"{separator!r} parts it in several places; use DictVectorizer(separator='=')")
    return Category(field, (value,))


def _polynomial(features: Any, columns: Columns) -> Columns:
    least, most = (0, features.degree) if isinstance(features.degree, int) else features.degree
    choose = combinations if features.interaction_only else combinations_with_replacement
    chosen = chain.from_iterable(choose(columns, size) for size in range(max(1, least), most + 1))
    bias = [Column(Constant(1))] if features.include_bias else []
    return bias + [_product(factors) for factors in chosen]


def _product(factors: Sequence[Column]) -> Column:
    if len(factors) == 1:
        return factors[0]
    by_field: dict[str, Category] = {}
    for column in factors:
        term = column.term
        if not isinstance(term, Category) or not column.is_plain:
            return _no_product(factors)
        known = by_field.get(term.field)
        if known is None:
            by_field[term.field] = term
        elif known.is_single and term.is_single:
            shared = tuple(value for value in known.values if value in term.values)
            by_field[term.field] = Category(term.field, shared, is_single=True)
        else:
            return _no_product(factors)
    if not all(category.values for category in by_field.values()):
        return Column(Constant(0))  # of two values of one field, one is always missing
    categories = list(by_field.values())
    if len(categories) == 1:
        return Column(categories[0])
    return Column(Cross(*categories)) if len(categories) == 2 else _no_product(factors)


def _no_product(factors: Sequence[Column]) -> Column:
    name = " x ".join(str(column.term) for column in factors)
    return Column(Inexpressible(name, "only two categories of different fields, not scaled, can be crossed"))


# ---- Numbers -------------------------------------------------------------------------------------------------------


def _scaled(columns: Columns, centers: Any, scales: Any) -> Columns:
    """Return (column - center) / scale of each."""
    centers = np.zeros(len(columns)) if centers is None else np.asarray(centers, np.float64)
    scales = np.ones(len(columns)) if scales is None else np.asarray(scales, np.float64)
    return [
        Column(column.term, column.origin + column.unit * center, column.unit * scale)
        for column, center, scale in zip(columns, centers.tolist(), scales.tolist(), strict=True)
    ]


def _standard(scaler: Any, columns: Columns) -> Columns:
    return _scaled(columns, scaler.mean_ if scaler.with_mean else None, scaler.scale_)


def _min_max(scaler: Any, columns: Columns) -> Columns:
    _refuse_clip(scaler)
    return _scaled(columns, -scaler.min_ / scaler.scale_, 1 / scaler.scale_)


def _max_abs(scaler: Any, columns: Columns) -> Columns:
    _refuse_clip(scaler)
    return _scaled(columns, None, scaler.scale_)


def _robust(scaler: Any, columns: Columns) -> Columns:
    return _scaled(columns, scaler.center_, scaler.scale_)


def _refuse_clip(scaler: Any) -> None:
    if getattr(scaler, "clip", False):
        raise ValueError(f"{type(scaler).__name__}(clip=True) has no form in a model document; use clip=False")


def _imputer(imputer: Any, columns: Columns) -> Columns:
    if imputer.add_indicator:
        raise ValueError(
            "SimpleImputer(add_indicator=True) has no form in a model document; leave it out, or add a category that "
            "says so before the pipeline, in the request as well"
        )
    if not is_absent(imputer.missing_values):
        raise ValueError(
            f"SimpleImputer(missing_values={imputer.missing_values!r}) has no form in a model document, where "
            f"{imputer.missing_values!r} is an ordinary number; make NaN of it before the pipeline"
        )
    made: Columns = []
    for column, value in zip(columns, imputer.statistics_.tolist(), strict=True):
        field = _raw_field(column, "SimpleImputer")
        if isinstance(value, str):
            raise ValueError(f"SimpleImputer of {field!r} fills in a category; fill it before the pipeline instead")
        if not is_absent(value):  # a column without any number is dropped
            made.append(Column(Number(field, missing=float(value))))
    return made


_MAKERS: dict[type, Callable[[Any, Columns], Columns]] = {
    OneHotEncoder: _one_hot,
    DictVectorizer: _dict_vectorizer,
    PolynomialFeatures: _polynomial,
    StandardScaler: _standard,
    MinMaxScaler: _min_max,
    MaxAbsScaler: _max_abs,
    RobustScaler: _robust,
    SimpleImputer: _imputer,
    FunctionTransformer: _function,
    ColumnTransformer: _column_transformer,
    Pipeline: _pipeline,
}
