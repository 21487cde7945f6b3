# SPDX-License-Identifier: Apache-2.0
"""Other tables as a log: a TOML mapping says where each column of ``valuation-log/1`` comes from.

A value is an SQL expression of DuckDB over the columns of the source's files, which are texts in CSV and JSON Lines;
most are just the name of a column. Documentation/logs.md describes the file; ``readers/`` has two of them.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Literal

import duckdb
from pydantic import Field, model_validator

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.logs.casting import duckdb_type
from valuation_pipeline.logs.reading import DAY, FILE, ROW, RawTable, first_line, literal, open_table, quoted
from valuation_pipeline.logs.schema import TABLES
from valuation_pipeline.logs.tables import LogFile, matching_files
from valuation_pipeline.options import Options, as_options, read_toml

READERS = {"open-bandit": "open_bandit.toml", "criteo": "criteo.toml"}
"""Mappings that come with the pipeline."""
_ADDED = ", ".join(f"source.{quoted(name)}" for name in (FILE, ROW, DAY))


class Lookup(Options):
    """Another table whose columns may be used: each row gets those of the one row for which ``on`` holds, or nulls."""

    files: str = Field(description="glob of its files within the source")
    on: str = Field(description="condition; this table's columns are <name>.<column>, the source's source.<column>")


class TableMapping(Options):
    """The mapping of one table of the log."""

    files: str = Field(description="glob of the files within the source, such as events/*.csv.gz")
    where: str = Field("true", description="which of their rows are rows of this table")
    columns: dict[str, str] = Field(description="column of the log → expression")
    features: dict[str, str] = Field({}, description="field → expression; a list is a multi-valued field")
    unit: dict[str, str] = Field({}, description="kind of unit, such as user → expression")
    lookup: dict[str, Lookup] = Field({}, description="name → table to look columns up in")


class Mapping(Options):
    """A file of the format ``valuation-mapping/1``."""

    format: Literal["valuation-mapping/1"]
    impressions: TableMapping
    clicks: TableMapping | None = None
    conversions: TableMapping | None = None
    candidates: TableMapping | None = None

    @model_validator(mode="after")
    def _known_columns(self) -> Mapping:
        for table, schema in TABLES.items():
            mapping: TableMapping | None = getattr(self, table)
            if mapping is None:
                continue
            known = [name for name in schema.names if name not in ("features", "unit")]
            for name in mapping.columns:
                if name not in known:
                    raise ValueError(f"{table}.columns.{name}: no column of {table}; there are {', '.join(known)}")
            for name in schema.names:
                if not schema.field(name).nullable and name not in mapping.columns:
                    raise ValueError(f"{table}.columns.{name} is missing")
        return self

    def of(self, table: str) -> TableMapping | None:
        """The mapping of one table, None if the source does not have it."""
        result: TableMapping | None = getattr(self, table)
        return result


def read_mapping(reader: str) -> Mapping:
    """The mapping of a reader that comes with the pipeline, or of a file.

    Raises
    ------
    PipelineError
        There is no such file, or it is not a valid mapping; the message names what is wrong in it.
    """
    if reader in READERS:
        with resources.as_file(resources.files(__package__) / "readers" / READERS[reader]) as file:
            return as_options(Mapping, read_toml(file), reader)
    if not reader.endswith(".toml"):
        raise PipelineError(f"{reader}: no reader; there are {', '.join(READERS)}, and files that end in .toml")
    return as_options(Mapping, read_toml(Path(reader)), reader)


def open_mapped_table(
    connection: duckdb.DuckDBPyConnection, table: str, mapping: TableMapping, files: list[LogFile], source: Path
) -> RawTable:
    """Create the relation ``mapped_<table>`` from the source's files.

    An expression that fails for a row, such as casting a text to a number, is null there.

    Raises
    ------
    PipelineError
        An expression is invalid, or a lookup has several rows for one; the message names its key.
    """
    raw = open_table(connection, table, files, source)
    joins = []
    for name, lookup in mapping.lookup.items():
        found = matching_files(source, lookup.files)
        if not found:
            raise PipelineError(f"{table}.lookup.{name}.files: {source} has no files {lookup.files}")
        of_name = open_table(connection, f"{table}_{name}", found, source)
        joins.append(f"LEFT JOIN {of_name.name} {quoted(name)} ON {lookup.on}")
    origin = f"FROM {raw.name} source {' '.join(joins)}"
    expressions = _Expressions(connection, table, origin)
    where = expressions.checked("where", mapping.where)
    columns = {name: expressions.checked(f"columns.{name}", given) for name, given in mapping.columns.items()}
    if mapping.features:
        entries = {name: expressions.texts(f"features.{name}", given) for name, given in mapping.features.items()}
        columns["features"] = _map(entries, duckdb_type("features", table), "len(entry.value) > 0")
    if mapping.unit:
        entries = {name: expressions.text(f"unit.{name}", given) for name, given in mapping.unit.items()}
        columns["unit"] = _map(entries, duckdb_type("unit", table), "entry.value IS NOT NULL")
    values = ", ".join(f"{value} AS {quoted(name)}" for name, value in columns.items())
    connection.execute(f"CREATE VIEW mapped_{table} AS SELECT {_ADDED}, {values} {origin} WHERE {where}")
    if joins:
        _see_that_lookups_are_unique(connection, table, raw.name, origin)
    rows = connection.execute(f"""
        SELECT (SELECT count(*) FROM mapped_{table}) + (SELECT count(*) FROM unreadable WHERE "table" = '{table}')
    """).fetchall()[0][0]
    described = connection.execute(f"DESCRIBE mapped_{table}").fetchall()
    types = {name: kind for name, kind, *_ in described if name not in (FILE, ROW, DAY)}
    return RawTable(f"mapped_{table}", types, rows, has_header=True, origin=raw)


class _Expressions:
    """Expressions as SQL that cannot fail for any row, after a check that DuckDB understands them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: str, origin: str) -> None:
        self.connection = connection
        self.table = table
        self.origin = origin

    def checked(self, key: str, expression: str) -> str:
        """Unchanged, null if it fails."""
        self._type(key, expression)
        return f"TRY({expression})"

    def text(self, key: str, expression: str) -> str:
        """As one text, numbers in their shortest form."""
        return _as_text(f"TRY({expression})", self._type(key, expression))

    def texts(self, key: str, expression: str) -> str:
        """As a list of texts, without nulls."""
        kind = self._type(key, expression)
        value = f"TRY({expression})"
        if kind.endswith("[]"):
            items = f"list_transform({value}, lambda item: {_as_text('item', kind.removesuffix('[]'))})"
        else:
            items = f"[{_as_text(value, kind)}]"
        return f"list_filter(coalesce({items}, []), lambda item: item IS NOT NULL)"

    def _type(self, key: str, expression: str) -> str:
        try:
            described = self.connection.execute(f"DESCRIBE SELECT ({expression}) AS value {self.origin}").fetchall()
        except duckdb.Error as error:
            message = first_line(error)
            raise PipelineError(f"mapping: {self.table}.{key}: {expression!r}: {message}") from error
        return str(described[0][1])


def _as_text(value: str, kind: str) -> str:
    if kind in ("FLOAT", "DOUBLE") or kind.startswith("DECIMAL"):
        return f"json_number_text(({value})::DOUBLE::VARCHAR)"
    return f"nullif(({value})::VARCHAR, '')"


def _map(entries: dict[str, str], kind: str, keep: str) -> str:
    pairs = ", ".join(f"{{'key': {literal(name)}, 'value': {value}}}" for name, value in entries.items())
    return f"map_from_entries(list_filter([{pairs}], lambda entry: {keep}))::{kind}"


def _see_that_lookups_are_unique(connection: duckdb.DuckDBPyConnection, table: str, raw: str, origin: str) -> None:
    query = f"SELECT (SELECT count(*) {origin}), (SELECT count(*) FROM {raw})"
    joined, rows = connection.execute(query).fetchall()[0]
    if joined != rows:
        raise PipelineError(
            f"mapping: {table}.lookup: {rows} rows became {joined}: a lookup has several rows for one of the source; "
            "let its condition name all that tells them apart"
        )
