# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from valuation_pipeline.workflow.inputs import Inputs, StepFolder, sum_of_log

FIRST, LAST = date(2026, 11, 28), date(2026, 11, 29)


def log_in(folder: Path) -> Path:
    for table in ("impressions", "clicks"):
        for day in ("2026-11-27", "2026-11-28", "2026-11-29", "2026-11-30"):
            (folder / table / f"date={day}").mkdir(parents=True)
            (folder / table / f"date={day}" / "part-0.parquet").write_text(table + day)
    (folder / "conversions.csv").write_text("impression_id,time\n")
    return folder


def test_an_unchanged_log_keeps_its_checksum(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    assert sum_of_log(log, None, FIRST, LAST) == sum_of_log(log, None, FIRST, LAST)


@pytest.mark.parametrize(
    "change",
    [
        lambda log: (log / "clicks/date=2026-11-29/part-1.parquet").touch(),
        lambda log: (log / "clicks/date=2026-11-28/part-0.parquet").unlink(),
        lambda log: os.utime(log / "impressions/date=2026-11-28/part-0.parquet", ns=(1, 1)),
        lambda log: (log / "conversions.csv").write_text("impression_id,time\n1,2\n"),
    ],
)
def test_files_of_the_days_count(tmp_path: Path, change: Callable[[Path], object]) -> None:
    log = log_in(tmp_path)
    before = sum_of_log(log, None, FIRST, LAST)
    change(log)
    assert sum_of_log(log, None, FIRST, LAST) != before


@pytest.mark.parametrize(
    "file", ["impressions/date=2026-11-30/b.csv", "clicks/date=2026-11-27/b.csv", "candidates.parquet"]
)
def test_files_of_other_days_and_tables_do_not(tmp_path: Path, file: str) -> None:
    log = log_in(tmp_path)
    before = sum_of_log(log, None, FIRST, LAST)
    (log / file).touch()
    assert sum_of_log(log, None, FIRST, LAST) == before


def test_a_step_is_done_while_its_inputs_are_unchanged(tmp_path: Path) -> None:
    inputs = Inputs({"date": str(LAST), "options": {"days": 14}})
    assert not StepFolder(tmp_path / "examples", inputs).exists()
    (tmp_path / "examples").mkdir()
    assert not StepFolder(tmp_path / "examples", inputs).exists()
    inputs.write(tmp_path / "examples")
    assert StepFolder(tmp_path / "examples", Inputs({"options": {"days": 14}, "date": str(LAST)})).exists()
    assert not StepFolder(tmp_path / "examples", Inputs({"options": {"days": 15}, "date": str(LAST)})).exists()
    (tmp_path / "examples" / "inputs.json").write_text("{")
    assert not StepFolder(tmp_path / "examples", inputs).exists()
