# SPDX-License-Identifier: Apache-2.0
"""Each fault is found by its own check, with a reason that names it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import valuation
from scipy.special import expit, logit

from checks.made_run import CAMPAIGNS, CLICK, DAYS, FEATURES, MadeRun
from valuation_pipeline.checks import CheckOptions, Verdict, check_run, held_back, read_verdicts
from valuation_pipeline.features import FeatureSet


def failed(verdicts: list[Verdict]) -> set[tuple[str, str]]:
    return {(verdict.check, verdict.subject) for verdict in verdicts if verdict.status == "failed"}


def flagged(verdicts: list[Verdict], check: str) -> list[Verdict]:
    return [verdict for verdict in verdicts if verdict.check == check and verdict.status in ("failed", "warned")]


def test_a_run_without_a_fault_passes_and_leaves_models_to_publish(tmp_path: Path) -> None:
    run = MadeRun()
    run.publish(tmp_path / "batch", tmp_path / "models", "earlier")
    verdicts = run.check(tmp_path / "run", previous=tmp_path / "models")
    assert not [verdict for verdict in verdicts if verdict.status in ("failed", "warned")]
    assert not held_back(verdicts)
    assert read_verdicts(tmp_path / "run" / "check" / "verdicts.json") == verdicts
    with valuation.Engine() as engine:
        engine.load(tmp_path / "run" / "check" / "models")
    replay = next(verdict for verdict in verdicts if verdict.check == "replay")
    assert replay.status == "passed"
    assert "All 1,500 predictions" in replay.reason


def test_clicks_of_the_day_missing(tmp_path: Path) -> None:
    run = MadeRun()
    run.columns["click"][run.newest()] = False
    run.columns["conversion"] &= run.columns["click"]
    verdicts = run.check(tmp_path)
    assert ("clicks", "day") in failed(verdicts)
    reason = flagged(verdicts, "clicks")[0].reason
    assert "2026-03-16 has 0 clicks" in reason
    assert "delivered again" in reason


def test_impressions_of_some_hours_missing(tmp_path: Path) -> None:
    run = MadeRun()
    hour = run.columns["time"].astype("M8[h]").astype(int) % 24
    kept = ~(run.newest() & (hour >= 3) & (hour < 6))
    run.columns = {name: column[kept] for name, column in run.columns.items()}
    assert ("impressions", "hours") in failed(run.check(tmp_path))


def test_conversions_stopped(tmp_path: Path) -> None:
    run = MadeRun()
    stopped = run.columns["conversion_time"] >= np.datetime64("2026-03-16", "us")
    run.columns["conversion"] &= ~stopped
    verdicts = run.check(tmp_path)
    assert ("conversions", "day") in failed(verdicts)
    assert "2026-03-16 has 0 conversions" in flagged(verdicts, "conversions")[0].reason


def test_a_missing_feature(tmp_path: Path) -> None:
    run = MadeRun()
    run.columns["has_slot"][run.newest()] = False
    verdicts = run.check(tmp_path)
    assert ("coverage", "slot") in failed(verdicts)
    assert "Field slot is in 0 %" in flagged(verdicts, "coverage")[0].reason


def test_a_feature_whose_values_are_written_in_another_way(tmp_path: Path) -> None:
    run = MadeRun()
    run.columns["slot"] = np.where(run.newest(), run.columns["slot"] + 100, run.columns["slot"])
    verdicts = run.check(tmp_path)
    assert ("new_values", "slot") in failed(verdicts)
    assert [verdict.subject for verdict in flagged(verdicts, "drift")] == ["slot"]


def test_drift_warns(tmp_path: Path) -> None:
    run = MadeRun()
    rng = np.random.default_rng(3)
    newest = run.newest()
    run.columns["age"][newest] = np.round(rng.normal(46, 10, newest.sum()), 1)
    verdicts = run.check(tmp_path)
    assert [(verdict.subject, verdict.status) for verdict in flagged(verdicts, "drift")] == [("age", "warned")]


def test_labels_of_a_campaign_swapped_on_the_newest_day(tmp_path: Path) -> None:
    run = MadeRun(rows_a_day=3_000)
    run.columns["click"] ^= run.newest(campaign=0)
    verdicts = run.check(tmp_path)
    checks = {"campaign_rates", "campaign_calibration", "ranking"}
    assert {(check, "click c-0") for check in checks} <= failed(verdicts)
    assert "labels were swapped" in flagged(verdicts, "ranking")[0].reason


def test_labels_of_a_campaign_swapped_on_all_days(tmp_path: Path) -> None:
    """The models have learnt the swapped labels, so only the rate gives them away."""
    run = MadeRun()
    swapped = run.columns["campaign"] == 3
    run.columns["click"] ^= swapped
    run.columns["pctr"] = np.where(swapped, 1 - run.columns["pctr"], run.columns["pctr"])
    run.documents["click"].append(
        {
            **run.documents["click"][0],
            "campaign": "c-3",
            "intercept": -run.documents["click"][0]["intercept"] - CAMPAIGNS[3],
            "categorical": {
                "slot": {slot: -weight for slot, weight in run.documents["click"][0]["categorical"]["slot"].items()}
            },
            "numeric": {"age": {"mean": 40.0, "std": 10.0, "weight": -0.2}},
            "training": {"rows": 4000, "positives": 3700},
            "self_test": [],
        }
    )
    verdicts = run.check(tmp_path)
    assert failed(verdicts) == {("campaign_rates", "click c-3")}
    assert "may be swapped" in flagged(verdicts, "campaign_rates")[0].reason


def test_a_sampling_correction_that_is_missing(tmp_path: Path) -> None:
    run = MadeRun()
    for document in run.documents["click"]:
        document["intercept"] += np.log(20) * (document["campaign"] == "*")
        document["self_test"] = []
    verdicts = run.check(tmp_path)
    assert ("engine_calibration", "click") in failed(verdicts)
    assert "sampling correction" in flagged(verdicts, "intercept")[0].reason


def test_logged_predictions_that_are_off_warn(tmp_path: Path) -> None:
    run = MadeRun()
    run.columns["held_click"] = run.columns["pctr"]
    run.columns["pctr"] = np.minimum(1, 1.5 * run.columns["pctr"])
    verdicts = run.check(tmp_path)
    assert ("logged_calibration", "warned") in {(verdict.check, verdict.status) for verdict in verdicts}
    assert not failed(verdicts)


def test_a_model_that_the_engine_refuses(tmp_path: Path) -> None:
    run = MadeRun()
    run.documents["click"][0]["self_test"] = [{"features": {}, "probability": 0.5}]
    verdicts = run.check(tmp_path)
    assert ("models", "engine") in failed(verdicts)
    assert "0.5" in flagged(verdicts, "models")[0].reason


def test_models_that_over_predict_a_campaign_twofold(tmp_path: Path) -> None:
    run = MadeRun(rows_a_day=3_000)
    run.documents["click"][1]["intercept"] += np.log(2)
    run.documents["click"][1]["self_test"] = []
    verdicts = run.check(tmp_path)
    assert [verdict.subject for verdict in flagged(verdicts, "engine_campaign_calibration")] == ["click c-0"]


def test_a_campaign_whose_model_is_worse_than_a_constant_gets_the_constant(tmp_path: Path) -> None:
    run = MadeRun(rows_a_day=3_000)
    reversed_effects = expit(2 * (CLICK + CAMPAIGNS[3]) - logit(run.columns["pctr"]))
    run.columns["held_click"] = np.where(run.columns["campaign"] == 3, reversed_effects, run.columns["pctr"])
    verdicts = run.check(tmp_path)
    (found,) = (verdict for verdict in flagged(verdicts, "entropy"))
    assert (found.subject, found.status) == ("click c-3", "warned")
    lines = (tmp_path / "check" / "models" / "click.jsonl").read_text(encoding="utf-8").splitlines()
    by_campaign = {document["campaign"]: document for document in map(json.loads, lines)}
    rate = run.columns["click"][run.columns["campaign"] == 3].mean()
    assert expit(by_campaign["c-3"]["intercept"]) == pytest.approx(rate, rel=0.1)
    assert [by_campaign[campaign] for campaign in ("*", "c-0")] == run.documents["click"]


def test_constants_are_published_if_they_are_hard_to_beat(tmp_path: Path) -> None:
    run = MadeRun()
    rng = np.random.default_rng(5)
    run.columns["held_click"] = expit(logit(run.columns["pctr"]) + rng.normal(size=len(run.columns["pctr"])))
    verdicts = run.check(tmp_path)
    entropy = next(verdict for verdict in verdicts if verdict.check == "entropy" and verdict.subject == "click")
    assert entropy.status == "warned"
    assert "hard to beat" in entropy.reason
    lines = (tmp_path / "check" / "models" / "click.jsonl").read_text(encoding="utf-8").splitlines()
    documents = [json.loads(line) for line in lines]
    assert {document["campaign"] for document in documents} == {"*", *(f"c-{code}" for code in range(len(CAMPAIGNS)))}
    assert not any(document["categorical"] for document in documents)


def test_a_campaign_that_lost_its_model_since_the_last_release(tmp_path: Path) -> None:
    run = MadeRun()
    shared = run.documents["click"][0]
    run.documents["click"] = [{**shared, "campaign": f"c-{code}"} for code in range(len(CAMPAIGNS))]
    run.publish(tmp_path / "batch", tmp_path / "models", "earlier")
    del run.documents["click"][0]
    verdicts = run.check(tmp_path / "run", previous=tmp_path / "models")
    assert ("campaigns_lost", "click") in failed(verdicts)
    reason = flagged(verdicts, "campaigns_lost")[0].reason
    assert "(c-0); their observed rates value them" in reason


def test_a_warning_follows_if_most_corrections_give_way_to_the_shared_model(tmp_path: Path) -> None:
    run = MadeRun()
    shared, correction = run.documents["click"]
    weights = {"slot": {"1": 0.2}}
    corrections = [
        {**correction, "campaign": f"c-{code}", "categorical": weights, "self_test": []} for code in range(3)
    ]
    run.documents["click"] = [shared, *corrections]
    run.publish(tmp_path / "batch", tmp_path / "models", "earlier")
    del run.documents["click"][1]
    verdicts = run.check(tmp_path / "run", previous=tmp_path / "models")
    assert not flagged(verdicts, "campaigns_lost")
    del run.documents["click"][1:]
    verdicts = run.check(tmp_path / "again", previous=tmp_path / "models")
    (found,) = flagged(verdicts, "campaigns_lost")
    assert found.status == "warned"
    assert "(c-0, c-1, c-2); the shared one values them" in found.reason


def test_constants_that_give_way_to_the_shared_model_do_not_count_as_lost(tmp_path: Path) -> None:
    run = MadeRun()
    shared, constant = run.documents["click"]
    del constant["extends"]
    constant["intercept"] = shared["intercept"]
    run.publish(tmp_path / "batch", tmp_path / "models", "earlier")
    run.documents["click"] = [shared]
    verdicts = run.check(tmp_path / "run", previous=tmp_path / "models")
    assert not flagged(verdicts, "campaigns_lost")


def test_a_campaign_that_is_no_longer_shown_warns(tmp_path: Path) -> None:
    run = MadeRun()
    run.publish(tmp_path / "batch", tmp_path / "models", "earlier")
    run.columns["campaign"][run.newest(campaign=3)] = 4
    run.columns["held_click"] = run.columns["pctr"]
    verdicts = run.check(tmp_path / "run", previous=tmp_path / "models")
    (found,) = flagged(verdicts, "campaigns_lost")
    assert (found.subject, found.status) == ("log", "warned")
    assert "(c-3)" in found.reason


def test_values_that_moved_warn_in_money(tmp_path: Path) -> None:
    run = MadeRun()
    documents = run.documents["click"]
    intercept = documents[0]["intercept"]
    documents[0]["intercept"], documents[0]["self_test"], documents[1]["self_test"] = intercept - 0.7, [], []
    run.publish(tmp_path / "batch", tmp_path / "models", "earlier")
    documents[0]["intercept"] = intercept
    run.columns["release"] = np.full(len(run.columns["day"]), "another")
    verdicts = run.check(tmp_path / "run", previous=tmp_path / "models")
    moved = flagged(verdicts, "moved")
    assert moved[0].subject == "revenue"
    assert moved[0].status == "warned"
    assert moved[0].value is not None
    assert 0.7 < moved[0].value < 1.1
    weights = next(verdict for verdict in verdicts if verdict.subject == "weights")
    assert "constant -4.252 → -3.552" in weights.reason


def test_logged_predictions_that_a_replay_does_not_reproduce(tmp_path: Path) -> None:
    run = MadeRun()
    run.publish(tmp_path / "batch", tmp_path / "models", "earlier")
    some = run.newest(campaign=2)
    run.columns["held_click"] = run.columns["pctr"].copy()
    run.columns["pctr"][some] *= 1.001
    verdicts = run.check(tmp_path / "run", previous=tmp_path / "models")
    (found,) = flagged(verdicts, "replay")
    assert found.status == "failed"
    assert found.value == pytest.approx(some.sum() / run.newest().sum())
    assert "of campaign c-2: logged pctr" in found.reason


def test_more_rows_set_aside_than_before(tmp_path: Path) -> None:
    run = MadeRun()
    folder = run.write(tmp_path / "run") / "examples"
    rows = [
        ("clicks", f"clicks/date=2026-03-{day:02d}/part.parquet", "duplicate") for day in range(1, 17) for _ in range(3)
    ]
    rows += [("clicks", "clicks/part.parquet", "no_id")] * 100
    table, file, reason = zip(*rows, strict=True)
    record = [json.dumps({"time": "2026-03-16T12:00:00"})] * len(rows)
    columns = {"table": table, "file": file, "row": range(len(rows)), "reason": reason, "record": record}
    aside = pa.table({name: pa.array(list(values)) for name, values in columns.items()})
    pq.write_table(aside, folder / "set_aside.parquet")
    verdicts = check_run(tmp_path / "run", FeatureSet.from_value(FEATURES), CheckOptions())
    assert {verdict for verdict in failed(verdicts) if verdict[0] == "set_aside"} == {("set_aside", "clicks: no_id")}


def test_a_check_may_be_told_to_warn_or_be_off(tmp_path: Path) -> None:
    run = MadeRun()
    run.columns["click"][run.newest()] = False
    run.columns["conversion"] &= run.columns["click"]
    options = CheckOptions(severity={"clicks": "warn", "campaign_rates": "off"})
    verdicts = run.check(tmp_path, options)
    assert {verdict.status for verdict in verdicts if verdict.check == "clicks"} <= {"warned", "passed", "skipped"}
    assert "campaign_rates" not in {verdict.check for verdict in verdicts}


def test_too_few_days_are_reported(tmp_path: Path) -> None:
    run = MadeRun()
    kept = run.columns["day"] >= DAYS - 2
    run.columns = {name: column[kept] for name, column in run.columns.items()}
    verdicts = run.check(tmp_path)
    skipped = {verdict.check for verdict in verdicts if verdict.status == "skipped"}
    assert {"impressions", "clicks", "conversions", "coverage", "drift", "campaigns_lost", "replay"} <= skipped
