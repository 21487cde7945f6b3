# SPDX-License-Identifier: Apache-2.0
"""Takes the examples of some days out of a log: each impression, with its click and its conversions."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import duckdb

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.files import whole_folder, write_json
from valuation_pipeline.logs import attribution
from valuation_pipeline.logs.casting import MACROS, typed_view
from valuation_pipeline.logs.counts import Counts, TableCounts
from valuation_pipeline.logs.options import LogOptions
from valuation_pipeline.logs.reading import RawTable, literal, open_table, prepare
from valuation_pipeline.logs.schema import EXAMPLES
from valuation_pipeline.logs.tables import files_of_table, within

READ = ("impressions", "clicks", "conversions")


def extract(
    log: Path,
    start: date,
    end: date,
    options: LogOptions,
    output: Path,
    as_of: datetime | None = None,
    now: datetime | None = None,
) -> Counts:
    """Write ``examples.parquet``, ``set_aside.parquet`` and ``counts.json`` of some days of a log.

    A click counts within ``click_window_hours`` after its impression, a conversion within ``attribution_days`` after
    its click. Rows that cannot be used are set aside with a reason (``reasons.Reason``); what is of other days is only
    counted. The same log gives the same rows in the same order, in whatever format it is.

    Only partitions that matter are read: impressions also of the days before ``start`` whose clicks and conversions
    may still arrive. DuckDB works on the disk where memory does not suffice; a day of 100,000 impressions takes about
    a second.

    Parameters
    ----------
    log : Path
        A folder of ``valuation-log/1``.
    start, end : date
        The first and the last day (UTC) of the impressions.
    options : LogOptions
    output : Path
        The folder to make.
    as_of : datetime, optional
        Clicks and conversions before this time are known (naive: UTC); by default the midnight after ``end``.
    now : datetime, optional
        What is later lies in the future; by default the clock.

    Returns
    -------
    Counts

    Raises
    ------
    PipelineError
        The log has no impressions of these days, or cannot be read.
    """
    if end < start:
        raise PipelineError(f"the last day {end} is before the first one {start}")
    midnight_after = datetime.combine(end + timedelta(days=1), time(), UTC)
    known_until = _utc(as_of) if as_of else midnight_after
    if known_until < midnight_after:
        raise PipelineError(f"as of {known_until:%Y-%m-%d %H:%M} the last day {end} is not over")
    with whole_folder(output) as folder:
        temporary = folder / "temporary"
        temporary.mkdir()
        with duckdb.connect(str(temporary / "log.duckdb")) as connection:
            connection.execute(f"SET temp_directory = {literal(str(temporary))}")
            if options.memory_limit:
                connection.execute(f"SET memory_limit = {literal(options.memory_limit)}")
            connection.execute(MACROS)
            prepare(connection)
            raw = _open(connection, log, start, end, known_until, options)
            attribution.match(connection, start, end, known_until, _utc(now) if now else datetime.now(UTC), options)
            _write_examples(connection, folder / "examples.parquet")
            attribution.write_set_aside(connection, raw, folder / "set_aside.parquet")
            counts = _count(connection, raw, start, end, known_until)
            _check_examples(connection, folder / "examples.parquet", counts)
        write_json(folder / "counts.json", counts.document())
        for file in temporary.iterdir():
            file.unlink()
        temporary.rmdir()
    return counts


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _open(
    connection: duckdb.DuckDBPyConnection, log: Path, start: date, end: date, as_of: datetime, options: LogOptions
) -> dict[str, RawTable]:
    """The three tables' files of the days that matter, as views ``raw_…`` and ``typed_…``."""
    earlier = timedelta(days=math.ceil(options.attribution_days + options.click_window_hours / 24))
    last = (as_of - timedelta(microseconds=1)).date()
    first = {"impressions": start - earlier, "clicks": start, "conversions": start}
    raw = {}
    for table in READ:
        files = files_of_table(log, table)
        if not files and table != "conversions":
            raise PipelineError(f"{log}: the table {table} is missing: a folder {table}/ or a file {table}.parquet")
        chosen = within(files, lambda day, table=table: first[table] <= day <= last)  # type: ignore[misc]
        if table == "impressions" and not within(chosen, lambda day: start <= day <= end):
            days = sorted({file.day for file in files if file.day})
            raise PipelineError(
                f"{log}: no impressions of {start} to {end}"
                + (f"; there are those of {days[0]} to {days[-1]}" if days else "")
            )
        raw[table] = open_table(connection, table, chosen, log)
        typed_view(connection, table, raw[table])
    return raw


def _write_examples(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    columns = ", ".join(f'"{name}"' for name in EXAMPLES.names)
    connection.execute(f"""
        COPY (SELECT {columns} FROM examples ORDER BY time, impression_id)
        TO {literal(str(file))} (FORMAT parquet, COMPRESSION zstd)
    """)


def _count(
    connection: duckdb.DuckDBPyConnection, raw: dict[str, RawTable], start: date, end: date, as_of: datetime
) -> Counts:
    tables = {}
    for table in READ:
        (used, outside), *_ = connection.execute(f"""
            SELECT count(*) FILTER (WHERE state = 'used'), count(*) FILTER (WHERE state = 'outside') FROM {table}_rows
        """).fetchall()
        aside = connection.execute('SELECT reason, count(*) FROM set_aside WHERE "table" = ? GROUP BY ALL', [table])
        by_reason = dict(sorted(aside.fetchall()))
        tables[table] = TableCounts(read=raw[table].rows, used=used, set_aside=by_reason, outside=outside)
        tables[table].check(table)
    days: dict[date, dict[str, int]] = {
        start + timedelta(days=day): {"impressions": 0, "clicks": 0, "conversions": 0}
        for day in range((end - start).days + 1)
    }
    by_day = connection.execute("""
        SELECT i.time::DATE, count(*), count(c.click_time), count(v.conversion_time)
        FROM impressions_rows i LEFT JOIN clicked c USING (impression_id) LEFT JOIN converted v USING (impression_id)
        WHERE i.state = 'used' GROUP BY ALL
    """)
    for day, impressions, clicks, conversions in by_day.fetchall():
        days[day] = {"impressions": impressions, "clicks": clicks, "conversions": conversions}
    return Counts(first_day=start, last_day=end, as_of=as_of, tables=tables, days=days)


def _check_examples(connection: duckdb.DuckDBPyConnection, file: Path, counts: Counts) -> None:
    """See that the file has the rows that are counted as used."""
    query = f"SELECT count(*), count(*) FILTER (WHERE click), coalesce(sum(conversions), 0) FROM {literal(str(file))}"
    written = connection.execute(query).fetchall()[0]
    used = tuple(counts.tables[table].used for table in READ)
    if written != used:
        raise AssertionError(f"{file.name} has {written}, not {used}: a defect of this program")
