# SPDX-License-Identifier: Apache-2.0
"""Writes any log as Parquet of ``valuation-log/1``, partitioned by day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.files import whole_folder, write_json
from valuation_pipeline.logs.attribution import write_set_aside
from valuation_pipeline.logs.counts import TableCounts
from valuation_pipeline.logs.mapping import Mapping
from valuation_pipeline.logs.opening import files_of, open_typed, working_database
from valuation_pipeline.logs.reading import FILE, ROW, literal, quoted
from valuation_pipeline.logs.schema import TABLES


def convert(
    source: Path, output: Path, mapping: Mapping | None, memory_limit: str | None = None
) -> dict[str, TableCounts]:
    """Write a log, and beside its tables ``set_aside.parquet`` and ``counts.json``.

    Each table and day becomes one file, in the order of time, with ``_SUCCESS`` beside it. Rows with problems of their
    own are set aside; a check or an extraction finds problems between tables.

    Parameters
    ----------
    source : Path
        The folder of the source's files.
    output : Path
        The folder to create; must not exist yet.
    mapping : Mapping or None
        None for a source that is a ``valuation-log/1`` already, for example one of CSV.
    memory_limit : str, optional
        The memory limit of DuckDB, such as "4GB".

    Returns
    -------
    dict
        Table → counts.

    Raises
    ------
    PipelineError
        The source lacks impressions, or cannot be read; or the output exists.
    """
    if output.exists():
        raise PipelineError(f"{output}: is there already; a log is converted into a folder of its own")
    with whole_folder(output) as folder:
        with working_database(folder, memory_limit) as connection:
            raw, used = {}, {}
            for table in TABLES:
                files = files_of(source, table, mapping)
                if not files and table == "impressions":
                    what = f"files {mapping.impressions.files}" if mapping else "table impressions"
                    raise PipelineError(f"{source}: has no {what}")
                if files:
                    raw[table] = open_typed(connection, source, table, files, mapping)
                    used[table] = _write_days(connection, table, folder)
            write_set_aside(connection, raw, folder / "set_aside.parquet")
            counts = {}
            for table, opened in raw.items():
                aside = connection.execute(
                    'SELECT reason, count(*) FROM set_aside WHERE "table" = ? GROUP BY ALL ORDER BY 1', [table]
                ).fetchall()
                counts[table] = TableCounts(read=opened.rows, used=used[table], set_aside=dict(aside), outside=0)
                counts[table].check(table)
        write_json(
            folder / "counts.json", {table: counted.model_dump(mode="json") for table, counted in counts.items()}
        )
    return counts


def _write_days(connection: duckdb.DuckDBPyConnection, table: str, folder: Path) -> int:
    """Write the valid rows, day by day; returns how many."""
    columns = ", ".join(quoted(name) for name in TABLES[table].names)
    first = quoted(TABLES[table].names[0])
    connection.execute(f"""
        CREATE TABLE well AS SELECT {columns} FROM typed_{table} WHERE reason IS NULL
        ORDER BY time, {first}, {quoted(FILE)}, {quoted(ROW)}
    """)
    connection.execute(f"""
        CREATE TABLE {table}_rows AS
        SELECT {quoted(FILE)} AS file, {quoted(ROW)} AS row, coalesce(reason, 'used') AS state, detail
        FROM typed_{table}
    """)
    days: list[tuple[date]] = connection.execute("SELECT DISTINCT time::DATE FROM well ORDER BY 1").fetchall()
    written = 0
    for (day,) in days:
        partition = folder / table / f"date={day}"
        partition.mkdir(parents=True)
        written += connection.execute(f"""
            COPY (SELECT * FROM well WHERE time >= TIMESTAMP '{day}' AND time < TIMESTAMP '{day}' + INTERVAL 1 DAY)
            TO {literal(str(partition / "part-0.parquet"))} (FORMAT parquet, COMPRESSION zstd)
        """).fetchall()[0][0]
        (partition / "_SUCCESS").touch()
    connection.execute("DROP TABLE well")
    return written
