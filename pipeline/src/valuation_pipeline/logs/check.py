# SPDX-License-Identifier: Apache-2.0
"""Checks a log: its columns and types, and how many rows are set aside for which reason."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
from pydantic import BaseModel, ConfigDict

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.logs import attribution
from valuation_pipeline.logs.casting import unknown_columns
from valuation_pipeline.logs.counting import count
from valuation_pipeline.logs.counts import TableCounts
from valuation_pipeline.logs.mapping import Mapping, read_mapping
from valuation_pipeline.logs.opening import files_of, open_typed, working_database
from valuation_pipeline.logs.options import LogOptions
from valuation_pipeline.logs.reading import DAY, RawTable
from valuation_pipeline.logs.reasons import LATE
from valuation_pipeline.logs.schema import TABLES


class LogCheck(BaseModel):
    """The result of a check.

    Attributes
    ----------
    log : str
    first_day, last_day : date, optional
        None if the log has no valid impression.
    tables : dict
        Table → counts, of the tables that could be read.
    days : dict
        Day → impressions used, and how many of them have a click and a conversion.
    unknown : dict
        Table → column that the schema does not have → the most similar one, if any.
    problems : list of str
        Why the log is unfit; empty for a good one.
    """

    model_config = ConfigDict(frozen=True)

    log: str
    first_day: date | None
    last_day: date | None
    tables: dict[str, TableCounts]
    days: dict[date, dict[str, int]]
    unknown: dict[str, dict[str, str | None]]
    problems: list[str]

    def document(self) -> dict[str, Any]:
        """Return the counts for JSON."""
        return self.model_dump(mode="json")


def check_log(
    log: Path,
    options: LogOptions,
    start: date | None = None,
    end: date | None = None,
    tolerate: float = 0.01,
    now: datetime | None = None,
) -> LogCheck:
    """Check a log of ``valuation-log/1``, or of a mapping.

    Parameters
    ----------
    log : Path
    options : LogOptions
    start, end : date, optional
        The days of impressions to check; by default all.
    tolerate : float
        The share of a table's rows that may be set aside for reasons other than arriving late.
    now : datetime, optional
        Later times are in the future, earlier ones are known; by default the clock.

    Raises
    ------
    PipelineError
        There is no such log, or a file cannot be read.
    """
    clock = (now or datetime.now(UTC)).replace(tzinfo=UTC)
    mapping = read_mapping(str(options.mapping)) if options.mapping else None
    with (
        tempfile.TemporaryDirectory() as folder,
        working_database(Path(folder), options.memory_limit) as connection,
    ):
        raw, problems = _open(connection, log, mapping)
        unknown = {table: unknown_columns(table, opened) for table, opened in raw.items() if opened.origin is None}
        unknown = {table: names for table, names in unknown.items() if names}
        tables: dict[str, TableCounts] = {}
        days: dict[date, dict[str, int]] = {}
        found = _days(connection, clock) if "impressions" in raw else None
        if found and not problems:
            start, end = start or found[0], end or found[1]
            attribution.match(connection, start, end, clock, clock, options)
            attribution.match_candidates(connection, start, end, clock)
            attribution.write_set_aside(connection, raw, Path(folder) / "set_aside.parquet")
            counts = count(connection, raw, start, end, clock)
            tables, days = counts.tables, counts.days
        elif "impressions" in raw and not problems:
            problems.append("impressions: no row has an id, a time, a campaign and an ad")
    for table, counted in tables.items():
        faulty = sum(rows for reason, rows in counted.set_aside.items() if reason not in LATE)
        if faulty > tolerate * counted.read:
            share = faulty / counted.read
            problems.append(f"{table}: {share:.2%} of the rows are set aside for faults, more than {tolerate:.2%}")
    for day, of_day in days.items():
        if not of_day["impressions"]:
            problems.append(f"impressions: none on {day}")
        elif not of_day["clicks"]:
            problems.append(f"clicks: none of the {of_day['impressions']:,} impressions of {day} was clicked")
    return LogCheck(
        log=str(log),
        first_day=start if days else None,
        last_day=end if days else None,
        tables=tables,
        days=days,
        unknown=unknown,
        problems=problems,
    )


def _open(
    connection: duckdb.DuckDBPyConnection, log: Path, mapping: Mapping | None
) -> tuple[dict[str, RawTable], list[str]]:
    """The tables that can be opened, and why others cannot."""
    raw, problems = {}, []
    for table in TABLES:
        files = files_of(log, table, mapping)
        if not files and table in ("impressions", "clicks"):
            problems.append(f"{table}: missing: there is no folder {table}/ and no file like {table}.parquet")
            continue
        try:
            raw[table] = open_typed(connection, log, table, files, mapping)
        except PipelineError as error:
            problems.append(str(error))
    return raw, problems


def _days(connection: duckdb.DuckDBPyConnection, clock: datetime) -> tuple[date, date] | None:
    """The first and the last day of the valid impressions."""
    first, last = connection.execute(
        f"""
        SELECT min(time)::DATE, max(time)::DATE FROM typed_impressions
        WHERE reason IS NULL AND time <= ? AND ("{DAY}" IS NULL OR time::DATE = "{DAY}")
        """,
        [clock.replace(tzinfo=None)],
    ).fetchall()[0]
    return (first, last) if first else None
