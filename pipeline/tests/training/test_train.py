# SPDX-License-Identifier: Apache-2.0
"""Models of every strategy: the engine gives the trainer's probabilities, for any number of workers."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import valuation
from scipy.special import expit

from training.small_log import Log
from valuation_pipeline.errors import PipelineError
from valuation_pipeline.features import FeatureSet, of_rows
from valuation_pipeline.training.options import STRATEGIES, Strategy, Target, TrainingOptions
from valuation_pipeline.training.train import Trained, train

EASY = {"minimum_expected_positives": 1}
"""With this, small campaigns have models of their own, too."""
DEGENERATE = [
    "corrections",
    "separate",
    *(pytest.param(strategy, marks=pytest.mark.thorough) for strategy in ("pooled", "joint")),
]


def trained(log: Log, target: Target = "click", table: pa.Table | None = None, **told: Any) -> Trained:
    options = TrainingOptions.model_validate(EASY | told)
    return train(log.table if table is None else table, log.feature_set, options, target, log.as_of, workers=2)


def write(folder: Path, documents: list[dict[str, Any]]) -> Path:
    file = folder / "models.jsonl"
    file.write_text("".join(json.dumps(document) + "\n" for document in documents))
    return file


def by_the_engine(file: Path, table: pa.Table, feature_set: FeatureSet, target: Target) -> np.ndarray[Any, Any]:
    engine = valuation.Engine()
    engine.load(file)
    request, ad = of_rows(engine, table, feature_set)
    keys = engine.campaign_keys(table["campaign"].to_pylist())
    batch = valuation.Batch(request, valuation.Candidates(keys, "cpa", 1.0, ad))
    return np.asarray(engine.score_batch(batch)["pctr" if target == "click" else "pcvr"], np.float64)


@pytest.mark.parametrize("target", ["click", "conversion"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_engine_reproduces_every_model(log: Log, tmp_path: Path, strategy: Strategy, target: Target) -> None:
    result = trained(log, target, strategy=strategy)
    file = write(tmp_path, result.documents)
    assert valuation.validate(file) == []
    assert all(document["self_test"] for document in result.documents)
    scored = by_the_engine(file, log.table, log.feature_set, target)
    expected = expit(result.log_odds(log.table))
    modelled = [document["campaign"] for document in result.documents]
    rows = np.ones(len(scored), bool)
    if "*" not in modelled:
        rows = pc.is_in(log.table["campaign"], value_set=pa.array(modelled)).to_numpy()
    assert rows.sum() > 1000
    np.testing.assert_allclose(scored[rows], expected[rows], rtol=1e-6)


@pytest.mark.parametrize("strategy", ["corrections", "separate"])
def test_any_number_of_workers_gives_the_same_bytes(log: Log, strategy: Strategy) -> None:
    options = TrainingOptions.model_validate(EASY | {"strategy": strategy, "variances": True})
    one, three = (train(log.table, log.feature_set, options, "click", log.as_of, workers=workers) for workers in (1, 3))
    assert json.dumps(one.documents) == json.dumps(three.documents)
    assert json.dumps(one.campaigns) == json.dumps(three.campaigns)
    assert one.held_out.equals(three.held_out)


def test_corrections_extend_the_shared_model_and_say_why(log: Log) -> None:
    result = trained(log)
    assert result.documents[0]["campaign"] == "*"
    corrections = result.documents[1:]
    assert corrections
    assert all(document["extends"] == "*" and document["advertiser"] for document in corrections)
    assert [document["campaign"] for document in corrections] == sorted(d["campaign"] for d in corrections)
    for row in result.campaigns:
        corrected = row["campaign"] in {document["campaign"] for document in corrections}
        assert row["decision"].startswith("model of its own" if corrected else "shared model only")
        assert (row["penalty"] is not None) == corrected
    assert result.summary["held_out"]["ne"] <= result.summary["held_out"]["ne_shared"]


def test_the_figures_come_from_the_held_out_table(log: Log) -> None:
    result = trained(log)
    held = result.held_out
    assert held.num_rows == 500
    probabilities = held["probability"].to_numpy()
    outcomes = held["outcome"].to_numpy()
    figures = result.summary["held_out"]
    assert figures["rows"] == held.num_rows
    assert figures["positives"] == outcomes.sum()
    assert figures["sum_p"] == pytest.approx(probabilities.sum())
    rate = outcomes.mean()
    loss = -np.where(outcomes, np.log(probabilities), np.log1p(-probabilities)).mean()
    assert figures["ne"] == pytest.approx(loss / -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate)))
    by_campaign = {row["campaign"]: row["held_out"] for row in result.campaigns}
    for campaign in set(held["campaign"].to_pylist()):
        its = pc.equal(held["campaign"], campaign).to_numpy()
        assert by_campaign[campaign]["sum_p"] == pytest.approx(probabilities[its].sum())


def test_a_sampled_table_gives_models_of_the_whole_log(log: Log, tmp_path: Path) -> None:
    clicks = log.table["click"].to_numpy()
    kept = clicks | (np.arange(len(clicks)) % 4 == 0)
    rate = float((kept & ~clicks).sum() / (~clicks).sum())
    options = TrainingOptions.model_validate(EASY)
    result = train(log.table.filter(pa.array(kept)), log.feature_set, options, "click", log.as_of, rate)
    assert {document["negative_sampling_rate"] for document in result.documents} == {rate}
    assert result.documents[0]["training"]["rows"] == pytest.approx(len(clicks), abs=2)
    assert result.documents[0]["training"]["positives"] == clicks.sum()
    assert valuation.validate(write(tmp_path, result.documents)) == []
    predicted = expit(result.log_odds(log.table))
    # Rows left out of the sample are predicted a little too high; without the correction it would be more than twice as
    # much.
    assert predicted.sum() == pytest.approx(clicks.sum(), rel=0.1)
    held = result.summary["held_out"]
    assert held["rows"] == pytest.approx(500, rel=0.1)
    assert held["sum_p"] == pytest.approx(held["positives"], rel=0.5)


def test_one_day_gives_a_shared_model_and_no_figures(log: Log) -> None:
    day = log.table.filter(pc.equal(log.table["date"], pa.scalar(datetime(2026, 3, 24).date())))
    result = trained(log, table=day)
    assert [document["campaign"] for document in result.documents] == ["*"]
    assert result.held_out.num_rows == 0
    assert result.summary["held_out"] is None
    assert all(row["held_out"] is None for row in result.campaigns)
    assert {row["decision"] for row in result.campaigns} >= {
        "shared model only: no day was held back that could judge a model of its own"
    }
    alone = trained(log, table=day, strategy="separate")
    assert alone.documents
    assert all("no day was held back" in row["decision"] or "no model" in row["decision"] for row in alone.campaigns)


def with_clicks(log: Log, campaign: str, click: bool) -> pa.Table:
    its = pc.equal(log.table["campaign"], campaign)
    clicks = pc.if_else(its, click, log.table["click"])
    times = pc.if_else(its, log.table["time"], log.table["click_time"])
    place = log.table.schema.get_field_index
    table = log.table.set_column(place("click"), "click", clicks)
    return table.set_column(place("click_time"), "click_time", times)


def biggest(log: Log) -> str:
    counts = log.table["campaign"].value_counts().to_pylist()
    return str(max(counts, key=lambda count: count["counts"])["values"])


@pytest.mark.parametrize("click", [False, True])
@pytest.mark.parametrize("strategy", DEGENERATE)
def test_a_campaign_with_equal_outcomes_has_finite_models(
    log: Log, tmp_path: Path, strategy: Strategy, click: bool
) -> None:
    campaign = biggest(log)
    result = trained(log, table=with_clicks(log, campaign, click), strategy=strategy)
    assert valuation.validate(write(tmp_path, result.documents)) == []
    row = next(row for row in result.campaigns if row["campaign"] == campaign)
    assert row["held_out"]["ne"] is None
    assert row["held_out"]["auc"] is None
    if strategy == "separate":
        assert row["decision"].endswith("outcomes are alike")
        assert campaign not in {document["campaign"] for document in result.documents}


@pytest.mark.parametrize("strategy", DEGENERATE)
def test_a_campaign_of_one_row_is_valued_by_the_shared_model(log: Log, tmp_path: Path, strategy: Strategy) -> None:
    campaign = biggest(log)
    others = log.table.filter(pc.not_equal(log.table["campaign"], campaign))
    one = log.table.filter(pc.equal(log.table["campaign"], campaign)).slice(0, 1)
    table = pa.concat_tables([others, one]).combine_chunks()
    result = trained(log, table=table, strategy=strategy)
    assert valuation.validate(write(tmp_path, result.documents)) == []
    assert campaign not in {document["campaign"] for document in result.documents}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_equal_rows_predict_their_rate(log: Log, tmp_path: Path, strategy: Strategy) -> None:
    one = log.table.slice(100, 1)
    table = pa.concat_tables([one] * 400).combine_chunks()
    place = table.schema.get_field_index
    dates = np.datetime64("2026-03-15") + np.arange(400) // 40
    times = dates.astype("datetime64[us]") + np.arange(400) % 40
    clicked = np.arange(400) % 10 == 0
    table = table.set_column(place("date"), "date", pa.array(dates))
    table = table.set_column(place("time"), "time", pa.array(times))
    table = table.set_column(place("click"), "click", pa.array(clicked))
    table = table.set_column(place("click_time"), "click_time", pa.array(times, mask=~clicked))
    result = trained(log, table=table, strategy=strategy)
    assert valuation.validate(write(tmp_path, result.documents)) == []
    np.testing.assert_allclose(expit(result.log_odds(table)), 0.1, rtol=1e-3)


def test_without_a_row_or_a_positive_the_message_says_so(log: Log) -> None:
    with pytest.raises(PipelineError, match="click models: there are no impressions to train on"):
        trained(log, table=log.table.slice(0, 0))
    never = log.table.filter(pc.invert(log.table["click"]))
    with pytest.raises(PipelineError, match="conversion models: there are no clicks to train on"):
        trained(log, "conversion", table=never)
    with pytest.raises(
        PipelineError, match=r"click models: 0 positives among .* rows .*; both positives and negatives"
    ):
        trained(log, table=never)


def test_features_without_the_campaign_are_refused(log: Log) -> None:
    value = log.feature_set.model_dump(exclude_none=True)
    del value["category"]["campaign"]
    lacking = FeatureSet.from_value(value)
    with pytest.raises(
        PipelineError, match=r"features.toml: the shared model needs the campaign .*\[category.campaign\]"
    ):
        train(log.table, lacking, TrainingOptions(), "click", log.as_of)
    assert train(log.table, lacking, TrainingOptions(strategy="separate"), "click", log.as_of).documents
