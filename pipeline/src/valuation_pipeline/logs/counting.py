# SPDX-License-Identifier: Apache-2.0
"""Counts the rows of a log after matching."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import duckdb

from valuation_pipeline.logs.counts import Counts, TableCounts
from valuation_pipeline.logs.reading import RawTable


def count(
    connection: duckdb.DuckDBPyConnection, raw: dict[str, RawTable], start: date, end: date, as_of: datetime
) -> Counts:
    """Count the rows of ``attribution.match`` and ``attribution.write_set_aside``."""
    tables = {}
    for table in raw:
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
