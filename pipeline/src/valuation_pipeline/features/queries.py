# SPDX-License-Identifier: Apache-2.0
"""The SQL that takes the fields of a feature set out of examples."""

from __future__ import annotations

from valuation_pipeline.features.buckets import bucket_labels
from valuation_pipeline.features.definition import Exposure, FeatureField, FeatureSet, Number, Time
from valuation_pipeline.features.sources import entry_of

#: Columns that pass through.
COLUMNS = (
    "impression_id",
    "time",
    "date",
    "campaign",
    "advertiser",
    "ad",
    "placement",
    "pricing",
    "bid",
    "click",
    "click_time",
    "conversion",
    "conversion_time",
    "revenue",
    "pctr",
    "pcvr",
    "expected_revenue",
    "release",
)

#: A number as JSON writes one; DuckDB's own cast also takes " 12", "1_000" and "inf".
_NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"

#: Why a value is missing that the log has, by the number that a query gives it.
REASONS = {
    1: "several values, and the field is not multi",
    2: "not a number",
    3: "beyond the range of a double",
}


def fields_query(feature_set: FeatureSet, table: str, condition: str) -> str:
    """Return the query: the columns that pass through, then ``f0``, ``f1``, ... and ``r0``, ``r1``, ... of the fields.

    ``f`` is a field's value; ``r`` the number of the reason why it is missing though the log has one, 0 where there is
    none. Exposures are counted over all rows of the table, then the condition chooses rows. Ordered by time and
    impression.

    Parameters
    ----------
    feature_set : FeatureSet
        Which fields.
    table : str
        SQL of a table with the columns of examples.
    condition : str
        SQL that holds for the rows wanted.
    """
    fields = list(enumerate(feature_set.fields))
    raw = [f"{_raw(field)} AS raw{place}" for place, field in fields]
    parsed = [f"TRY_CAST(raw{place}[1] AS DOUBLE) AS number{place}" for place, field in fields if _is_parsed(field)]
    values = [f"{_value(place, field)} AS f{place}, {_reason(place, field)} AS r{place}" for place, field in fields]
    columns = ", ".join(COLUMNS)
    return (
        f"WITH examples_raw AS (SELECT {', '.join([columns, *raw])} FROM {table}), "
        f"examples_chosen AS (SELECT {', '.join(['*', *parsed])} FROM examples_raw WHERE {condition}) "
        f"SELECT {', '.join([columns, *values])} FROM examples_chosen ORDER BY time, impression_id"
    )


def quoted(text: str) -> str:
    """Return a text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def _is_parsed(field: FeatureField) -> bool:
    return isinstance(field.definition, Number) and entry_of(field.source) is not None


def _raw(field: FeatureField) -> str:
    """Return what the log has of a field: a list of texts of a feature, otherwise the value itself."""
    if isinstance(field.definition, Time):
        return _time(field.definition)
    if isinstance(field.definition, Exposure):
        return _exposure(field.definition)
    entry = entry_of(field.source)
    if entry is None:
        return field.source
    container, name = entry
    value = f"map_extract({container}, {quoted(name)})[1]"
    return f"list_filter({value}, lambda x: x IS NOT NULL)" if container == "features" else value


def _time(time: Time) -> str:
    clock = f"(time + INTERVAL ({round(time.utc_offset_hours * 60)}) MINUTE)"
    hour, weekday = f"EXTRACT(hour FROM {clock})", f"EXTRACT(isodow FROM {clock})"
    number = {"hour": hour, "weekday": weekday, "hour_of_week": f"({weekday} - 1) * 24 + {hour}"}[time.of]
    return f"CAST({number} AS VARCHAR)"


def _exposure(exposure: Exposure) -> str:
    unit = f"map_extract(unit, {quoted(exposure.unit)})[1]"
    window = f"PARTITION BY {unit}, {exposure.of}, CAST(time AS DATE) ORDER BY time, impression_id"
    count = f"LEAST(ROW_NUMBER() OVER ({window}) - 1, {exposure.cap})"
    return f"CASE WHEN {unit} IS NOT NULL THEN CAST({count} AS VARCHAR) END"


def _value(place: int, field: FeatureField) -> str:
    raw = f"raw{place}"
    if isinstance(field.definition, Number):
        number = f"CASE WHEN {_reason(place, field)} = 0 THEN number{place} END" if _is_parsed(field) else raw
        bounds = field.definition.buckets
        return number if bounds is None else _bucket(f"({number})", bounds)
    container, _ = entry_of(field.source) or ("", "")
    if field.kind == "multi":
        return raw if container == "features" else f"CASE WHEN {raw} IS NOT NULL THEN [{raw}] END"
    if container == "features" and field.section == "category":
        return f"CASE WHEN len({raw}) = 1 THEN {raw}[1] END"
    return raw


def _bucket(number: str, bounds: tuple[float, ...]) -> str:
    *labels, last = [quoted(label) for label in bucket_labels(bounds)]
    cases = [
        f"WHEN {number} < CAST('{bound!r}' AS DOUBLE) THEN {label}" for bound, label in zip(bounds, labels, strict=True)
    ]
    return f"CASE WHEN {number} IS NULL THEN NULL {' '.join(cases)} ELSE {last} END"


def _reason(place: int, field: FeatureField) -> str:
    raw = f"raw{place}"
    if field.section == "number":
        if not _is_parsed(field):
            return f"CASE WHEN isfinite({raw}) IS FALSE THEN 3 ELSE 0 END"
        return (
            f"CASE WHEN {raw} IS NULL OR len({raw}) = 0 THEN 0 WHEN len({raw}) > 1 THEN 1 "
            f"WHEN NOT regexp_full_match({raw}[1], '{_NUMBER}') THEN 2 "
            f"WHEN number{place} IS NULL OR NOT isfinite(number{place}) THEN 3 ELSE 0 END"
        )
    if field.kind == "category" and field.section == "category" and field.source.startswith("features."):
        return f"CASE WHEN len({raw}) > 1 THEN 1 ELSE 0 END"
    return "0"
