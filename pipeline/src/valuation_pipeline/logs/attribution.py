# SPDX-License-Identifier: Apache-2.0
"""Joins clicks to impressions and conversions to clicks, and finds the rows that cannot be used.

Each of the tables ``impressions_rows``, ``clicks_rows`` and ``conversions_rows`` has one row for each record: file,
row, impression_id, time, and the state: used, outside (of other days), or a reason.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

from valuation_pipeline.logs.options import LogOptions
from valuation_pipeline.logs.reading import DAY, FILE, ROW, RawTable, literal, quoted
from valuation_pipeline.logs.reasons import Reason

READ = ("impressions", "clicks", "conversions")
_AT = f"{quoted(FILE)} AS file, {quoted(ROW)} AS row"


def match(
    connection: duckdb.DuckDBPyConnection,
    start: date,
    end: date,
    as_of: datetime,
    now: datetime,
    options: LogOptions,
) -> None:
    """Find the state of each row, and create the view ``examples``.

    Needs the views ``typed_impressions``, ``typed_clicks`` and ``typed_conversions``.
    """
    times = {
        "start": f"TIMESTAMP '{start}'",
        "after": f"TIMESTAMP '{end + timedelta(days=1)}'",
        "as_of": _timestamp(as_of),
        "now": _timestamp(now),
        "click_window": f"to_microseconds({round(options.click_window_hours * 3_600_000_000)})",
        "attribution": f"to_microseconds({round(options.attribution_days * 86_400_000_000)})",
        "future": _FUTURE,
    }
    for query in (_IMPRESSIONS, _REPEATED_IMPRESSIONS, _CLICKS, _REPEATED_CLICKS, _CLICKED):
        connection.execute(query.format(**times))
    for query in (_CONVERSIONS, _CONVERTED, _EXAMPLES):
        connection.execute(query.format(**times))


def match_candidates(connection: duckdb.DuckDBPyConnection, start: date, end: date, now: datetime) -> None:
    """Find the state of each candidate; needs the view ``typed_candidates``."""
    connection.execute(
        _CANDIDATES.format(
            start=f"TIMESTAMP '{start}'",
            after=f"TIMESTAMP '{end + timedelta(days=1)}'",
            now=_timestamp(now),
            future=_FUTURE,
        )
    )


def write_set_aside(connection: duckdb.DuckDBPyConnection, raw: dict[str, RawTable], file: Path) -> None:
    """Write the rows that are set aside, as they are in their files, and create the table ``set_aside`` from them."""
    connection.execute(f"""
        CREATE TABLE set_aside AS
        SELECT "table", file, "row", '{Reason.UNREADABLE}' AS reason, detail, record FROM unreadable
    """)
    for table, relation in raw.items():
        source = relation.origin or relation
        columns = ", ".join(f"{literal(name)}: raw.{quoted(name)}" for name in source.columns)
        record = f"to_json({{{columns}}})::VARCHAR" if columns else "'{}'"
        connection.execute(f"""
            INSERT INTO set_aside
            SELECT '{table}', file, row, state, detail, {record}
            FROM {source.name} raw
            JOIN (SELECT * FROM {table}_rows WHERE state NOT IN ('used', 'outside')) aside
            ON raw.{quoted(FILE)} = aside.file AND raw.{quoted(ROW)} = aside.row
        """)
    connection.execute(f"""
        COPY (SELECT * FROM set_aside ORDER BY "table", file, "row")
        TO {literal(str(file))} (FORMAT parquet, COMPRESSION zstd)
    """)


def _timestamp(moment: datetime) -> str:
    return f"TIMESTAMP '{moment:%Y-%m-%d %H:%M:%S.%f}'"


_FUTURE = f"({quoted(DAY)} IS NOT NULL AND time >= {quoted(DAY)} + INTERVAL 1 DAY)"
_BY_ITSELF = f"""
    WHEN reason IN ('{Reason.NO_ID}', '{Reason.NO_TIME}') THEN reason
    WHEN {{future}} OR time > {{now}} THEN '{Reason.FUTURE_TIME}'
"""

_IMPRESSIONS = f"""
CREATE TABLE impressions_rows AS
SELECT {_AT}, impression_id, time, detail, CASE
    WHEN {quoted(DAY)} < {{start}} OR {quoted(DAY)} >= {{after}} THEN 'outside'
    {_BY_ITSELF}
    WHEN time < {quoted(DAY)} THEN '{Reason.WRONG_DAY}'
    WHEN time < {{start}} OR time >= {{after}} THEN 'outside'
    WHEN reason IS NOT NULL THEN reason
    ELSE 'used' END AS state
FROM typed_impressions
"""

_CANDIDATES = f"""
CREATE TABLE candidates_rows AS
SELECT {_AT}, request_id, time, detail, CASE
    {_BY_ITSELF}
    WHEN time < {{start}} OR time >= {{after}} THEN 'outside'
    WHEN reason IS NOT NULL THEN reason
    ELSE 'used' END AS state
FROM typed_candidates
"""

# The first row of an id keeps its state; another one of these days is a duplicate, one outside is no longer looked up.
_REPEATED_IMPRESSIONS = f"""
CREATE TABLE repeated AS
SELECT file, row FROM (
    SELECT file, row, row_number() OVER (PARTITION BY impression_id ORDER BY time, file, row) AS place
    FROM impressions_rows SEMI JOIN (
        SELECT impression_id FROM impressions_rows WHERE state IN ('used', 'outside')
        GROUP BY impression_id HAVING count(*) > 1) USING (impression_id)
    WHERE state IN ('used', 'outside'))
