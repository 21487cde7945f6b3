# SPDX-License-Identifier: Apache-2.0
"""Casts the columns of a raw table to those of the schema, and finds what is wrong with a row by itself."""

from __future__ import annotations

import difflib

import duckdb

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.logs.reading import DAY, FILE, ROW, RawTable, quoted
from valuation_pipeline.logs.reasons import Reason
from valuation_pipeline.logs.schema import FEATURES, PRICINGS, TABLES, TIME, UNIT

REQUIRED = {
    "impression_id": Reason.NO_ID,
    "request_id": Reason.NO_ID,
    "time": Reason.NO_TIME,
    "campaign": Reason.NO_CAMPAIGN,
    "ad": Reason.NO_AD,
}
_RANGES = {
    "bid": "{0} >= 0",
    "cost": "{0} >= 0",
    "pctr": "{0} BETWEEN 0 AND 1",
    "pcvr": "{0} BETWEEN 0 AND 1",
    "propensity": "{0} > 0 AND {0} <= 1",
    # Names that the engine takes: for a single other one it would refuse the release of all campaigns.
    "campaign": "strlen({0}) <= 255 AND {0} <> '*' AND NOT contains({0}, chr(0))",
    "advertiser": "strlen({0}) <= 255 AND NOT contains({0}, chr(0))",
}

MACROS = r"""
CREATE OR REPLACE MACRO json_number_text(x) AS CASE
    WHEN regexp_full_match(x, '-?[0-9]+') THEN x
    ELSE regexp_replace(TRY_CAST(x AS DOUBLE)::VARCHAR, '\.0$', '') END;
CREATE OR REPLACE MACRO json_scalar_text(x) AS CASE json_type(x)
    WHEN 'VARCHAR' THEN x->>'$'
    WHEN 'BOOLEAN' THEN x::VARCHAR
    WHEN 'OBJECT' THEN NULL
    WHEN 'ARRAY' THEN NULL
    ELSE json_number_text(x::VARCHAR) END;
CREATE OR REPLACE MACRO json_items(x) AS list_filter(
    CASE WHEN json_type(x) = 'ARRAY' THEN from_json(x, '["JSON"]') ELSE [x] END,
    lambda item: item IS NOT NULL AND json_type(item) <> 'NULL');
CREATE OR REPLACE MACRO json_texts(x) AS list_transform(json_items(x), lambda item: json_scalar_text(item));
CREATE OR REPLACE MACRO json_object(x) AS CASE WHEN json_valid(x) THEN
    from_json(x, '"MAP(VARCHAR, JSON)"') END;
CREATE OR REPLACE MACRO map_if_texts(m) AS CASE
    WHEN len(list_filter(flatten(map_values(m)), lambda text: text IS NULL)) = 0 THEN m END;
CREATE OR REPLACE MACRO map_of_lists(m) AS map_if_texts(map_from_entries(list_filter(
    list_transform(map_entries(m), lambda entry: {'key': entry.key, 'value': json_texts(entry.value)}),
    lambda entry: len(entry.value) > 0)));
CREATE OR REPLACE MACRO features_of_json(x) AS map_of_lists(json_object(x));
CREATE OR REPLACE MACRO unit_of_json(x) AS CASE
    WHEN len(list_filter(map_values(features_of_json(x)), lambda texts: len(texts) <> 1)) = 0 THEN
    map_from_entries(list_transform(map_entries(features_of_json(x)),
        lambda entry: {'key': entry.key, 'value': entry.value[1]})) END;
CREATE OR REPLACE MACRO texts_of_json(x) AS CASE WHEN json_valid(x) THEN
    CASE WHEN len(list_filter(json_texts(x::JSON), lambda text: text IS NULL)) = 0 THEN json_texts(x::JSON) END END;
"""
"""How JSON texts become features, units and lists; null where they cannot."""


