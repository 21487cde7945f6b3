# SPDX-License-Identifier: Apache-2.0
"""A check reports what is wrong with a log, to people, to programs, and by its exit code."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from typer.testing import CliRunner

from logs.small import click, conversion, impression, write_log
from valuation_pipeline.logs.check import LogCheck, check_log
from valuation_pipeline.logs.command import logs
from valuation_pipeline.logs.options import LogOptions
from valuation_pipeline.logs.reasons import Reason

NOW = datetime(2026, 11, 1)


def checked(log: Path, **more: Any) -> LogCheck:
    return check_log(log, LogOptions(), now=NOW, **more)


def test_a_good_log_has_no_problems(tmp_path: Path) -> None:
    log = write_log(
        tmp_path / "log",
        impressions=[impression(1), impression(2, time="2026-03-02 10:00:00")],
        clicks=[click(1), {"impression_id": "i-2", "time": "2026-03-02 10:01:00"}],
        conversions=[conversion(1, "2026-03-03 00:00:00"), conversion(1, "2026-03-20 00:00:00")],
    )
    found = checked(log)
    assert found.problems == []
    assert (found.first_day, found.last_day) == (date(2026, 3, 1), date(2026, 3, 2))
    assert found.days[date(2026, 3, 1)] == {"impressions": 1, "clicks": 1, "conversions": 1}
    late = {Reason.CONVERSION_AFTER_WINDOW: 1}
    assert found.tables["conversions"].set_aside == late, "late conversions are no fault of the log"


def test_more_faults_than_tolerated_are_a_problem(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", impressions=[impression(1), impression(2, bid=-1)], clicks=[click(1)])
    found = checked(log)
    assert found.problems == ["impressions: 50.00% of the rows are set aside for faults, more than 1.00%"]
    assert checked(log, tolerate=0.5).problems == []


def test_days_without_impressions_or_clicks_are_problems(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", impressions=[impression(1), impression(2, time="2026-03-03 10:00:00")])
    assert checked(log).problems == [
        "clicks: none of the 1 impressions of 2026-03-01 was clicked",
        "impressions: none on 2026-03-02",
        "clicks: none of the 1 impressions of 2026-03-03 was clicked",
    ]
    found = checked(log, start=date(2026, 3, 3), end=date(2026, 3, 3))
    assert list(found.days) == [date(2026, 3, 3)]


def test_unknown_columns_are_named_with_the_most_similar_ones(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", impressions=[impression(1, advertizer="x", zzz=1)], clicks=[click(1)])
    assert checked(log).unknown == {"impressions": {"advertizer": "advertiser", "zzz": None}}


def test_every_table_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log")
    (log / "clicks.jsonl").unlink()
    (log / "impressions.jsonl").unlink()
    pq.write_table(pa.table({"impression_id": ["i"], "time": ["2026-03-01"], "ad": ["a"]}), log / "impressions.parquet")
    pq.write_table(pa.table({"request_id": ["r"], "time": [1.5]}), log / "candidates.parquet")
    problems = checked(log).problems
    assert [problem.split(":")[0] for problem in problems] == ["impressions", "clicks", "candidates"]
    assert "the column campaign is missing" in problems[0]
    assert "there is no folder clicks/ and no file like clicks.parquet" in problems[1]
    assert "the column time is DOUBLE" in problems[2]


def test_candidates_are_checked_too(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", impressions=[impression(1)], clicks=[click(1)])
    candidate = {"request_id": "r", "time": "2026-03-01 01:00:00", "campaign": "c", "ad": "a", "position": 0}
    rows = [candidate, candidate | {"position": "first"}, candidate | {"request_id": ""}]
    (log / "candidates.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    counts = checked(log).tables["candidates"]
    assert (counts.read, counts.used) == (3, 1)
    assert counts.set_aside == {Reason.BAD_VALUE: 1, Reason.NO_ID: 1}


def test_a_log_without_a_good_impression_is_a_problem(tmp_path: Path) -> None:
    found = checked(write_log(tmp_path / "log", impressions=["{"]))
    assert found.problems == ["impressions: no row has an id, a time, a campaign and an ad"]
    assert found.first_day is None


def test_the_command_reports_to_people_and_programs(tmp_path: Path) -> None:
    rows = [impression(1), impression(1), impression(2, campain="c")]
    log = write_log(tmp_path / "log", impressions=rows, clicks=[click(1)])
    runner = CliRunner()
    text = runner.invoke(logs, ["check", str(log)], env={"COLUMNS": "80"})
    assert text.exit_code == 1
    words = " ".join(text.output.split())
    assert "impressions: the column campain is not of the schema and is left alone; did you mean campaign?" in words
    assert "impressions 1 duplicate the impression, its click or the same conversion has an earlier row" in words
    assert "✗ impressions: 33.33% of the rows are set aside for faults" in words
    assert all(len(line) <= 80 for line in text.output.splitlines() if str(tmp_path) not in line)
    document = runner.invoke(logs, ["check", str(log), "--format", "json", "--tolerate", "0.4"])
    assert document.exit_code == 0
    assert json.loads(document.output)["tables"]["impressions"]["set_aside"] == {"duplicate": 1}
