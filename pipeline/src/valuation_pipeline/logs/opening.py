# SPDX-License-Identifier: Apache-2.0
"""Opens the tables of a log in a database on disk."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

from valuation_pipeline.database import connect
from valuation_pipeline.errors import PipelineError
from valuation_pipeline.logs.attribution import READ
from valuation_pipeline.logs.casting import MACROS, typed_view
from valuation_pipeline.logs.mapping import Mapping, open_mapped_table
from valuation_pipeline.logs.options import LogOptions
from valuation_pipeline.logs.reading import RawTable, damaged_parquet, first_line, literal, open_table, prepare
from valuation_pipeline.logs.tables import LogFile, files_of_table, matching_files, within

#: Errors of DuckDB that no log brings about.
DEFECTS = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException, duckdb.InternalException)


@contextmanager
def working_database(folder: Path, memory_limit: str | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in the folder ``temporary`` of a folder, to which DuckDB also spills what does not fit in memory.

    It is removed at the end. A PipelineError says what DuckDB could not read, or that it ran out of memory or disk.
    """
    temporary = folder / "temporary"
    temporary.mkdir()
    try:
        with connect(str(temporary / "log.duckdb")) as connection:
            connection.execute(f"SET temp_directory = {literal(str(temporary))}")
            if memory_limit:
                connection.execute(f"SET memory_limit = {literal(memory_limit)}")
            prepare(connection)
            connection.execute(MACROS)
            try:
                yield connection
            except duckdb.DatabaseError:
                raise
            except duckdb.Error as error:  # how DuckDB tells damaged content, without the file
                raise PipelineError(
                    f"{damaged_parquet(connection) or 'the log'}: cannot be read: {first_line(error)}; "
                    "have the file delivered again"
                ) from error
    except duckdb.OutOfMemoryException as error:
        raise PipelineError(f"{first_line(error)}; give it more by memory_limit, or disk in {folder.parent}") from error
    except DEFECTS:
        raise
    except duckdb.Error as error:
        raise PipelineError(f"the log cannot be read: {first_line(error)}; mend that, and run again") from error
    finally:
        shutil.rmtree(temporary)


def files_of(log: Path, table: str, mapping: Mapping | None) -> list[LogFile]:
    """The files of a table; none if the log, or its mapping, lacks it."""
    if mapping is None:
        return files_of_table(log, table)
    of_table = mapping.of(table)
    return matching_files(log, of_table.files) if of_table else []


def open_days(
    connection: duckdb.DuckDBPyConnection,
    log: Path,
    start: date,
    end: date,
    as_of: datetime,
    options: LogOptions,
    mapping: Mapping | None,
) -> dict[str, RawTable]:
    """Open the partitions needed for the impressions of some days, as the views ``typed_…`` of the three tables.

    Those are the days themselves, the days after them on which clicks and conversions come until ``as_of``, and the
    earlier days of impressions whose clicks and conversions may still arrive.

    Raises
    ------
    PipelineError
        A table is missing, or has no file of these days.
    """
    earlier = timedelta(days=math.ceil(options.attribution_days + options.click_window_hours / 24))
    last = (as_of - timedelta(microseconds=1)).date()
    first = {"impressions": start - earlier, "clicks": start, "conversions": start}
    raw = {}
    for table in READ:
        files = files_of(log, table, mapping)
        if not files and table != "conversions":
            raise PipelineError(f"{log}: the table {table} is missing: a folder {table}/ or a file {table}.parquet")
        chosen = within(files, lambda day, table=table: first[table] <= day <= last)  # type: ignore[misc]
        if table == "impressions" and not within(chosen, lambda day: start <= day <= end):
            days = sorted({file.day for file in files if file.day})
            raise PipelineError(
                f"{log}: no impressions of {start} to {end}"
                + (f"; there are those of {days[0]} to {days[-1]}" if days else "")
            )
        raw[table] = open_typed(connection, log, table, chosen, mapping)
    return raw


def open_typed(
    connection: duckdb.DuckDBPyConnection, log: Path, table: str, files: list[LogFile], mapping: Mapping | None
) -> RawTable:
    """Create the view ``typed_<table>`` of these files; see ``casting.typed_view``."""
    of_table = mapping.of(table) if mapping else None
    if of_table and files:
        raw = open_mapped_table(connection, table, of_table, files, log)
    else:
        raw = open_table(connection, table, files, log)
    typed_view(connection, table, raw)
    return raw
