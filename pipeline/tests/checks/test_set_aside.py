# SPDX-License-Identifier: Apache-2.0
"""Rows set aside are compared with the rows of the same days."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import stats

from valuation_pipeline.checks.options import CheckOptions
from valuation_pipeline.checks.set_aside import SetAside, check_set_aside, read_used

DAYS = 15
FIRST = datetime(2026, 3, 1)
NEWEST = (FIRST + timedelta(days=DAYS - 1)).date()


def _examples(file: Path) -> Path:
    """Write ten clicks a day, each with two conversions a day later."""
    days = np.repeat(np.arange(DAYS), 10)
    clicks = [FIRST + timedelta(days=int(day), hours=12) for day in days]
    conversions = [click + timedelta(days=1) for click in clicks]
    known = [time if time.date() <= NEWEST else None for time in conversions]
    columns = {
        "date": [click.date() for click in clicks],
        "click_time": clicks,
        "conversion_time": known,
        "conversions": [0 if time is None else 2 for time in known],
    }
    pq.write_table(pa.table(columns), file)
    return file


def test_used_rows_cover_all_days_whatever_the_window(tmp_path: Path) -> None:
    file = _examples(tmp_path / "examples.parquet")
    with duckdb.connect() as connection:
        used = read_used(connection, file, NEWEST)
    assert used == {"impressions": (10, 140), "clicks": (10, 140), "conversions": (20, 260)}


def test_a_steady_share_of_rows_set_aside_is_flagged_no_more_often_than_stated() -> None:
    rng = np.random.default_rng(5)
    options = CheckOptions()
    alarms = 0
    for _ in range(300):
        share = 0.03 * np.exp(0.3 * rng.normal(size=DAYS))
        aside, used = rng.poisson(1000 * share), rng.poisson(1000 * (1 - share))
        one = SetAside("conversions", "duplicate", int(aside[-1]), int(aside[:-1].sum()))
        counted = {"conversions": (float(used[-1]), float(used[:-1].sum()))}
        verdicts = check_set_aside([one], counted, str(NEWEST), options)
        alarms += any(verdict.status in ("failed", "warned") for verdict in verdicts)
    assert alarms <= stats.binom.ppf(0.999, 300, options.levels().warn)
