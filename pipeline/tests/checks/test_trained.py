# SPDX-License-Identifier: Apache-2.0
"""Generated logs through extraction, training, checks and publishing: faults are found, clean days are not flagged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from checks.trained_run import check_day, generated, train_day
from valuation_pipeline.checks import CheckOptions, Verdict
from valuation_pipeline.generated.options import GeneratorOptions
from valuation_pipeline.training.options import Strategy

pytestmark = pytest.mark.thorough

DAYS = 20
OPTIONS = GeneratorOptions(
    impressions=10_000 * DAYS,
    campaigns=12,
    days=DAYS,
    seed=5,
    click_rate=0.1,
    conversion_rate=0.2,
    candidate_share=0,
    predictions="noisy",
)
MORE_CLICKS = OPTIONS.model_copy(update={"click_rate": 0.2})
NEWEST = OPTIONS.dates[-1]
# c-5 is this log's biggest campaign, with one impression in four; c-0 has one in a hundred.


def _checked(folder: Path, *faults: str, options: GeneratorOptions = OPTIONS) -> list[Verdict]:
    log = generated(folder / "generated", options, faults)
    run = folder / str(NEWEST)
    train_day(log, run, NEWEST, DAYS, targets=["click"])
    return check_day(log, run)


def _flagged(verdicts: list[Verdict]) -> dict[tuple[str, str], str]:
    return {(v.check, v.subject): v.status for v in verdicts if v.status in ("failed", "warned")}


def test_clicks_of_the_day_missing(tmp_path: Path) -> None:
    assert _flagged(_checked(tmp_path, "clicks_missing"))["clicks", "day"] == "failed"


def test_conversions_stopped(tmp_path: Path) -> None:
    assert _flagged(_checked(tmp_path, "conversions_stopped"))["conversions", "day"] == "failed"


def test_a_missing_feature(tmp_path: Path) -> None:
    assert _flagged(_checked(tmp_path, "feature_gone=device"))["coverage", "device"] == "failed"


def test_a_vocabulary_that_changed(tmp_path: Path) -> None:
    found = _flagged(_checked(tmp_path, "vocabulary_moved"))
    assert {found["new_values", field] for field in ("site", "device")} == {"failed"}


def test_labels_of_a_campaign_swapped_on_the_newest_day(tmp_path: Path) -> None:
    found = _flagged(_checked(tmp_path, f"labels_swapped=c-0@{NEWEST}"))
    assert found["campaign_rates", "click c-0"] == "failed"
    assert found["campaign_calibration", "click c-0"] == "failed"


def test_labels_of_a_campaign_swapped_on_all_days(tmp_path: Path) -> None:
    assert _flagged(_checked(tmp_path, "labels_swapped=c-0"))["campaign_rates", "click c-0"] == "failed"


def test_a_campaign_over_predicted_by_30_percent_by_servers(tmp_path: Path) -> None:
    found = _flagged(_checked(tmp_path, "over_predicted=c-5", options=MORE_CLICKS))
    assert found["logged_campaign_calibration", "click c-5"] == "warned"


def test_models_that_over_predict_a_campaign_by_30_percent(tmp_path: Path) -> None:
    log = generated(tmp_path / "generated", MORE_CLICKS)
    run = tmp_path / str(NEWEST)
    train_day(log, run, NEWEST, DAYS, targets=["click"])
    assert ("engine_campaign_calibration", "click c-5") not in _flagged(check_day(log, run))
    lines = (run / "click" / "models.jsonl").read_text(encoding="utf-8").splitlines()
    documents = [json.loads(line) for line in lines]
    (shared,) = (document for document in documents if document["campaign"] == "*")
    shared["categorical"]["campaign"]["c-5"] = shared["categorical"]["campaign"].get("c-5", 0) + float(np.log(1.3))
    shared["self_test"] = []
    text = "".join(json.dumps(document) + "\n" for document in documents)
    (run / "click" / "models.jsonl").write_text(text, encoding="utf-8")
    assert ("engine_campaign_calibration", "click c-5") in _flagged(check_day(log, run))


@pytest.mark.parametrize("strategy", ["pooled", "corrections"])
def test_thirty_clean_days_are_flagged_no_more_often_than_stated(tmp_path: Path, strategy: Strategy) -> None:
    window, runs = 20, 30
    options = GeneratorOptions(
        impressions=4_000 * (window + runs - 1),
        campaigns=15,
        days=window + runs - 1,
        seed=3,
        click_rate=0.05,
        conversion_rate=0.15,
        candidate_share=0,
        predictions="noisy",
    )
    log = generated(tmp_path / "generated", options)
    failed = warned = 0
    for day in options.dates[window - 1 :]:
        run = tmp_path / "runs" / str(day)
        train_day(log, run, day, window, strategy=strategy)
        verdicts = check_day(log, run, tmp_path / "models")
        statuses = {verdict.status for verdict in verdicts if verdict.check not in ("drift", "moved", "entropy")}
        failed += "failed" in statuses
        warned += "warned" in statuses
        shutil.rmtree(run)
    print(f"{failed} held back and {warned} warned of {runs} clean days")
    assert failed <= stats.binom.ppf(0.999, runs, CheckOptions().false_alarm_rate)
    assert warned <= stats.binom.ppf(0.999, runs, CheckOptions().warning_rate)
