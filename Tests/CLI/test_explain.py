# SPDX-License-Identifier: Apache-2.0
"""`valuation explain`: which features move an ad's value."""

import json
import math

import pytest

from .command import CONVERSION, PCTR_OF_CREATIVE_55, PCVR, REQUEST, request_line, run, run_in_terminal
from .policies import CONTROL, FLAT, PLAIN, user_of, write_policy
from .releases import write_models


def explain(models, *arguments, **options):
    return run("explain", "--models", models, *arguments, **options)


def bars(models, *arguments, **options):
    return explain(models, "--format", "bars", *arguments, **options)


def test_an_indented_request_is_explained(models, directory):
    result = explain(models, directory / "request.json")
    assert (result.status, result.errors) == (0, "")
    (answer,) = result.answers
    assert [value["ad"] for value in answer["values"]] == ["7", "8", "9", "10"]


def test_the_terms_add_up_to_the_logit(models, directory):
    (answer,) = explain(models, directory / "request.json").answers
    explanations = [value["click"] for value in answer["values"]]
    explanations += [value["conversion"] for value in answer["values"] if value["conversion"]]
    assert len(explanations) == 5
    for explanation in explanations:
        assert sum(term["logit"] for term in explanation["terms"]) == pytest.approx(explanation["logit"], abs=1e-6)
        assert 1 / (1 + math.exp(-explanation["logit"])) == pytest.approx(explanation["probability"], rel=1e-5)


def test_explanations_have_the_values_of_score(models, directory):
    explained = explain(models, directory / "request.json").answers[0]["values"]
    scored = run("score", "--models", models, given=request_line()).answers[0]["values"]
    assert [{name: value[name] for name in scored[0]} for value in explained] == scored


def test_ignored_features_are_named_above_the_bars(models):
    features = {"slto": "12", "os": "beos", "days_since_visit": "many"}
    lines = bars(models, "--ad", "9", given=request_line(features=features)).lines
    assert [line for line in lines if " of the " in line] == [
        "unknown_field: slto of the request; did you mean slot?",
        "wrong_type: days_since_visit of the request",
        "unknown_feature: os=beos of the request",
    ]
    lines = bars(models, "--ad", "9", "--terms", "1", given=request_line(features=features)).lines
    assert "and 2 more that do not count" in lines


def test_several_requests_may_follow_one_another(models, directory):
    given = json.dumps(REQUEST | {"id": "a"}, indent=4) + "\n\n" + request_line("b") + request_line("c")
    assert [answer["id"] for answer in explain(models, given=given).answers] == ["a", "b", "c"]


def test_a_bad_request_is_placed_in_its_file_and_the_others_explained(models, directory):
    requests = directory / "mixed.json"
    bad = '{\n  "features": {\n    "slot": 12 13\n  }\n}\n'
    requests.write_text(json.dumps(REQUEST | {"id": "a"}, indent=2) + "\n" + bad + request_line("b"))
    line = len(json.dumps(REQUEST | {"id": "a"}, indent=2).splitlines()) + 3
    result = explain(models, requests)
    assert result.status == 1
    assert [answer["id"] for answer in result.answers] == ["a", "b"]
    assert result.errors.startswith(f"{requests}:{line}:16: ")
    assert result.errors.splitlines()[-1] == "valuation: 2 requests answered, 1 bad"


def test_one_ad_can_be_chosen(models, directory):
    (answer,) = explain(models, "--ad", "9", directory / "request.json").answers
    (everything,) = explain(models, directory / "request.json").answers
    assert answer == everything | {"values": [everything["values"][2]]}


def test_several_ads_can_be_chosen_best_first(models, directory):
    (answer,) = explain(models, "--ad", "8", "--ad", "9", "--ad", "7", "--top", "2", directory / "request.json").answers
    assert [value["ad"] for value in answer["values"]] == ["9", "8"]


def test_the_chosen_values_are_copied_from_the_librarys_answer(models, directory):
    all_of_them = explain(models, directory / "request.json").output
    chosen = explain(models, "--ad", "9", directory / "request.json").output
    value = chosen[chosen.index("[") + 1 : chosen.rindex("]")]
    assert value in all_of_them


def test_odd_ids_do_not_confuse_the_choice(models):
    odd = ['"]},{[', "\\", '\\"values":[', '"values":[{}', "☃"]
    ads = [{"ad": ad, "campaign": "1042", "pricing": "cpc", "bid": 1} for ad in odd]
    for ad in odd:
        (answer,) = explain(models, f"--ad={ad}", given=request_line(odd[3], candidates=ads)).answers
        assert answer["id"] == odd[3]
        assert [value["ad"] for value in answer["values"]] == [ad]


def test_an_unknown_ad_is_reported_with_the_known_ones(models, directory):
    result = explain(models, "--ad", "77", directory / "request.json")
    assert (result.status, result.output) == (1, "")
    assert "no ad 77 in this request; it has: 9, 8, 7, 10" in result.errors


def test_bars_show_the_best_ad_with_its_formula(models, directory):
    lines = bars(models, directory / "request.json").lines
    assert lines[0] == "ad 9, campaign 1042  imp-1, rank 1 of 4"
    value = 35 * PCTR_OF_CREATIVE_55 * PCVR
    assert lines[1].startswith(f"CPA: expected revenue {value:.3f}"[:-1])
    assert lines[2].startswith("= bid 35.00 × pCTR")
    assert any(line.startswith("click: pCTR") for line in lines)
    assert any(line.startswith("conversion: pCVR") for line in lines)


