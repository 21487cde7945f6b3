# SPDX-License-Identifier: Apache-2.0
"""Contradictions in a features.toml."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from valuation_pipeline.features.sources import AD_COLUMNS, CATEGORY_COLUMNS, NUMBER_COLUMNS, entry_of

if TYPE_CHECKING:
    from valuation_pipeline.features.definition import FeatureSet

MAXIMUM_NAME_BYTES = 255


def problems(feature_set: FeatureSet) -> list[str]:
    """Return the contradictions, each with its key path and what to do; empty if there are none."""
    return [
        *_names(feature_set),
        *_sources(feature_set),
        *_sides(feature_set),
        *_buckets(feature_set),
        *_crosses(feature_set),
    ]


def _names(feature_set: FeatureSet) -> Iterator[str]:
    seen: dict[str, str] = {}
    for field in feature_set.fields:
        path = f"{field.section}.{field.name}"
        if not field.name or len(field.name.encode()) > MAXIMUM_NAME_BYTES:
            yield f"{path}: a field's name has 1 to {MAXIMUM_NAME_BYTES} bytes"
        if "=" in field.name or "\0" in field.name:
            yield f"{path}: a field's name holds no '=' and no NUL; rename it and name its source"
        if field.name in seen:
            yield f"{path}: {seen[field.name]} has the name already; rename one of them and name its source"
        seen.setdefault(field.name, path)
    if not seen:
        yield "there is no field; add [category.<field>], [number.<field>], [time.<field>] or [exposure.<field>]"


def _sources(feature_set: FeatureSet) -> Iterator[str]:
    for name, category in feature_set.category.items():
        path = f"category.{name}.source"
        entry = entry_of(category.source or f"features.{name}")
        if category.multi and (category.source in CATEGORY_COLUMNS or (entry is not None and entry[0] == "unit")):
            yield f"category.{name}.multi: {category.source} is one text; leave multi out"
        if entry is None:
            if category.source in NUMBER_COLUMNS:
                yield f"{path}: {category.source} is a number; move it to [number.{name}]"
            elif category.source not in CATEGORY_COLUMNS:
                yield (
                    f"{path}: unknown source {category.source!r}; write features.<name>, unit.<name>, or one of "
                    f"{', '.join(CATEGORY_COLUMNS)}"
                )
    for name, number in feature_set.number.items():
        entry = entry_of(number.source or f"features.{name}")
        if (entry is None or entry[0] == "unit") and number.source not in NUMBER_COLUMNS:
            path = f"number.{name}.source"
            if number.source in CATEGORY_COLUMNS or (entry is not None and entry[0] == "unit"):
                yield f"{path}: {number.source} is a text; move it to [category.{name}]"
            else:
                yield (
                    f"{path}: unknown source {number.source!r}; write features.<name>, or one of "
                    f"{', '.join(NUMBER_COLUMNS)}"
                )


def _sides(feature_set: FeatureSet) -> Iterator[str]:
    for field in feature_set.fields:
        if field.source in AD_COLUMNS and field.side == "request":
            yield (
                f"{field.section}.{field.name}.side: {field.source} belongs to the candidate, of which a request has "
                'several; leave side out, or write "ad"'
            )


def _buckets(feature_set: FeatureSet) -> Iterator[str]:
    for name, number in feature_set.number.items():
        for lower, upper in pairwise(number.buckets or ()):
            if lower >= upper:
                yield f"number.{name}.buckets: bounds rise, and {upper} stands behind {lower}; sort them"


def _crosses(feature_set: FeatureSet) -> Iterator[str]:
    kinds = {field.name: field.kind for field in feature_set.fields}
    seen: dict[frozenset[str], str] = {}
    for name, cross in feature_set.cross.items():
        path = f"cross.{name}.fields"
        for field in cross.fields:
            if field not in kinds:
                yield f"{path}: unknown field {field!r}; the fields are {', '.join(kinds) or 'none'}"
            elif kinds[field] == "number":
                yield f"{path}: {field!r} is a number, and a cross joins categories; give [number.{field}] buckets"
        pair = frozenset(cross.fields)
        if len(pair) == 1:
            yield f"{path}: a cross joins two different fields"
        elif pair in seen:
            yield f"{path}: {seen[pair]} joins the same fields; keep one"
        seen.setdefault(pair, f"cross.{name}")
