# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import re
import shutil
import signal
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import valuation

from valuation_pipeline.command import main
from valuation_pipeline.errors import HeldBackError, PipelineError
from valuation_pipeline.workflow.errors import NotArrivedError
from valuation_pipeline.workflow.run import run_day, run_days
from workflow.conftest import Finished
from workflow.runs import FIRST, LAST, new_models, released, run_main, run_quietly, start, wishes, words


def test_each_day_is_published_and_reported_in_one_line(finished: Finished) -> None:
    work, models = finished.work, finished.models
    lines = finished.printed.splitlines()
    assert len(lines) == 2
    for line, day in zip(lines, (FIRST, LAST), strict=True):
        told = rf"{day} published {day} in {models}: \d+ campaigns, click NE 0\.\d\d, \d+ warnings?; (\S+)"
        match = re.fullmatch(told, line)
        assert match is not None, line
        assert Path(match[1]) == work / str(day) / "report" / "report.html"
        assert Path(match[1]).stat().st_size > 100_000
    assert (models / "LATEST").read_text() == f"{LAST}\n"


def test_the_release_serves(finished: Finished) -> None:
    models = (finished.models / "releases" / str(LAST) / "click.jsonl").read_text().splitlines()
    campaign = json.loads(models[-1])["campaign"]
    with valuation.Engine() as engine:
        engine.load(finished.models)
        ad = {"campaign": campaign, "pricing": "cpc", "bid": 1.0}
        value = engine.score({"features": {}, "candidates": [ad]})["values"][0]
    assert value["flags"] == []
    assert 0.001 < (value["pctr"] or 0) < 0.5


def test_the_lineage_says_what_was_read_and_with_what(finished: Finished) -> None:
    work, models = finished.work, finished.models
    lineage = json.loads((models / "releases" / str(LAST) / "lineage.json").read_text())
    counts = json.loads((work / str(LAST) / "examples" / "counts.json").read_text())
    assert lineage["log"]["tables"] == counts["tables"]
    assert (lineage["log"]["last_day"], lineage["log"]["as_of"]) == ("2026-03-05", "2026-03-06T00:00:00Z")
    assert counts["tables"]["impressions"]["used"] == 12_000
    assert lineage["compared_with"] == str(FIRST)
    assert lineage["inputs"]["configuration"]["log"]["attribution_days"] == 1
    assert lineage["made"]["packages"]["duckdb"]
    assert lineage["verdicts"].get("failed", 0) == 0


def test_the_page_has_the_checks_first_and_what_the_run_counted(finished: Finished) -> None:
    page = json.loads((finished.work / str(LAST) / "report" / "report.json").read_text())
    titles = [section["title"] for section in page["sections"]]
    assert titles == ["Checks", "What was read", "Models of clicks", "Models of conversions", "Weights that moved"]
    text = json.dumps(page)
    assert "Normalized entropy by campaign" in text
    assert "12000" in text
    assert f"since {FIRST}" in text


def test_a_published_day_is_left_alone(place: Path, finished: Finished, tmp_path: Path) -> None:
    work, models = finished.work, finished.models
    before = {path: path.stat().st_mtime_ns for path in models.rglob("*")}
    told = run_day(LAST, wishes(place, work, models))
    assert told.startswith(f"{LAST} is published as {LAST} in {models} from the same inputs")
    assert run_day(LAST, wishes(place, tmp_path / "other-work", models)) == told
    assert {path: path.stat().st_mtime_ns for path in models.rglob("*")} == before


def test_a_published_day_is_republished_from_other_inputs_only_on_request(
    place: Path, finished: Finished, tmp_path: Path
) -> None:
    models = shutil.copytree(finished.models, tmp_path / "models")
    work = shutil.copytree(finished.work, tmp_path / "work")
    other = wishes(place, work, models)
    checks = other.configuration.checks.model_copy(update={"warning_rate": 0.2})
    other = replace(other, configuration=other.configuration.model_copy(update={"checks": checks}))
    with pytest.raises(PipelineError, match=r"^2026-03-04: .* from other inputs \(changed: configuration\).* --again"):
        run_day(FIRST, other)
    trained = (work / str(FIRST) / "click" / "inputs.json").stat().st_mtime_ns
    told = run_day(FIRST, replace(other, again=True))
    assert f"published {FIRST}-2 in {models}" in told
    assert "a later day serves" in told
    assert (models / "LATEST").read_text() == f"{LAST}\n"
    assert (work / str(FIRST) / "click" / "inputs.json").stat().st_mtime_ns == trained


def test_two_runs_of_one_day_at_once_do_not_work_on_it_both(place: Path, finished: Finished, tmp_path: Path) -> None:
    published = finished.models
    models = new_models(tmp_path / "models", published)
    both = [start(run_quietly, place, tmp_path, models, FIRST) for _ in range(2)]
    for process in both:
        process.join(600)
    codes = sorted(process.exitcode for process in both if process.exitcode is not None)
    assert codes in ([0, 5], [0, 0])  # the second may start after the first has ended
    for reason in tmp_path.glob("*.reason"):
        assert re.match(rf"{FIRST}: .*process \d+ on \S+ has been at {FIRST} since ", reason.read_text())
    assert released(models, str(FIRST)) == released(published, str(FIRST))


