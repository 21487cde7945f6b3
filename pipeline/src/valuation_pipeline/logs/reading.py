# SPDX-License-Identifier: Apache-2.0
"""The files of a table as one relation of DuckDB, whatever their format.

Parquet files are read in place. Lines of CSV and JSON Lines are first imported into the database as texts, so that a
malformed line can be set aside with its file and number.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import duckdb
import pyarrow as pa

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.logs.tables import LogFile

FILE, ROW, DAY = "@file", "@row", "@day"
"""Columns that are added: the file relative to the log, the row in it counted from 1 (in CSV after the header; in JSON
Lines the line), and the day of the partition."""

DELIMITERS = {"csv": ",", "tsv": "\t"}
_LINES = pa.schema([("row", pa.int64()), ("line", pa.string())])
_LINES_AT_ONCE = 50_000


@dataclass(frozen=True)
class RawTable:
    """A relation with the columns of the files and FILE, ROW, DAY; and the number of records in the files.

    Attributes
    ----------
    name : str
        Of the relation.
    columns : dict
        Name → DuckDB type, without the added ones.
    rows : int
        Records of the files, including unreadable ones.
    has_header : bool
        Whether a file declares its columns, as Parquet and CSV do.
    origin : RawTable, optional
        The table in its files, if a mapping made this one from it.
    """

    name: str
    columns: dict[str, str]
    rows: int
    has_header: bool
    origin: RawTable | None = None


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of unreadable lines and of Parquet files, and have times read as UTC."""
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("CREATE TABLE parquet_files (path VARCHAR, file VARCHAR, day DATE)")
    connection.execute(
        'CREATE TABLE unreadable ("table" VARCHAR, file VARCHAR, "row" BIGINT, detail VARCHAR, record VARCHAR)'
    )


def open_table(connection: duckdb.DuckDBPyConnection, table: str, files: list[LogFile], log: Path) -> RawTable:
    """Create the relation ``raw_<table>`` of these files; unreadable lines go to the table ``unreadable``.

    Files may differ in their columns: a column that a file lacks is null there.

    Raises
    ------
    PipelineError
        A file cannot be read at all; the message names it.
    """
    parquet = [file for file in files if file.format == "parquet"]
    name = f"raw_{table}"
    parts, rows = [], 0
    if parquet:
        rows += _count_parquet(connection, parquet)
        parts.append(_parquet(connection, parquet, log))
    text = [file for file in files if file.format != "parquet"]
    if text:
        connection.execute(
            f"CREATE TABLE text_{table} ({quoted(FILE)} VARCHAR, {quoted(ROW)} BIGINT, {quoted(DAY)} DATE)"
        )
        for file in text:
            path = str(file.path.relative_to(log))
            try:
                load = _load_json_lines if file.format == "jsonl" else _load_csv
                rows += load(connection, table, file, path)
            except (OSError, EOFError) as error:
                raise PipelineError(f"{file.path}: cannot be read: {error}") from error
            except duckdb.Error as error:
                hint = "" if file.format == "jsonl" else "; see that all its lines end in the same way"
                raise PipelineError(f"{file.path}: cannot be read: {first_line(error)}{hint}") from error
        parts.append(f"SELECT * FROM text_{table}")
    empty = (
        f"SELECT NULL::VARCHAR AS {quoted(FILE)}, NULL::BIGINT AS {quoted(ROW)}, NULL::DATE AS {quoted(DAY)} LIMIT 0"
    )
    query = " UNION ALL BY NAME ".join(f"({part})" for part in parts or [empty])
    try:
        connection.execute(f"CREATE VIEW {name} AS {query}")
        described = connection.execute(f"DESCRIBE {name}").fetchall()
    except duckdb.Error as error:
        raise PipelineError(f"{log}: the files of {table} do not fit together: {first_line(error)}") from error
    has_header = any(file.format != "jsonl" for file in files)
    return RawTable(name, {row[0]: row[1] for row in described if row[0] not in (FILE, ROW, DAY)}, rows, has_header)


def _paths(files: list[LogFile]) -> str:
    return "[" + ", ".join(literal(str(file.path)) for file in files) + "]"


