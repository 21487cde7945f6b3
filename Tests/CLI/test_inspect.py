# SPDX-License-Identifier: Apache-2.0
"""`valuation inspect`: what model files contain."""

import json
import re

import pytest

from .command import CLICK, run, run_in_terminal


def test_the_answer_in_a_pipe_has_totals_and_every_model(models):
    result = run("inspect", models)
    assert (result.status, result.errors) == (0, "")
    (answer,) = result.answers
    assert (answer["models"], answer["click_models"], answer["conversion_models"]) == (3, 2, 1)
    own = next(model for model in answer["list"] if (model["campaign"], model["target"]) == ("1042", "click"))
    assert own["intercept"] == CLICK["intercept"]
    assert own["training"]["rows"] == 81234


def test_the_table_has_a_row_for_each_model(models):
    result = run("inspect", "--format", "table", models)
    assert result.lines[0] == str(models)
    assert "3 models of" in result.output
    assert "2 click, 1 conversion" in result.output
    rows = sorted(line.split()[:4] for line in result.lines[6:])
    assert rows == [["*", "click", "–", "1"], ["1042", "click", "–", "6"], ["1042", "conversion", "–", "1"]]
    own = next(line for line in result.lines if line.startswith("1042  ") and "click" in line)
    assert own.split()[4:] == ["81,234", "512", "0.630%", "0.710", "0.0210", "2026-11-21T03:00:00Z"]


@pytest.mark.parametrize("columns", [45, 60, 80, 120])
def test_the_table_fits_the_terminal(models, columns):
    result = run_in_terminal("inspect", models, columns=columns, environment={"NO_COLOR": "1"})
    table = result.lines[4:]
    assert len(table) == 5
    assert max(len(line) for line in table) <= columns
    assert ("2026-11-21T03:00:00Z" in result.output) == (columns >= 120)


def test_one_campaign_is_shown_with_all_its_facts(models):
    result = run("inspect", "--format", "table", "--campaign", "1042", models)
    assert [line for line in result.lines if line.startswith("campaign")] == [
        "campaign 1042, click",
        "campaign 1042, conversion",
    ]
    facts = dict(line.strip().split("  ", 1) for line in result.lines if line.startswith("  "))
    assert facts["negative sampling rate"].strip() == "1"  # the conversion model's, which comes last
    assert facts["categorical weights"].strip() == "1"
    assert facts["base rate"].strip() == "0.630%"
    assert "campaign *" not in result.output


def test_one_campaign_as_json_lines_has_a_line_for_each_model(models):
    (everything,) = run("inspect", models).answers
    result = run("inspect", "--campaign", "1042", models)
    assert result.answers == [model for model in everything["list"] if model["campaign"] == "1042"]


def test_a_single_file_can_be_inspected(models):
    (answer,) = run("inspect", models / "default.jsonl").answers
    assert [model["campaign"] for model in answer["list"]] == ["*"]


def test_an_unknown_campaign_ends_with_1(models):
    result = run("inspect", "--campaign", "77", models)
    assert (result.status, result.output) == (1, "")
    assert "no model of campaign 77" in result.errors


def test_models_that_cannot_be_loaded_end_with_2(models):
    (models / "broken.json").write_text(json.dumps(CLICK | {"campaign": "7", "intercept": "high"}))
    result = run("inspect", models)
    assert (result.status, result.output) == (2, "")
    assert "broken.json" in result.errors
    assert "$.intercept" in result.errors
    assert "valuation validate" in result.errors


COUNTED = {"format": "valuation-campaign/1", "campaign": "3001", "advertiser": "a", "impressions": 1000, "clicks": 100}


def test_a_campaign_without_a_model_is_shown_with_its_predictor_and_its_counts(models):
    (models / "3001.jsonl").write_text(
        json.dumps(COUNTED) + "\n" + json.dumps(COUNTED | {"campaign": "3002", "clicks": 50}) + "\n"
    )
    result = run("inspect", "--format", "table", "--campaign", "3001", models)
    assert (result.status, result.errors) == (0, "")
    assert result.lines[0] == "campaign 3001, without a model"
    assert result.lines[1].startswith("clicks: valued by the model of campaign *, observed ")
    facts = [line.strip() for line in result.lines[2:5]]
    assert [re.split(r"  +", fact)[:2] for fact in facts[:2]] == [
        ["campaign", "100 of 1,000 impressions"],
        ["its advertiser's others", "50 of 1,000 impressions"],
    ]
    assert facts[2].endswith("which weighs as 1,000 impressions")
    assert result.lines[5].startswith("conversions: valued by nothing, observed ")
    (value,) = run("inspect", "--campaign", "3001", models).answers
    assert value["campaign"] == "3001"
    assert (value["observed"]["click"]["clicks"], value["observed"]["click"]["impressions"]) == (100, 1000)
    (models / "default.jsonl").unlink()
    alone = run("inspect", "--format", "table", "--campaign", "3001", models)
    assert alone.lines[1].startswith("clicks: valued by what was observed, observed ")
    assert run("inspect", "--campaign", "3003", models).status == 1