def test_a_day_that_is_held_back_leaves_the_serving_release_and_says_why(
    place: Path, finished: Finished, tmp_path: Path
) -> None:
    published = finished.models
    models = new_models(tmp_path / "models", published)
    shutil.copytree(published / "releases" / str(FIRST), models / "releases" / str(FIRST))
    (models / "LATEST").write_text(f"{FIRST}\n")
    logs = shutil.copytree(place / "log" / "log", tmp_path / "log")
    clicks = logs / "clicks" / f"date={LAST}" / "part-0.parquet"
    pq.write_table(pq.read_table(clicks, partitioning=None).slice(0, 0), clicks)
    faulty = replace(wishes(place, tmp_path / "work", models), logs=logs)
    with pytest.raises(HeldBackError, match=rf"^{LAST}: held back by clicks of .*report\.html$"):
        run_day(LAST, faulty)
    assert (models / "LATEST").read_text() == f"{FIRST}\n"
    assert not (models / "releases" / str(LAST)).exists()
    page = json.loads((tmp_path / "work" / str(LAST) / "report" / "report.json").read_text())
    assert page["outcome"]["status"] == "failed"
    assert [type(told) for told in run_days(LAST, LAST, faulty)] == [HeldBackError]


def test_a_log_without_conversions_becomes_a_release_of_click_models(place: Path, tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    for table in ("impressions", "clicks"):
        (tmp_path / "log" / table).symlink_to(place / "log" / "log" / table)
    models = tmp_path / "models"
    told = run_day(FIRST, replace(wishes(place, tmp_path / "work", models), logs=tmp_path / "log"))
    assert f"published {FIRST}" in told
    counts = json.loads((models / "releases" / str(FIRST) / "manifest.json").read_text())["counts"]
    assert counts["click_models"] > 0
    assert counts["conversion_models"] == 0
    page = (tmp_path / "work" / str(FIRST) / "report" / "report.json").read_text()
    assert "There are none. The log has no table of conversions." in page


def test_a_day_whose_log_is_missing_is_not_started(place: Path, tmp_path: Path) -> None:
    with pytest.raises(
        NotArrivedError, match=r"^2026-03-09: .*date=2026-03-09/_SUCCESS: the day's marker is not there"
    ):
        run_day(date(2026, 3, 9), wishes(place, tmp_path / "work", tmp_path / "models"))
    assert not (tmp_path / "models").exists()
    assert {path.name for path in (tmp_path / "work/2026-03-09").iterdir()} == {".lock", "run.log"}


@pytest.mark.parametrize(
    ("number", "code", "told"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_an_interrupted_or_terminated_run_says_so_and_releases_its_lock(
    place: Path, tmp_path: Path, number: signal.Signals, code: int, told: str
) -> None:
    waiting = (place / "pipeline.toml").read_text().replace("wait_minutes = 0", "wait_minutes = 600")
    (tmp_path / "pipeline.toml").write_text(waiting.replace("log/features.toml", str(place / "log" / "features.toml")))
    arguments = ["--date", "2026-03-09", "--configuration", str(tmp_path / "pipeline.toml"), "--workers", "2"]
    process = start(run_main, tmp_path, words(place, tmp_path / "work", tmp_path / "models", *arguments))
    log = tmp_path / "work" / "2026-03-09" / "run.log"
    while process.is_alive() and not (log.exists() and "running   Arrived" in log.read_text()):
        time.sleep(0.1)
    assert process.pid is not None
    os.kill(process.pid, number)
    process.join(600)
    assert process.exitcode == code
    assert (tmp_path / "stdout").read_text() == ""
    assert (tmp_path / "stderr").read_text().splitlines()[-1] == f"{told}; run again to go on"
    assert {path.name for path in log.parent.iterdir()} == {".lock", "run.log"}


def test_the_command_exits_with_a_code_of_its_own_and_the_reason_last(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = words(place, tmp_path / "work", tmp_path / "models", "--date", "2026-03-09")
    monkeypatch.setattr("sys.argv", ["valuation-pipeline", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 4
    printed, told = capsys.readouterr()
    reason = r"2026-03-09: .*_SUCCESS: the day's marker is not there, after 0 minutes of waiting; .* run again"
    assert printed == ""
    assert re.fullmatch(reason, told.splitlines()[-1])


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ([], 1, r"^2026-03-05: features\.toml: No such file or directory"),
        (["--work", "/dev/null/work"], 1, r"^2026-03-05: /dev/null/work/2026-03-05: Not a directory"),
        (["--configuration", "no.toml"], 1, r"no\.toml: No such file or directory"),
        (["--from", "2026-03-06", "--date", "2026-03-05"], 2, "2026-03-06 is after 2026-03-05"),
        (["--date", "0001-01-01"], 2, "0001-01-01 is before 1970 or after 8999"),
        (["--from", "9999-12-31"], 2, "9999-12-31 is before 1970 or after 8999"),
        (["--scheduler", "localhost:8082"], 2, "localhost:8082 does not begin with http:// or https://"),
        (["--date", "yesterday"], 2, "'yesterday' does not match the format"),
    ],
)
def test_mistakes_in_a_command_are_reported(
    arguments: list[str],
    code: int,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    given = ["--logs", "logs", "--models", "models", "--date", "2026-03-05", *arguments]
    monkeypatch.setattr("sys.argv", ["valuation-pipeline", "run", *given])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code
    assert re.search(told, capsys.readouterr().err)