def _count_parquet(connection: duckdb.DuckDBPyConnection, files: list[LogFile]) -> int:
    """Rows according to the files' own footers; a file that is not Parquet is named."""
    count = 0
    for file in files:
        try:
            query = f"SELECT num_rows FROM parquet_file_metadata({literal(str(file.path))})"
            count += connection.execute(query).fetchall()[0][0]
        except duckdb.Error as error:
            raise PipelineError(
                f"{file.path}: cannot be read as Parquet: {first_line(error)}; have it delivered again"
            ) from error
    return count


def damaged_parquet(connection: duckdb.DuckDBPyConnection) -> str | None:
    """Read all Parquet files that were opened, and return the first that cannot be read to its end, if there is one."""
    for (path,) in connection.execute("SELECT path FROM parquet_files ORDER BY path").fetchall():
        try:
            connection.execute(f"SELECT max(hash(r)) FROM read_parquet({literal(path)}) r").fetchall()
        except duckdb.Error:
            return str(path)
    return None


def _parquet(connection: duckdb.DuckDBPyConnection, files: list[LogFile], log: Path) -> str:
    """The query of Parquet files, whose paths are turned into relative ones and into days by a table."""
    connection.executemany(
        "INSERT INTO parquet_files VALUES (?, ?, ?)",
        [(str(f.path), str(f.path.relative_to(log)), f.day) for f in files],
    )
    return f"""
        SELECT f.file AS {quoted(FILE)}, r.file_row_number + 1 AS {quoted(ROW)}, f.day AS {quoted(DAY)},
               r.* EXCLUDE ("@path", file_row_number)
        FROM read_parquet({_paths(files)}, filename = '@path', file_row_number = true, union_by_name = true,
                          hive_partitioning = false) r
        JOIN parquet_files f ON f.path = r."@path"
    """


def _load_csv(connection: duckdb.DuckDBPyConnection, table: str, file: LogFile, path: str) -> int:
    delimiter = DELIMITERS[file.format]
    header = _csv_header(file.path, delimiter)
    columns = "{" + ", ".join(f"{literal(name)}: 'VARCHAR'" for name in header) + "}"
    connection.execute(f"""
        CREATE OR REPLACE TEMPORARY TABLE accepted AS
        SELECT row_number() OVER () AS number, *
        FROM read_csv({literal(str(file.path))}, auto_detect = false, header = true, columns = {columns},
                      delim = {literal(delimiter)}, quote = '"', escape = '"', store_rejects = true,
                      hive_partitioning = false)
    """)
    # Rejected lines are numbered with the header as 1; a line may be rejected for several cells.
    connection.execute("""
        CREATE OR REPLACE TEMPORARY TABLE rejected AS
        SELECT line - 1 AS number, any_value(error_message) AS detail, any_value(csv_line) AS record
        FROM reject_errors GROUP BY line
    """)
    connection.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")
    connection.execute(
        "INSERT INTO unreadable SELECT ?, ?, number, detail, record FROM rejected ORDER BY number", [table, path]
    )
    # The number of an accepted row among all records: its own, and the rejected ones before it.
    connection.execute("""
        CREATE OR REPLACE TEMPORARY TABLE before AS
        SELECT number - place AS accepted, max(place) AS rejected
        FROM (SELECT number, row_number() OVER (ORDER BY number) AS place FROM rejected) GROUP BY ALL
    """)
    _insert(
        connection,
        table,
        file,
        path,
        header,
        """
        SELECT a.* EXCLUDE (number), a.number + coalesce(b.rejected, 0) AS number
        FROM accepted a ASOF LEFT JOIN before b ON a.number > b.accepted
    """,
    )
    count = connection.execute("SELECT (SELECT count(*) FROM accepted) + (SELECT count(*) FROM rejected)").fetchall()
    connection.execute("DROP TABLE accepted; DROP TABLE rejected; DROP TABLE before")
    return int(count[0][0])


