# SPDX-License-Identifier: Apache-2.0
"""A run with missing or broken files is refused with the file and what to do."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from checks.made_run import FEATURES, NEWEST, MadeRun
from valuation_pipeline.checks import check_run, held_back, read_verdicts
from valuation_pipeline.checks.inputs import read_run
from valuation_pipeline.checks.options import CheckOptions
from valuation_pipeline.errors import PipelineError
from valuation_pipeline.features import FeatureSet


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return MadeRun(rows_a_day=100).write(tmp_path_factory.mktemp("run") / "run")


def _broken(written: Path, folder: Path, file: str, text: str | None) -> Path:
    """Return a copy of a run with another text in a file, or without the file."""
    shutil.copytree(written, folder)
    if text is None:
        (folder / file).unlink()
    else:
        (folder / file).write_text(text, encoding="utf-8")
    return folder


def test_a_run_is_read(written: Path) -> None:
    run = read_run(written)
    assert run.newest == NEWEST
    assert [target.target for target in run.targets] == ["click", "conversion"]
    assert len(run.documents) == 4
    click = run.targets[0].held_out
    assert len(click.outcomes) == 100
    assert click.days == 1
    assert click.sums(click.weights).sum() == 100


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("examples/examples.parquet", None, "valuation-pipeline extract"),
        ("examples/examples.parquet", "no parquet", "examples.parquet: no examples"),
        ("examples/counts.json", "{}", "counts.json: last_day: no date; extract"),
        ("examples/counts.json", '{"last_day": 3}', "counts.json: last_day: no date; extract"),
        ("click/models.jsonl", "{}\n{", r"models.jsonl, line 2: no JSON"),
        ("click/training.json", "{}", "training.json: campaigns"),
        (
            "click/training.json",
            '{"campaigns": [{"campaign": "a", "rows": 1, "positives": 2}]}',
            "training.json: campaigns",
        ),
        ("click/held_out.parquet", None, "held_out.parquet: not the predictions"),
        ("click/held_out.parquet", "PAR1", "held_out.parquet: not the predictions"),
    ],
)
def test_broken_inputs_are_named(written: Path, tmp_path: Path, file: str, text: str | None, message: str) -> None:
    with pytest.raises(PipelineError, match=message):
        read_run(_broken(written, tmp_path / "run", file, text))


def test_a_run_of_one_target_is_read(written: Path, tmp_path: Path) -> None:
    folder = _broken(written, tmp_path / "run", "conversion/models.jsonl", None)
    assert [target.target for target in read_run(folder).targets] == ["click"]


def test_a_run_without_models_is_refused(written: Path, tmp_path: Path) -> None:
    folder = _broken(written, tmp_path / "run", "conversion/models.jsonl", None)
    (folder / "click" / "models.jsonl").unlink()
    with pytest.raises(PipelineError, match="train first"):
        read_run(folder)


@pytest.mark.parametrize("text", ["", "{", '[{"check": "clicks"}]', '[{"status": "failed"}]'])
def test_broken_verdicts_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "verdicts.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PipelineError, match=r"verdicts\.json"):
        read_verdicts(file)


def test_an_unknown_status_is_refused(tmp_path: Path) -> None:
    row = {"check": "clicks", "subject": "day", "status": "fine", "value": None, "threshold": None, "reason": ""}
    (tmp_path / "verdicts.json").write_text(json.dumps([row]), encoding="utf-8")
    with pytest.raises(PipelineError, match="'fine'"):
        read_verdicts(tmp_path / "verdicts.json")


@pytest.mark.parametrize(("severity", "status"), [("fail", "failed"), ("warn", "warned")])
def test_a_newest_day_without_impressions_holds_the_release_back(
    written: Path, tmp_path: Path, severity: Literal["fail", "warn"], status: str
) -> None:
    run = shutil.copytree(written, tmp_path / "run")
    following = NEWEST + timedelta(days=1)
    (run / "examples" / "counts.json").write_text(json.dumps({"last_day": str(following)}), encoding="utf-8")
    options = CheckOptions(severity={"impressions": severity})
    verdicts = check_run(run, FeatureSet.from_value(FEATURES), options)
    (verdict,) = [verdict for verdict in verdicts if verdict.subject == str(following)]
    assert (verdict.check, verdict.status) == ("impressions", status)
    assert verdict.reason.startswith(f"{following} has no impression that can be used, and {NEWEST} is the last day")
    assert held_back(verdicts) == (severity == "fail")


def test_days_with_impressions_are_not_reported_as_empty(written: Path, tmp_path: Path) -> None:
    run = shutil.copytree(written, tmp_path / "run")
    (run / "examples" / "counts.json").write_text(json.dumps({"last_day": str(NEWEST)}), encoding="utf-8")
    assert read_run(run).last_day == read_run(run).newest == NEWEST
