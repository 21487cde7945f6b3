# SPDX-License-Identifier: Apache-2.0
"""The SQL that extracts the fields of a feature set from examples."""

from __future__ import annotations

from collections.abc import Sequence

from valuation_pipeline.features.buckets import bucket_labels
from valuation_pipeline.features.definition import Exposure, FeatureField, Number, Time
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

#: A number in JSON's notation; DuckDB's own cast also accepts " 12", "1_000" and "inf".
_NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"

#: Why a value in the log counts as missing, by the number that a query gives it.
REASONS = {
    1: "several values, and the field is not multi",
    2: "not a number",
    3: "beyond the range of a double",
}


def fields_query(fields: Sequence[FeatureField], source: str, condition: str) -> str:
    """Return the query for fields that depend only on their own row: all but exposures.

    Its result has the columns that pass through and ``file_row_number``; then for the field at each position
    ``f<place>``, its value, and if a value may be set aside ``r<place>``: the number of the reason, 0 if there is none.
    Ordered by time and impression.

    Parameters
    ----------
    fields : sequence of FeatureField
        Of a feature set.
    source : str
        SQL of a table with the columns of examples and ``file_row_number``.
    condition : str
        SQL condition for the rows.
    """
    columns = ["file_row_number", *COLUMNS]
    own = [(place, field) for place, field in enumerate(fields) if field.section != "exposure"]
    logged = [f"{_logged(field)} AS logged{place}" for place, field in own]
    raw = [f"{_without_nulls(place, field)} AS raw{place}" for place, field in own]
    parsed = [f"TRY_CAST(raw{place}[1] AS DOUBLE) AS number{place}" for place, field in own if _is_parsed(field)]
    reasons = [f"{_reason(place, field)} AS r{place}" for place, field in own if may_be_set_aside(field)]
    values = [f"{_value(place, field)} AS f{place}" for place, field in own]
    return (
        f"WITH logged AS (SELECT {', '.join([*columns, *logged])} FROM {source} WHERE {condition}), "
        f"sound AS (SELECT {', '.join([*columns, *raw])} FROM logged), "
        f"parsed AS (SELECT {', '.join(['*', *parsed])} FROM sound), "
        f"judged AS (SELECT {', '.join(['*', *reasons])} FROM parsed) "
        f"SELECT {', '.join([*columns, *values, *(reason.split()[-1] for reason in reasons)])} FROM judged "
        "ORDER BY time, impression_id"
    )


def exposures_query(fields: Sequence[FeatureField], source: str) -> str:
    """Return the query that counts exposures over all rows: ``file_row_number``, and ``f<place>`` of these fields.

    A count is at most the field's cap, and -1 if the row lacks the unit.
    """
    counts = []
    for place, field in enumerate(fields):
        if isinstance(field.definition, Exposure):
            counts.append(f"{_exposure(field.definition)} AS f{place}")
    return f"SELECT {', '.join(['file_row_number', *counts])} FROM {source}"


def may_be_set_aside(field: FeatureField) -> bool:
    """Whether a row may have a value of the field that counts as missing, so that the query needs a reason."""
    return field.section == "number" or (_is_of_a_feature(field) and field.kind == "category")


def quoted(text: str) -> str:
    """Return a text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def _is_of_a_feature(field: FeatureField) -> bool:
    return field.section in ("category", "number") and field.source.startswith("features.")


def _is_parsed(field: FeatureField) -> bool:
    return field.section == "number" and _is_of_a_feature(field)


def _logged(field: FeatureField) -> str:
    """Return the log's value of a field: a list of texts for a feature, otherwise the value itself."""
    if isinstance(field.definition, Time):
        return _time(field.definition)
    entry = entry_of(field.source)
    if entry is None:
        return field.source
    container, name = entry
    return f"map_extract_value({container}, {quoted(name)})"


def _without_nulls(place: int, field: FeatureField) -> str:
    """Return several texts without nulls among them; for a single text the search would be wasted time."""
    logged = f"logged{place}"
    if not _is_of_a_feature(field):
        return logged
    return f"CASE WHEN len({logged}) > 1 THEN list_filter({logged}, lambda x: x IS NOT NULL) ELSE {logged} END"


def _time(time: Time) -> str:
    clock = f"(time + INTERVAL ({round(time.utc_offset_hours * 60)}) MINUTE)"
    hour, weekday = f"EXTRACT(hour FROM {clock})", f"EXTRACT(isodow FROM {clock})"
    number = {"hour": hour, "weekday": weekday, "hour_of_week": f"({weekday} - 1) * 24 + {hour}"}[time.of]
    return f"CAST({number} AS VARCHAR)"


def _exposure(exposure: Exposure) -> str:
    unit = f"NULLIF(map_extract_value(unit, {quoted(exposure.unit)}), '')"  # the engine takes "" for nobody, too
    window = f"PARTITION BY {unit}, {exposure.of}, CAST(time AS DATE) ORDER BY time, impression_id"
    count = f"LEAST(ROW_NUMBER() OVER ({window}) - 1, {exposure.cap})"
    return f"CAST(CASE WHEN {unit} IS NULL THEN -1 ELSE {count} END AS SMALLINT)"


def _value(place: int, field: FeatureField) -> str:
    raw = f"raw{place}"
    if isinstance(field.definition, Number):
        number = f"CASE WHEN r{place} = 0 THEN {f'number{place}' if _is_parsed(field) else raw} END"
        bounds = field.definition.buckets
        return number if bounds is None else _bucket(f"({number})", bounds)
    if _is_of_a_feature(field):
        return raw if field.kind == "multi" else f"CASE WHEN r{place} = 0 THEN {raw}[1] END"
    return raw


def _bucket(number: str, bounds: tuple[float, ...]) -> str:
    *labels, last = [quoted(label) for label in bucket_labels(bounds)]
    cases = [
        f"WHEN {number} < CAST('{bound!r}' AS DOUBLE) THEN {label}" for bound, label in zip(bounds, labels, strict=True)
    ]
    return f"CASE WHEN {number} IS NULL THEN NULL {' '.join(cases)} ELSE {last} END"


def _reason(place: int, field: FeatureField) -> str:
    raw, number = f"raw{place}", f"number{place}"
    if not _is_of_a_feature(field):
        return f"CASE WHEN isfinite({raw}) IS FALSE THEN 3 ELSE 0 END"
    if field.section == "category":
        return f"CASE WHEN len({raw}) > 1 THEN 1 ELSE 0 END"
    return (
        f"CASE WHEN len({raw}) > 1 THEN 1 WHEN {raw}[1] IS NULL THEN 0 "
        f"WHEN NOT regexp_full_match({raw}[1], '{_NUMBER}') THEN 2 "
        f"WHEN {number} IS NULL OR NOT isfinite({number}) THEN 3 ELSE 0 END"
    )
