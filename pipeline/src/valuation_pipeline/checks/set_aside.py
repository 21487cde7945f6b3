# SPDX-License-Identifier: Apache-2.0
"""Whether more rows of the newest day were set aside, for any reason, than of the days before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np

from valuation_pipeline.checks.arrivals import quoted
from valuation_pipeline.checks.judging import judged, percent
from valuation_pipeline.checks.options import CheckOptions
from valuation_pipeline.checks.statistics import adjusted, count_p_values
from valuation_pipeline.checks.verdicts import Verdict

#: The variance of the factor by which shares of set-aside rows vary from day to day: bad rows come in bunches.
SPREAD = 0.25


@dataclass(frozen=True)
class SetAside:
    """Rows of one table that were set aside for one reason.

    Attributes
    ----------
    table, reason : str
    newest, before : int
        How many of the newest day, and of the days before in total.
    """

    table: str
    reason: str
    newest: int
    before: int


def read_set_aside(connection: duckdb.DuckDBPyConnection, file: Path, newest: date) -> list[SetAside]:
    """Count the rows of ``set_aside.parquet``, by table and reason.

    A row belongs to the day of its file's partition (``date=2026-11-29``), or else of its own time; one with neither
    counts for the newest day.
    """
    partition = "try_cast(regexp_extract(file, 'date=([0-9]{4}-[0-9]{2}-[0-9]{2})', 1) AS DATE)"
    said = "CASE WHEN json_valid(record) THEN try_cast(json_extract_string(record, '$.time') AS TIMESTAMP)::DATE END"
    found = connection.execute(
        f'SELECT "table", reason, count(*) FILTER (day >= $newest), count(*) FILTER (day < $newest) FROM '
        f'(SELECT "table", reason, coalesce({partition}, {said}, $newest) AS day FROM '
        f"read_parquet({quoted(str(file))})) GROUP BY ALL ORDER BY ALL",
        {"newest": newest},
    ).fetchall()
    return [SetAside(*row) for row in found]


def read_used(connection: duckdb.DuckDBPyConnection, examples: Path, newest: date) -> dict[str, tuple[float, float]]:
    """Count the rows of each table that were used: of the newest day, and of all days before it together.

    Clicks and conversions count on the day on which they come, as those that are set aside do. Of a click with several
    conversions all count on the day of the first.
    """
    of_table = {
        "impressions": ("date", "1"),
        "clicks": ("click_time", "1"),
        "conversions": ("conversion_time", "conversions"),
    }
    sums = [
        f"coalesce(sum({rows}) FILTER ({time}::DATE {side} $newest), 0)::DOUBLE"
        for time, rows in of_table.values()
        for side in (">=", "<")
    ]
    found = connection.execute(
        f"SELECT {', '.join(sums)} FROM read_parquet({quoted(str(examples))})", {"newest": newest}
    ).fetchall()[0]
    return {table: (found[2 * place], found[2 * place + 1]) for place, table in enumerate(of_table)}


def check_set_aside(
    set_aside: list[SetAside], used: dict[str, tuple[float, float]], day: str, options: CheckOptions
) -> list[Verdict]:
    """Judge each table and reason.

    Parameters
    ----------
    set_aside : list of SetAside
    used : dict of table to (float, float)
        Rows of each table that were used, of the newest day and of the days before in total.
    day : str
        The newest.
    options : CheckOptions
    """
    judgeable = [row for row in set_aside if row.newest > 0 and row.table in used]
    levels = options.levels()
    totals = [used[row.table] for row in judgeable]
    shares = [row.newest / (row.newest + now) for row, (now, _) in zip(judgeable, totals, strict=True)]
    usual = [(row.before + 0.5) / (row.before + before + 1) for row, (_, before) in zip(judgeable, totals, strict=True)]
    expected = np.array([u * (r.newest + now) for u, r, (now, _) in zip(usual, judgeable, totals, strict=True)])
    chance = np.array([1 / (row.before + 0.5) for row in judgeable])
    p_values = adjusted(count_p_values([row.newest for row in judgeable], expected, SPREAD + chance))
    verdicts = []
    for row, share, before, p_value in zip(judgeable, shares, usual, p_values, strict=True):
        status = judged(float(p_value), share > options.set_aside_limit and share > 2 * before, levels)
        if status != "passed":
            reason = (
                f"{row.newest:,} rows of {row.table} on {day} ({percent(share)}) were set aside because of "
                f"{row.reason}; {percent(before)} is usual: a writer of the log changed; see "
                f"set_aside.parquet, which has the rows."
            )
            subject = f"{row.table}: {row.reason}"
            verdicts.append(Verdict("set_aside", subject, status, share, options.set_aside_limit, reason))
    newest = sum(row.newest for row in set_aside)
    if verdicts:
        return verdicts
    reason = f"{newest:,} rows of {day} were set aside, no more for any reason than expected from the days before."
    return [Verdict("set_aside", "all tables", "passed", float(newest), None, reason)]