WHERE place > 1;
UPDATE impressions_rows i SET
    state = CASE i.state WHEN 'used' THEN '{Reason.DUPLICATE}' ELSE i.state END,
    impression_id = CASE i.state WHEN 'outside' THEN NULL ELSE i.impression_id END
FROM repeated r WHERE i.file = r.file AND i.row = r.row;
"""

_CLICKS = f"""
CREATE TABLE clicks_rows AS
WITH clicks AS (
    SELECT {_AT}, impression_id, time, CASE {_BY_ITSELF}
        WHEN time < {{start}} OR time >= {{as_of}} THEN 'outside'
        ELSE reason END AS known, detail
    FROM typed_clicks),
shown AS (SELECT impression_id, time AS shown, state FROM impressions_rows WHERE state IN ('used', 'outside')),
aside AS (SELECT DISTINCT impression_id FROM impressions_rows WHERE state NOT IN ('used', 'outside'))
SELECT c.file, c.row, c.impression_id, c.time, c.detail, CASE
    WHEN c.known IS NOT NULL THEN c.known
    WHEN i.state IS NULL THEN CASE WHEN aside.impression_id IS NOT NULL
        THEN '{Reason.IMPRESSION_SET_ASIDE}' ELSE '{Reason.CLICK_WITHOUT_IMPRESSION}' END
    WHEN i.state = 'outside' THEN 'outside'
    WHEN c.time < i.shown THEN '{Reason.CLICK_BEFORE_IMPRESSION}'
    WHEN c.time > i.shown + {{click_window}} THEN '{Reason.CLICK_AFTER_WINDOW}'
    ELSE 'used' END AS state
FROM clicks c LEFT JOIN shown i USING (impression_id) LEFT JOIN aside USING (impression_id)
"""

_REPEATED_CLICKS = f"""
UPDATE clicks_rows c SET state = '{Reason.DUPLICATE}'
FROM (SELECT file, row, row_number() OVER (PARTITION BY impression_id ORDER BY time, file, row) AS place
      FROM clicks_rows WHERE state = 'used') ordered
WHERE place > 1 AND c.file = ordered.file AND c.row = ordered.row
"""

_CLICKED = "CREATE VIEW clicked AS SELECT impression_id, time AS click_time FROM clicks_rows WHERE state = 'used'"

_CONVERSIONS = f"""
CREATE TABLE conversions_rows AS
WITH conversions AS (
    SELECT {_AT}, impression_id, time, revenue, CASE {_BY_ITSELF}
        WHEN time < {{start}} OR time >= {{as_of}} THEN 'outside'
        ELSE reason END AS known, detail,
        row_number() OVER (PARTITION BY impression_id, time, revenue ORDER BY {quoted(FILE)}, {quoted(ROW)}) AS place
    FROM typed_conversions),
shown AS (SELECT impression_id, state FROM impressions_rows WHERE state IN ('used', 'outside')),
aside AS (SELECT DISTINCT impression_id FROM impressions_rows WHERE state NOT IN ('used', 'outside'))
SELECT v.file, v.row, v.impression_id, v.time, v.revenue, v.detail, CASE
    WHEN v.known IS NOT NULL THEN v.known
    WHEN i.state = 'outside' THEN 'outside'
    WHEN v.place > 1 THEN '{Reason.DUPLICATE}'
    WHEN i.state IS NULL THEN CASE WHEN aside.impression_id IS NOT NULL
        THEN '{Reason.IMPRESSION_SET_ASIDE}' ELSE '{Reason.CONVERSION_WITHOUT_IMPRESSION}' END
    WHEN c.click_time IS NULL THEN '{Reason.CONVERSION_WITHOUT_CLICK}'
    WHEN v.time < c.click_time THEN '{Reason.CONVERSION_BEFORE_CLICK}'
    WHEN v.time > c.click_time + {{attribution}} THEN '{Reason.CONVERSION_AFTER_WINDOW}'
    ELSE 'used' END AS state
FROM conversions v LEFT JOIN shown i USING (impression_id) LEFT JOIN aside USING (impression_id)
LEFT JOIN clicked c USING (impression_id)
"""

# A list in a fixed order is summed, so that the sum does not depend on how threads share the rows.
_CONVERTED = """
CREATE TABLE converted AS
SELECT impression_id, min(time) AS conversion_time, count(*)::INTEGER AS conversions,
       coalesce(list_sum(list(revenue ORDER BY time, revenue)), 0.0)::DOUBLE AS revenue
FROM conversions_rows WHERE state = 'used' GROUP BY impression_id
"""

_EXAMPLES = f"""
CREATE VIEW examples AS
SELECT t.*, t.time::DATE AS date, c.click_time IS NOT NULL AS click, c.click_time,
       v.conversion_time IS NOT NULL AS conversion, v.conversion_time,
       coalesce(v.conversions, 0)::INTEGER AS conversions, coalesce(v.revenue, 0.0)::DOUBLE AS revenue
FROM typed_impressions t
ANTI JOIN (SELECT file, row FROM impressions_rows WHERE state NOT IN ('used', 'outside')) aside
    ON t.{quoted(FILE)} = aside.file AND t.{quoted(ROW)} = aside.row
LEFT JOIN clicked c USING (impression_id)
LEFT JOIN converted v USING (impression_id)
WHERE t.time >= {{start}} AND t.time < {{after}}
    AND ({quoted(DAY)} IS NULL OR {quoted(DAY)} >= {{start}} AND {quoted(DAY)} < {{after}})
"""
