# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.workflow.arrival import missing_day, missing_marker, missing_rows, wait_for
from valuation_pipeline.workflow.errors import NotArrivedError
from valuation_pipeline.workflow.options import WorkflowOptions

DAY = date(2026, 11, 29)
#: 1,000 an hour by day, 20 an hour by night.
USUAL = {hour: 1000 if hour >= 6 else 20 for hour in range(24)}


class Clock:
    """Time that passes only by waiting."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def history(weeks: int = 4) -> dict[date, dict[int, int]]:
    return {DAY - timedelta(days=days): dict(USUAL) for days in range(1, 7 * weeks + 1)}


def test_a_complete_log_is_not_waited_for() -> None:
    clock = Clock()
    assert wait_for(lambda: None, WorkflowOptions(), clock, clock.sleep) == 0
    assert clock.waits == []


def test_it_waits_until_the_log_arrives() -> None:
    clock = Clock()
    options = WorkflowOptions(wait_minutes=120, poll_seconds=60)
    waited = wait_for(lambda: "a marker" if clock.now < 3600 else None, options, clock, clock.sleep)
    assert waited == 3600
    assert set(clock.waits) == {60}


def test_it_gives_up_when_the_time_is_up_and_says_what_is_missing() -> None:
    clock = Clock()
    options = WorkflowOptions(wait_minutes=2.5, poll_seconds=60)
    with pytest.raises(NotArrivedError, match=r"^a marker, after 2.5 minutes of waiting; .* run again$"):
        wait_for(lambda: "a marker", options, clock, clock.sleep)
    assert clock.waits == [60, 60, 30]


def test_without_time_to_wait_it_looks_once() -> None:
    clock = Clock()
    looks: list[None] = []

    def look() -> str:
        looks.append(None)
        return "a marker"

    with pytest.raises(NotArrivedError):
        wait_for(look, WorkflowOptions(wait_minutes=0), clock, clock.sleep)
    assert (len(looks), clock.waits) == (1, [])


def test_every_table_that_marks_its_days_must_mark_this_one(tmp_path: Path) -> None:
    for table in ("impressions", "clicks"):
        for day in (DAY - timedelta(days=1), DAY):
            (tmp_path / table / f"date={day}").mkdir(parents=True)
        (tmp_path / table / f"date={DAY - timedelta(days=1)}" / "_SUCCESS").touch()
    (tmp_path / "impressions" / f"date={DAY}" / "_SUCCESS").touch()
    assert missing_marker(tmp_path, DAY) == f"{tmp_path}/clicks/date=2026-11-29/_SUCCESS: the day's marker is not there"
    (tmp_path / "clicks" / f"date={DAY}" / "_SUCCESS").touch()
    assert missing_marker(tmp_path, DAY) is None


def test_a_table_without_markers_and_one_that_is_not_read_need_none(tmp_path: Path) -> None:
    (tmp_path / "candidates" / "date=2026-11-28").mkdir(parents=True)
    (tmp_path / "candidates" / "date=2026-11-28" / "_SUCCESS").touch()
    for table in ("impressions", "conversions"):
        (tmp_path / table / f"date={DAY}").mkdir(parents=True)
    (tmp_path / "impressions" / f"date={DAY}" / "_SUCCESS").touch()
    assert missing_marker(tmp_path, DAY) is None


def test_a_day_like_those_before_is_whole() -> None:
    assert missing_rows(history() | {DAY: dict(USUAL)}, DAY, WorkflowOptions()) is None


def test_an_hour_that_is_missing_is_named_with_its_figures() -> None:
    rows = history() | {DAY: USUAL | {17: 120}}
    assert missing_rows(rows, DAY, WorkflowOptions()) == (
        "2026-11-29 17:00 to 18:00: 120 impressions, 12% of the 1,000 that are usual on a Sunday (50% are needed)"
    )


def test_a_day_that_has_not_begun_to_arrive_is_missing() -> None:
    missing = missing_rows(history(), DAY, WorkflowOptions())
    assert missing is not None
    assert missing.startswith("2026-11-29 06:00 to 07:00: 0 impressions, 0%")


def test_quiet_hours_are_judged_together() -> None:
    options = WorkflowOptions()
    assert missing_rows(history() | {DAY: USUAL | {3: 0}}, DAY, options) is None
    missing = missing_rows(history() | {DAY: USUAL | dict.fromkeys(range(6), 5)}, DAY, options)
    assert missing == (
        "2026-11-29, its quiet hours: 30 impressions, 25% of the 120 that are usual on a Sunday (50% are needed)"
    )


def test_one_odd_week_does_not_change_what_is_usual() -> None:
    rows = history() | {DAY: dict(USUAL), DAY - timedelta(weeks=2): dict.fromkeys(range(24), 100000)}
    assert missing_rows(rows, DAY, WorkflowOptions()) is None


def test_other_weekdays_do_not_count() -> None:
    rows = history() | {DAY: {hour: count // 2 + 1 for hour, count in USUAL.items()}}
    for day, hours in rows.items():
        if day.weekday() != DAY.weekday():
            rows[day] = {hour: 10 * count for hour, count in hours.items()}
    assert missing_rows(rows, DAY, WorkflowOptions()) is None


@pytest.mark.parametrize(
    ("rows", "is_whole"),
    [
        ({DAY: {22: 500}}, False),
        ({DAY: {22: 500, 23: 3}}, True),
        ({DAY: {22: 500}, DAY + timedelta(days=1): {0: 2}}, True),
        ({DAY + timedelta(days=1): {0: 2}}, False),
        ({}, False),
    ],
)
def test_in_the_first_week_a_day_is_whole_when_it_is_over(rows: dict[date, dict[int, int]], is_whole: bool) -> None:
    missing = missing_rows(rows, DAY, WorkflowOptions())
    assert missing is None if is_whole else missing is not None and missing.startswith("2026-11-29: no impression")


@pytest.mark.parametrize("written", [3, 24])
def test_a_log_without_markers_is_judged_by_its_rows(tmp_path: Path, written: int) -> None:
    lines = [
        f"{day}-{hour}-{number},{day}T{hour:02}:{number % 60:02}:00Z,c-1,1\n"
        for day, hours in ((DAY - timedelta(weeks=1), 24), (DAY, written))
        for hour in range(hours)
        for number in range(120)
    ]
    (tmp_path / "impressions.csv").write_text("impression_id,time,campaign,ad\n" + "".join(lines))
    missing = missing_day(tmp_path, DAY, WorkflowOptions())
    if written == 24:
        assert missing is None
    else:
        assert missing is not None
        assert missing.startswith("2026-11-29 03:00 to 04:00: 0 impressions, 0% of the 120")


def test_a_file_being_written_still_counts_as_missing(tmp_path: Path) -> None:
    (tmp_path / "impressions").mkdir()
    (tmp_path / "impressions" / "part-0.parquet").write_bytes(b"PAR1 and what follows")
    missing = missing_day(tmp_path, DAY, WorkflowOptions())
    assert missing is not None
    assert "part-0.parquet: cannot be read as Parquet" in missing


def test_a_missing_log_is_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="no folder"):
        missing_day(tmp_path / "lgos", DAY, WorkflowOptions())


def test_a_file_under_a_temporary_name_still_counts_as_missing(tmp_path: Path) -> None:
    (tmp_path / "impressions").mkdir()
    (tmp_path / "impressions" / "part-0.parquet.tmp").write_bytes(b"PAR1")
    missing = missing_day(tmp_path, DAY, WorkflowOptions())
    assert missing is not None
    assert "part-0.parquet.tmp: not read" in missing
