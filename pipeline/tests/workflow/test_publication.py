# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import valuation

from valuation_pipeline.errors import HeldBackError, PipelineError
from valuation_pipeline.workflow.inputs import Inputs
from valuation_pipeline.workflow.publication import DatedRelease, previous_release, publish, release_of

DAY = date(2026, 11, 29)
MODEL = {
    "format": "valuation-model/1",
    "campaign": "*",
    "kind": "logistic",
    "target": "click",
    "version": "2026-11-29",
    "intercept": -4.0,
    "negative_sampling_rate": 1.0,
    "categorical": {},
    "numeric": {},
}
KNOWN = Inputs({"log": "1", "features": "2"})
OTHER = Inputs({"log": "1", "features": "3"})


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    folder = tmp_path / "batch"
    folder.mkdir()
    (folder / "click.jsonl").write_text(json.dumps(MODEL) + "\n")
    return folder


def lineage(inputs: Inputs) -> dict[str, str]:
    document = {"inputs": {"sha256": inputs.sha256, **inputs.parts}}
    return {"lineage.json": json.dumps(document), "pipeline.toml": "# all of it\n"}


def latest(models: Path) -> str:
    return (models / "LATEST").read_text().strip()


def test_a_day_is_published_under_its_date_with_its_lineage_beside_it(tmp_path: Path, batch: Path) -> None:
    models = tmp_path / "models"
    assert release_of(models, DAY, KNOWN, again=False) == ("2026-11-29", False)
    assert publish(batch, models, "2026-11-29", lineage(KNOWN))
    assert latest(models) == "2026-11-29"
    for name, text in lineage(KNOWN).items():
        assert (models / "releases/2026-11-29" / name).read_text() == text
    with valuation.Engine() as engine:
        engine.load(models)
    assert [release["problem"] for release in valuation.list_releases(models)] == [None]
    assert release_of(models, DAY, KNOWN, again=False) == ("2026-11-29", True)


def test_a_published_day_with_other_inputs_is_refused_or_published_beside_it(tmp_path: Path, batch: Path) -> None:
    models = tmp_path / "models"
    publish(batch, models, "2026-11-29", lineage(KNOWN))
    with pytest.raises(
        PipelineError, match=r"2026-11-29 is published already.*changed: features.*2026-11-29-2.*--again"
    ):
        release_of(models, DAY, OTHER, again=False)
    assert release_of(models, DAY, OTHER, again=True) == ("2026-11-29-2", False)
    publish(batch, models, "2026-11-29-2", lineage(OTHER))
    assert latest(models) == "2026-11-29-2"
    assert release_of(models, DAY, OTHER, again=True) == ("2026-11-29-2", True)


@pytest.mark.parametrize("was_named", [True, False])
def test_a_run_that_was_killed_while_publishing_is_completed(tmp_path: Path, batch: Path, was_named: bool) -> None:
    models = tmp_path / "models"
    publish(batch, models, "2026-11-28", lineage(KNOWN))
    valuation.publish(batch, models, id="2026-11-29", keep_latest=not was_named)
    assert release_of(models, DAY, KNOWN, again=False) == ("2026-11-29", False)
    assert publish(batch, models, "2026-11-29", lineage(KNOWN))
    assert latest(models) == "2026-11-29"
    assert release_of(models, DAY, KNOWN, again=False) == ("2026-11-29", True)


def test_a_foreign_release_with_that_id_is_left_alone(tmp_path: Path, batch: Path) -> None:
    models = tmp_path / "models"
    valuation.publish(batch, models, id="2026-11-29")
    (batch / "click.jsonl").write_text(json.dumps(MODEL | {"intercept": -5.0}) + "\n")
    with pytest.raises(PipelineError, match="of other models than this run's"):
        publish(batch, models, "2026-11-29", lineage(KNOWN))
    assert not (models / "releases/2026-11-29/lineage.json").exists()


def test_a_backfilled_day_does_not_replace_a_later_release(tmp_path: Path, batch: Path) -> None:
    models = tmp_path / "models"
    publish(batch, models, "2026-11-29", lineage(KNOWN))
    assert not publish(batch, models, "2026-11-27", lineage(KNOWN))
    assert latest(models) == "2026-11-29"
    assert previous_release(models, date(2026, 11, 29)) == "2026-11-27"
    assert previous_release(models, date(2026, 11, 27)) is None


def test_models_that_the_engine_refuses_are_held_back_and_leave_nothing(tmp_path: Path, batch: Path) -> None:
    models = tmp_path / "models"
    publish(batch, models, "2026-11-28", lineage(KNOWN))
    test = {"features": {}, "probability": 0.5}
    (batch / "click.jsonl").write_text(json.dumps(MODEL | {"self_test": [test]}) + "\n")
    with pytest.raises(HeldBackError, match=r"the engine refuses the models: .*click\.jsonl"):
        publish(batch, models, "2026-11-29", lineage(KNOWN))
    assert latest(models) == "2026-11-28"
    assert [path.name for path in (models / "releases").iterdir()] == ["2026-11-28"]


def test_ids_of_days_are_recognised_and_sort_by_day_and_number() -> None:
    ids = ["2026-11-29-10", "2026-11-29-2", "2026-11-29", "2026-11-28-3"]
    parsed = [release for text in ids if (release := DatedRelease.parse(text))]
    assert [str(release) for release in sorted(parsed)] == list(reversed(ids))
    for text in ("first", "2026-13-01", "2026-11-29T030000Z", "2026-11-29-0", ""):
        assert DatedRelease.parse(text) is None


@pytest.mark.parametrize("content", ["", "{", "[1]", "{}", '{"inputs": 1}', '{"inputs": {}}'])
def test_a_lineage_that_is_damaged_is_named_and_can_be_removed(tmp_path: Path, batch: Path, content: str) -> None:
    models = tmp_path / "models"
    publish(batch, models, str(DAY), lineage(KNOWN))
    file = models / "releases" / str(DAY) / "lineage.json"
    file.write_text(content)
    with pytest.raises(PipelineError, match=r"lineage\.json: does not say what .*; remove it, and run again"):
        release_of(models, DAY, KNOWN, again=False)
    file.unlink()
    assert release_of(models, DAY, KNOWN, again=False) == (str(DAY), False)
    assert publish(batch, models, str(DAY), lineage(KNOWN))
    assert release_of(models, DAY, KNOWN, again=False) == (str(DAY), True)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"2026-13-40\n", b"2026-11-01\n"])
def test_a_day_is_published_over_a_latest_that_names_no_release(tmp_path: Path, batch: Path, content: bytes) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (models / "LATEST").write_bytes(content)
    assert publish(batch, models, str(DAY), lineage(KNOWN))
    assert latest(models) == str(DAY)
