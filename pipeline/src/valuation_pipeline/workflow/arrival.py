# SPDX-License-Identifier: Apache-2.0
"""Whether a day's log is complete: by markers if the log has them, otherwise by its rows an hour."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from statistics import median

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.logs.attribution import READ
from valuation_pipeline.logs.mapping import Mapping as LogMapping
from valuation_pipeline.logs.opening import files_of, open_typed, working_database
from valuation_pipeline.logs.tables import check_folder, within
from valuation_pipeline.workflow.errors import NotArrivedError
from valuation_pipeline.workflow.options import WorkflowOptions

MARKER = "_SUCCESS"
HOURS = range(24)

#: Rows by day and hour of the day, 0 to 23.
HourlyRows = Mapping[date, Mapping[int, int]]


def wait_for(
    what_is_missing: Callable[[], str | None],
    options: WorkflowOptions,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> float:
    """Wait until nothing is missing.

    Parameters
    ----------
    what_is_missing : callable
        Checks, and returns what is missing as the beginning of a sentence; None if nothing is.
    options : WorkflowOptions
        How long it waits, and how often it checks.
    clock, sleep : callable, optional
        A monotonic clock in seconds, and a function that waits.

    Returns
    -------
    float
        For how many seconds it waited.

    Raises
    ------
    NotArrivedError
        Something is still missing when the time is over. It checks once more at the very end.
    """
    begin = clock()
    while (missing := what_is_missing()) is not None:
        left = begin + 60 * options.wait_minutes - clock()
        if left <= 0:
            raise NotArrivedError(
                f"{missing}, after {options.wait_minutes:g} minutes of waiting; "
                "see that the log is delivered, and run again"
            )
        sleep(min(options.poll_seconds, left))
    return clock() - begin


def tables_with_markers(log: Path) -> list[str]:
    """Return those of the tables that mark days as complete."""
    return [table for table in READ if any(log.glob(f"{table}/date=*/{MARKER}"))]


def missing_marker(log: Path, day: date) -> str | None:
    """Return which table has no marker of a day; None if each table that has markers has this one."""
    for table in tables_with_markers(log):
        marker = log / table / f"date={day}" / MARKER
        if not marker.exists():
            return f"{marker}: the day's marker is not there"
    return None


def missing_rows(rows: HourlyRows, day: date, options: WorkflowOptions) -> str | None:
    """Compare the rows of a day's hours with the same weekday of the weeks before.

    Hours of few rows (``minimum_rows``) are taken together, because they are too small to judge alone. A log of less
    than a week has no such day: then the day is complete once it has rows in its last hour or later ones exist.

    Parameters
    ----------
    rows : mapping
        Of the impressions.
    day : date
        The day, in UTC.
    options : WorkflowOptions
        The number of weeks, the required share of their median, and the limit of small hours.

    Returns
    -------
    str or None
        What is missing.
    """
    known = [rows[before] for week in range(1, options.weeks + 1) if rows.get(before := day - timedelta(weeks=week))]
    here = rows.get(day, {})
    if not known:
        is_over = here.get(23, 0) > 0 or any(later > day and sum(hours.values()) for later, hours in rows.items())
        return (
            None
            if is_over and here
            else f"{day}: no impression of its last hour, and no earlier {day:%A} to compare with"
        )
    usual = {hour: median([hours.get(hour, 0) for hours in known]) for hour in HOURS}
    small = [hour for hour in HOURS if usual[hour] < options.minimum_rows]
    groups = [[hour] for hour in HOURS if hour not in small] + ([small] if small else [])
    for group in groups:
        found, expected = sum(here.get(hour, 0) for hour in group), sum(usual[hour] for hour in group)
        if found < options.minimum_share * expected:
            when = f"{day} {group[0]:02}:00 to {group[0] + 1:02}:00" if len(group) == 1 else f"{day}, its quiet hours"
            return (
                f"{when}: {found:,} impressions, {found / expected:.0%} of the {expected:,.0f} that are usual "
                f"on a {day:%A} ({options.minimum_share:.0%} are needed)"
            )
    return None


def missing_day(log: Path, day: date, options: WorkflowOptions, mapping: LogMapping | None = None) -> str | None:
    """Check whether a day's log is complete: by its markers, or without any by its rows.

    Files that cannot be read count as missing: they may be being written.

    Raises
    ------
    PipelineError
        There is no log at all.
    """
    check_folder(log)
    if tables_with_markers(log):
        return missing_marker(log, day)
    try:
        return missing_rows(rows_by_hour(log, day, options.weeks, mapping), day, options)
    except PipelineError as error:
        return str(error)


def rows_by_hour(log: Path, day: date, weeks: int, mapping: LogMapping | None = None) -> HourlyRows:
    """Count the impressions of a day, of the day after, and of the same weekday of a number of weeks before.

    Of a log that is partitioned by date, only these days' files are read.
    """
    wanted = {day + timedelta(days=1), *(day - timedelta(weeks=week) for week in range(weeks + 1))}
    files = within(files_of(log, "impressions", mapping), lambda date: date in wanted)
    rows: dict[date, dict[int, int]] = {}
    if not files:
        return rows
    with tempfile.TemporaryDirectory() as folder, working_database(Path(folder), None) as connection:
        open_typed(connection, log, "impressions", files, mapping)
        counted = connection.execute(
            "SELECT time::DATE, hour(time), count(*) FROM typed_impressions WHERE reason IS NULL GROUP BY ALL"
        )
        for date_, hour, count in counted.fetchall():
            if date_ in wanted:
                rows.setdefault(date_, {})[hour] = count
    return rows