def drawn(result):
    """The terms with bars, by section: label, logit and the bar's two halves, negative to the left."""
    sections, section = {}, None
    for line in result.lines:
        if line.startswith(("click:", "conversion:")):
            section = sections.setdefault(line.split(":")[0], [])
        elif "│" in line:
            before, after = line.split("│")
            halves = 2 * after.count("█") + after.count("▌") - 2 * before.count("█") - before.count("▐")
            label, _, logit = before.replace("█", " ").replace("▐", " ").rsplit(None, 2)
            section.append((label.strip(), float(logit), halves))
    return sections


def test_bars_point_in_the_effects_direction_and_the_longest_comes_first(models, directory):
    click = drawn(bars(models, directory / "request.json"))["click"]
    assert [(label, logit) for label, logit, _ in click] == [
        ("slot=12 × creative=55", 1.0),
        ("creative=55", -0.75),
        ("slot=12", 0.5),
        ("days_since_visit=5", 0.25),
        ("os=ios", 0.125),
    ]
    scale = click[0][2] / click[0][1]
    for _, logit, halves in click:
        assert halves == pytest.approx(logit * scale, abs=1)
        assert (halves > 0) == (logit > 0)


def test_intercept_and_sampling_are_listed_without_a_bar(models, directory):
    lines = bars(models, directory / "request.json").lines
    (sampling,) = [line for line in lines if line.startswith("negative sampling")]
    assert sampling.split()[-1] == "-0.693"
    assert len([line for line in lines if line.startswith("intercept")]) == 2


def test_the_number_of_bars_can_be_limited(models, directory):
    result = bars(models, "--terms", "2", directory / "request.json")
    assert len(drawn(result)["click"]) == 2
    assert "and 3 weaker terms, together +0.875" in result.output
    assert len(drawn(bars(models, "--terms", "0", directory / "request.json"))["click"]) == 5


def test_bars_can_be_drawn_for_every_ad(models, directory):
    result = bars(models, "--top", "4", directory / "request.json")
    assert [line.split(",")[0] for line in result.lines if line.startswith("ad ")] == ["ad 9", "ad 8", "ad 7", "ad 10"]


def test_a_terminal_gets_bars_and_a_pipe_json_lines(models, directory):
    assert explain(models, directory / "request.json").answers
    assert "█" in run_in_terminal("explain", "--models", models, directory / "request.json").output


@pytest.mark.parametrize("columns", [40, 60, 80, 120, 200])
def test_bars_fit_the_terminal(models, directory, columns):
    result = run_in_terminal(
        "explain", "--models", models, directory / "request.json", columns=columns, environment={"NO_COLOR": "1"}
    )
    rows = [line for line in result.lines if "│" in line]
    assert len(rows) == 6
    assert max(len(row) for row in rows) <= columns
    assert all("█" in row or "▌" in row or "▐" in row for row in rows)


def test_an_ad_without_a_model_of_its_own_is_explained_by_the_default(models, directory):
    result = bars(models, "--ad", "10", directory / "request.json")
    assert result.status == 0
    assert "unknown_campaign" in result.output
    assert [label for label, _, _ in drawn(result)["click"]] == ["slot=12"]


def test_under_a_policy_the_terms_are_those_of_the_predictors_model(models, policy):
    given = request_line(unit={"user": user_of(CONTROL)})
    lines = bars(models, "--policy", policy, "--ad", "9", given=given).lines
    assert lines[2].endswith(", then adjusted")
    assert lines[3] == "predictor production, experiment cheaper=control"
    assert any(line.startswith("slot=12 × creative=55") for line in lines)


def test_a_predictor_without_a_model_has_no_terms(models, policy):
    given = request_line(unit={"user": user_of(FLAT)})
    lines = bars(models, "--policy", policy, "--ad", "9", given=given).lines
    assert "click: pCTR 0.100%, without terms (predictor house)" in lines
    assert "conversion: pCVR 5.00%, without terms (predictor house)" in lines
    (value,) = explain(models, "--policy", policy, "--ad", "9", given=given).answers[0]["values"]
    assert (value["predictor"], value["click"], value["conversion"]) == ("house", None, None)


def test_an_observed_rate_is_shown_with_its_parts(directory):
    models = write_models(directory / "counted", CONVERSION)
    counted = {"format": "valuation-campaign/1", "campaign": "3001", "advertiser": "a", "impressions": 1000}
    (models / "counted.json").write_text(json.dumps(counted | {"clicks": 100, "conversions": 20}))
    given = request_line(candidates=[{"ad": "1", "campaign": "3001", "pricing": "cpa", "bid": 1}])
    predictors = {"safe": {"naive": {"impressions": 500}}}
    policy = write_policy(directory / "naive.json", PLAIN, predictors=PLAIN["predictors"] | predictors, default="safe")
    # First because there is no model, then because a policy says so.
    for options, weight, deviation in (([], "1,000", "0.671%"), (["--policy", policy], "500", "0.774%")):
        lines = bars(models, *options, given=given).lines
        assert f"click: pCTR 10.00%, observed 10.00% ± {deviation}" in lines
        assert [line for line in lines if line.startswith("  ")] == [
            "  campaign                      100 of 1,000 impressions",
            "  its advertiser's others       0 of 0 impressions",
            f"  all campaigns                 10.00%, which weighs as {weight} impressions",
            "  campaign                      20 of 100 clicks",
            "  its advertiser's others       0 of 0 clicks",
            "  all campaigns                 20.00%, which weighs as 50 clicks",
        ]
