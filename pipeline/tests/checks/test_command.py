# SPDX-License-Identifier: Apache-2.0
"""``valuation-pipeline check`` as a process: its output and exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from checks.made_run import MadeRun
from valuation_pipeline.command import main

FEATURES = """format = "valuation-features/1"
[category.campaign]
source = "campaign"
side = "ad"
[category.slot]
[number.age]
"""


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "features.toml").write_text(FEATURES, encoding="utf-8")
    command = [sys.executable, "-m", "valuation_pipeline.command", "check", str(folder / "run"), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_a_run_that_passes_exits_with_0_and_prints_a_table(tmp_path: Path) -> None:
    MadeRun().write(tmp_path / "run")
    done = _run(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Not held back: " in done.stdout
    assert "campaign_calibration" in done.stdout
    assert (tmp_path / "run" / "check" / "verdicts.json").is_file()


def _main(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command in this process, and return its exit status."""
    (folder / "features.toml").write_text(FEATURES, encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["valuation-pipeline", "check", "run", *arguments])
    with pytest.raises(SystemExit) as done:
        main()
    assert isinstance(done.value.code, int)
    return done.value.code


def test_a_run_that_is_held_back_exits_with_3_the_failed_first_in_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = MadeRun()
    run.columns["click"][run.newest()] = False
    run.columns["conversion"] &= run.columns["click"]
    run.write(tmp_path / "run")
    assert _main(tmp_path, monkeypatch, "--format", "json") == 3
    verdicts = json.loads(capsys.readouterr().out)
    assert verdicts[0]["status"] == "failed"
    assert {verdict["check"] for verdict in verdicts if verdict["status"] == "failed"} >= {"clicks"}


def test_the_configuration_says_what_a_check_may_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = MadeRun()
    run.columns["has_slot"][run.newest()] = False
    run.write(tmp_path / "run")
    (tmp_path / "pipeline.toml").write_text('[checks]\nseverity = { coverage = "warn" }\n', encoding="utf-8")
    code = _main(tmp_path, monkeypatch, "--configuration", "pipeline.toml", "--format", "json")
    assert code == 0
    assert ("coverage", "warned") in {(v["check"], v["status"]) for v in json.loads(capsys.readouterr().out)}


def test_a_wrong_option_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    MadeRun().write(tmp_path / "run")
    (tmp_path / "pipeline.toml").write_text("[checks]\nfalse_alarm_rates = 0.1\n", encoding="utf-8")
    code = _main(tmp_path, monkeypatch, "--configuration", "pipeline.toml")
    assert code == 1
    assert "pipeline.toml: [checks]: false_alarm_rates" in capsys.readouterr().err


def test_a_run_that_lacks_a_step_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run").mkdir()
    code = _main(tmp_path, monkeypatch)
    assert code == 1
    assert "examples.parquet: not there; make it with `valuation-pipeline extract`" in capsys.readouterr().err


def test_models_outside_a_release_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    MadeRun().write(tmp_path / "run")
    code = _main(tmp_path, monkeypatch, "--previous", str(tmp_path / "run"))
    assert code == 1
    assert "neither a directory of releases (no LATEST) nor a release (no manifest.json)" in capsys.readouterr().err
