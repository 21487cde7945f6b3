# SPDX-License-Identifier: Apache-2.0
"""Wrong rows that are added to a day's tables on request, and the list of them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from valuation_pipeline.generated.day import DAY, Day
from valuation_pipeline.generated.faults import Fault
from valuation_pipeline.generated.world import Codes
from valuation_pipeline.logs.schema import CLICKS, CONVERSIONS, TIME

PLANTED = pa.schema(
    [
        ("table", pa.string()),
        ("impression_id", pa.string()),
        ("time", TIME),
        ("fault", pa.string()),
        ("date", pa.date32()),
    ]
)
"""One row a wrong row, as it stands in the log; ``date`` is the partition."""

MINUTE = 60_000_000
TEN_YEARS = 3653 * DAY


def plant(
    tables: dict[str, pa.Table], day: Day, date_: date, midnight: int, faults: list[Fault], seed: int
) -> tuple[dict[str, pa.Table], pa.Table]:
    """Add the wrong rows of a day to its tables.

    Parameters
    ----------
    tables : dict
        impressions, clicks and conversions, each in the order of its time, as they will be written for the day.
    day : Day
    date_ : date
    midnight : int
        The beginning of the day, in microseconds since 1970.
    faults : list of Fault
        Those of the day.
    seed : int

    Returns
    -------
    tables, planted
        ``planted`` has the schema PLANTED.
    """
    rng = np.random.default_rng([seed, 4, day.index])
    planted = [PLANTED.empty_table()]
    tables = dict(tables)
    ids = tables["impressions"]["impression_id"].combine_chunks()
    # Impressions without a click, and late enough that a minute earlier is the same day: each is used once.
    free = np.setdiff1d(np.flatnonzero(day.time >= midnight + 2 * MINUTE), day.click_impressions)
    free = rng.permutation(free)

    def add(table: str, rows: pa.Table, fault: str) -> None:
        tables[table] = pa.concat_tables([tables[table], rows]).sort_by([("time", "ascending")])
        count = len(rows)
        listed = [
            pa.repeat(pa.scalar(table), count),
            rows["impression_id"],
            rows["time"],
            pa.repeat(pa.scalar(fault), count),
            pa.repeat(pa.scalar(date_, pa.date32()), count),
        ]
        planted.append(pa.table(listed, schema=PLANTED))

    # Duplicates come first, so that they are copies of valid rows.
    for fault in sorted(faults, key=lambda fault: fault.name != "duplicates"):
        count = fault.count
        if fault.name == "duplicates":
            for table in ("impressions", "clicks", "conversions"):
                chosen = rng.permutation(len(tables[table]))[:count]
                add(table, tables[table].take(pa.array(np.sort(chosen))), fault.name)
        elif fault.name == "clicks_without_impressions":
            lost = pa.array([f"lost-{date_:%Y%m%d}-{number}" for number in range(count)], pa.string())
            add("clicks", _clicks(lost, midnight + rng.integers(0, DAY, count)), fault.name)
        elif fault.name == "conversions_without_clicks":
            rows, free = free[:count], free[count:]
            time = np.minimum(day.time[rows] + MINUTE, midnight + DAY - 1)
            columns = [ids.take(pa.array(rows)), pa.array(time, TIME), pa.array(np.full(len(rows), 1.0))]
            add("conversions", pa.table(columns, schema=CONVERSIONS), fault.name)
        elif fault.name == "times_out_of_order":
            rows, free = free[:count], free[count:]
            add("clicks", _clicks(ids.take(pa.array(rows)), day.time[rows] - MINUTE), fault.name)
        elif fault.name == "future_times":
            rows, free = free[:count], free[count:]
            later = tables["impressions"].take(pa.array(rows))
            names = pa.array([f"future-{date_:%Y%m%d}-{number}" for number in range(len(rows))], pa.string())
            later = later.set_column(0, later.schema.field(0), names)
            later = later.set_column(1, later.schema.field(1), pa.array(day.time[rows] + TEN_YEARS, TIME))
            add("impressions", later, fault.name)
    return tables, pa.concat_tables(planted)


def _clicks(ids: pa.Array, time: Codes) -> pa.Table:
    return pa.table([ids, pa.array(time, TIME)], schema=CLICKS)