def typed_view(connection: duckdb.DuckDBPyConnection, table: str, raw: RawTable) -> str:
    """Create the view ``typed_<table>``: FILE, ROW, DAY, the columns of the schema, and ``reason`` and ``detail``.

    ``reason`` is null for a row without a problem of its own, apart from its time; a column that the files lack is
    null.

    Raises
    ------
    PipelineError
        A required column is missing, or a column has a type that cannot be cast to the schema's.
    """
    check_columns(table, raw)
    names = {name.lower(): name for name in raw.columns}
    typed, conditions, bad = [], [], []
    for field in TABLES[table]:
        source = names.get(field.name)
        column = quoted(field.name)
        if source is None:
            typed.append(f"NULL::{duckdb_type(field.name, table)} AS {column}")
        else:
            given, kind = f"raw.{quoted(source)}", raw.columns[source]
            value = _cast(field.type, given, kind)
            typed.append(f"{_within_range(field.name, value)} AS {column}")
            if field.nullable and value != given:
                typed.append(f"{_is_given(given, kind)} AS {quoted('given ' + field.name)}")
                bad.append(f"WHEN {column} IS NULL AND {quoted('given ' + field.name)} THEN '{field.name}'")
        if not field.nullable:
            conditions.append(f"WHEN {column} IS NULL THEN '{REQUIRED[field.name]}'")
    detail = f"CASE {' '.join(bad)} END" if bad else "NULL::VARCHAR"
    added = ", ".join(f"raw.{quoted(name)}" for name in (FILE, ROW, DAY))
    kept = ", ".join(quoted(name) for name in (FILE, ROW, DAY, *TABLES[table].names))
    connection.execute(f"""
        CREATE VIEW typed_{table} AS
        SELECT {kept}, {detail} AS detail,
               CASE {" ".join(conditions)} WHEN detail IS NOT NULL THEN '{Reason.BAD_VALUE}' END AS reason
        FROM (SELECT {added}, {", ".join(typed)} FROM {raw.name} raw)
    """)
    return f"typed_{table}"


def check_columns(table: str, raw: RawTable) -> None:
    """Refuse a table whose columns cannot be the schema's."""
    names = {name.lower(): name for name in raw.columns}
    for field in TABLES[table]:
        source = names.get(field.name)
        if source is None and not field.nullable and raw.has_header:
            raise PipelineError(
                f"{table}: the column {field.name} is missing; there are {', '.join(raw.columns)}; "
                "a mapping can make it of others"
            )
        if source is not None and field.type == TIME and not _is_time(raw.columns[source]):
            raise PipelineError(
                f"{table}: the column {field.name} is {raw.columns[source]}, not TIMESTAMP or a text like "
                "2026-03-01T12:00:00Z; a mapping can convert it"
            )


def unknown_columns(table: str, raw: RawTable) -> dict[str, str | None]:
    """Columns that the schema does not have, and the most similar one of the schema for each."""
    known = TABLES[table].names
    return {
        name: next(iter(difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.7)), None)
        for name in raw.columns
        if name.lower() not in known
    }


def duckdb_type(column: str, table: str) -> str:
    """The type of a column of the schema, as DuckDB names it."""
    kinds = {TIME: "TIMESTAMP", FEATURES: "MAP(VARCHAR, VARCHAR[])", UNIT: "MAP(VARCHAR, VARCHAR)"}
    kind = TABLES[table].field(column).type
    return kinds.get(kind) or {"string": "VARCHAR", "double": "DOUBLE", "int32": "INTEGER", "bool": "BOOLEAN"}.get(
        str(kind), "VARCHAR[]"
    )


def _within_range(column: str, value: str) -> str:
    """Null if the value is outside the column's range."""
    if column == "pricing":
        return f"CASE WHEN lower({value}) IN {PRICINGS} THEN lower({value}) END"
    if column in _RANGES:
        return f"CASE WHEN {_RANGES[column].format(value)} THEN {value} END"
    return value


def _is_time(kind: str) -> bool:
    return kind.startswith(("TIMESTAMP", "DATE", "VARCHAR"))


def _is_given(value: str, kind: str) -> str:
    return f"({value} IS NOT NULL AND {value} <> '')" if kind == "VARCHAR" else f"{value} IS NOT NULL"


def _cast(kind: object, value: str, given: str) -> str:
    """SQL of a value as the schema's type, null if it cannot be cast; an empty text is a missing value."""
    text = f"nullif({value}, '')" if given == "VARCHAR" else f"to_json({value})::VARCHAR"
    if kind == TIME:
        # A text without an offset is UTC, one with an offset is converted: a cast to TIMESTAMP would ignore it.
        typed = f"TRY_CAST({value} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'" if given == "VARCHAR" else f"{value}::TIMESTAMP"
        return f"CASE WHEN isfinite({typed}) THEN {typed} END"
    if kind == FEATURES:
        return value if given == "MAP(VARCHAR, VARCHAR[])" else f"features_of_json({text})"
    if kind == UNIT:
        return value if given == "MAP(VARCHAR, VARCHAR)" else f"unit_of_json({text})"
    name = str(kind)
    if name == "string":
        return f"nullif({value}::VARCHAR, '')"
    if name == "double":
        typed = f"TRY_CAST({value} AS DOUBLE)"
        return f"CASE WHEN isfinite({typed}) THEN {typed} END"
    if name in ("int32", "bool"):
        return f"TRY_CAST({value} AS {'INTEGER' if name == 'int32' else 'BOOLEAN'})"
    return value if given == "VARCHAR[]" else f"texts_of_json({text})"