def _csv_header(path: Path, delimiter: str) -> list[str]:
    with _open(path) as file, io.TextIOWrapper(file, "utf-8-sig", newline="", errors="replace") as text:
        names = next(csv.reader(text, delimiter=delimiter), [])
    header = [name or f"column{place}" for place, name in enumerate(names)]
    header = [f"{name}_" if name.lower() in (FILE, ROW, DAY) else name for name in header]
    for place, name in enumerate(header):
        if name.lower() in (earlier.lower() for earlier in header[:place]):
            raise PipelineError(f"{path}: the header names the column {name!r} twice")
    if not header:
        raise PipelineError(f"{path}: empty; a CSV file begins with a header")
    return header


def _load_json_lines(connection: duckdb.DuckDBPyConnection, table: str, file: LogFile, path: str) -> int:
    lines = pa.RecordBatchReader.from_batches(_LINES, _json_lines(file.path))
    connection.register("arriving", lines)
    connection.execute("CREATE OR REPLACE TEMPORARY TABLE lines AS SELECT * FROM arriving")
    connection.unregister("arriving")
    valid = "CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' ELSE false END"
    connection.execute(
        f"""
        INSERT INTO unreadable
        SELECT ?, ?, row, CASE WHEN json_valid(line) THEN 'no JSON object' ELSE 'no JSON' END, line
        FROM lines WHERE NOT {valid} ORDER BY row
        """,
        [table, path],
    )
    found = connection.execute(f"""
        SELECT key FROM (SELECT unnest(json_keys(line)) AS key, row FROM lines WHERE {valid})
        GROUP BY key ORDER BY min(row), key
    """)
    # Names of columns are case-insensitive: of two that differ only in case, the first one is read.
    unusable = ("", FILE, ROW, DAY)
    keys = [key for (key,) in found.fetchall() if key.lower() not in unusable and "\0" not in key]
    named = {key.lower(): key for key in reversed(keys)}
    columns = list(reversed(named.values()))
    structure = "{" + ", ".join(f'{json.dumps(name)}: "VARCHAR"' for name in columns) + "}"
    record = f"unnest(from_json(line, {literal(structure)}))" if columns else "NULL AS nothing"
    query = f"SELECT row AS number, {record} FROM lines WHERE {valid}"
    _insert(connection, table, file, path, columns, query if columns else f"SELECT * EXCLUDE (nothing) FROM ({query})")
    count = connection.execute("SELECT count(*) FROM lines").fetchall()[0][0]
    connection.execute("DROP TABLE lines")
    return int(count)


def _json_lines(path: Path) -> Iterator[pa.RecordBatch]:
    """Lines that are not blank, with their numbers, in batches; one that is not UTF-8 gets a mark and is not JSON."""
    numbers: list[int] = []
    texts: list[str] = []
    with _open(path) as file:
        for number, line in enumerate(file, start=1):
            stripped = line.strip()
            if not stripped:
                continue
            try:
                text = stripped.decode("utf-8")
            except UnicodeDecodeError:
                text = "no UTF-8: " + stripped.decode("utf-8", "replace")
            numbers.append(number)
            texts.append(text)
            if len(numbers) == _LINES_AT_ONCE:
                yield pa.record_batch([numbers, texts], schema=_LINES)
                numbers, texts = [], []
    yield pa.record_batch([numbers, texts], schema=_LINES)


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, file: LogFile, path: str, columns: list[str], query: str
) -> None:
    """Add rows, with the column ``number``, to the table's texts, together with any new columns."""
    there = {row[0].lower() for row in connection.execute(f"DESCRIBE text_{table}").fetchall()}
    for name in columns:
        if name.lower() not in there:
            connection.execute(f"ALTER TABLE text_{table} ADD COLUMN {quoted(name)} VARCHAR")
    day = f"DATE {literal(file.day.isoformat())}" if file.day else "NULL::DATE"
    connection.execute(f"""
        INSERT INTO text_{table} BY NAME
        SELECT {literal(path)} AS {quoted(FILE)}, number AS {quoted(ROW)}, {day} AS {quoted(DAY)}, * EXCLUDE (number)
        FROM ({query})
    """)


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def first_line(error: Exception) -> str:
    """DuckDB's message, without the hints that follow."""
    return str(error).splitlines()[0]
