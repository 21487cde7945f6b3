# SPDX-License-Identifier: Apache-2.0
"""`valuation validate`: every problem of model files, with its place."""

import gzip
import json
import re

import pytest

from .command import CLICK, run, run_in_terminal
from .policies import PLAIN, write_policy


def test_good_models_have_no_problem(models):
    result = run("validate", models)
    assert (result.status, result.errors) == (0, "")
    untested = [f"{models}/{name}: $.self_test: warning: " for name in ("1042-conversion.json", "default.jsonl:1")]
    *warnings, verdict = result.lines
    assert [line[: len(start)] for line, start in zip(warnings, untested, strict=True)] == untested
    assert verdict == f"{models}: no problem, 2 warnings"


def test_models_with_self_tests_have_no_warning(directory):
    (directory / "tested.json").write_text(json.dumps(CLICK))
    result = run("validate", directory / "tested.json")
    assert (result.status, result.output) == (0, f"{directory}/tested.json: no problem\n")


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"training": {"rows": 10, "positives": 100}}, "$.training.positives"),
        ({"training": {"rows": 1000, "positives": 10, "base_rate": 0.5}}, "$.training.base_rate"),
        ({"extends": "1042"}, "$.negative_sampling_rate"),
    ],
)
def test_numbers_that_contradict_each_other_are_a_problem(models, members, place):
    wrong = CLICK | {"campaign": "7", "negative_sampling_rate": 1, "self_test": []} | members
    (models / "7.json").write_text(json.dumps(wrong))
    result = run("validate", models)
    assert result.status == 1
    assert f"{models}/7.json: {place}: " in result.output
    if "extends" in members:
        assert "The base's is 0.5, this 1," in result.output


@pytest.fixture
def bad_models(models):
    """Two files with three problems."""
    wrong = CLICK | {"campaign": "7", "categorical": {"slot": {"12": "0.31"}}, "negative_sampling_rate": 0}
    (models / "7.json").write_text(json.dumps(wrong, indent=2))
    (models / "8.json").write_text('{"format": "valuation-model/1",\n "kind": }')
    return models


def test_every_problem_is_a_line_with_file_line_column_path_and_status(bad_models):
    result = run("validate", bad_models)
    assert result.status == 1
    *findings, verdict = result.lines
    problems = [line for line in findings if "warning: " not in line]
    assert verdict == f"{bad_models}: {len(problems)} problems, 2 warnings"
    assert len(problems) >= 3
    for problem in problems:
        assert re.fullmatch(
            rf"{bad_models}/[78]\.json(:\d+(:\d+)?)?: (\$\S*: )?.+ \[VALUATION_ERROR_[A-Z_]+\]", problem
        )
    text = result.output
    assert '$.categorical.slot["12"]: ' in text
    assert "$.negative_sampling_rate: " in text
    assert re.search(rf"{bad_models}/8\.json:2:\d+: .* \[VALUATION_ERROR_JSON_SYNTAX\]", text)


def test_problems_as_json_lines_have_the_same_members(bad_models):
    text = run("validate", bad_models).lines[:-1]
    result = run("validate", "--format", "jsonl", bad_models)
    assert result.status == 1
    assert len(result.answers) == len(text)
    for problem, line in zip(result.answers, text, strict=True):
        assert line.startswith(problem["file"])
        assert problem["message"] in line
        assert line.endswith(f"[{problem['status']}]" if problem["severity"] == "error" else problem["message"])
        assert problem.get("json_path", "") in line
        assert f":{problem['line']}" in line if "line" in problem else True


def test_each_path_is_checked_and_the_total_comes_last(bad_models, directory):
    good = directory / "good.json.gz"
    good.write_bytes(gzip.compress(json.dumps(CLICK).encode()))
    result = run("validate", good, bad_models)
    count = len([line for line in result.lines if line.endswith("]")])
    assert result.status == 1
    assert result.lines[0] == f"{good}: no problem"
    assert result.lines[-1] == f"{count} problems in all"


def test_a_path_that_does_not_exist_ends_with_2(directory):
    result = run("validate", directory / "nowhere")
    assert result.status == 2
    assert "VALUATION_ERROR_FILE_NOT_FOUND" in result.output


def test_a_directory_without_models_ends_with_2(directory):
    empty = directory / "empty"
    empty.mkdir()
    result = run("validate", empty)
    assert result.status == 2
    assert "VALUATION_ERROR_NOTHING_LOADED" in result.output


def test_a_self_test_that_fails_is_a_problem(models):
    wrong = CLICK | {"campaign": "7", "self_test": [{"features": {"slot": "12"}, "probability": 0.5}]}
    (models / "7.json").write_text(json.dumps(wrong))
    result = run("validate", models)
    assert result.status == 1
    assert "VALUATION_ERROR_SELF_TEST" in result.output


def test_text_is_the_format_in_a_pipe_and_on_a_terminal(bad_models):
    on_terminal = run_in_terminal("validate", bad_models, environment={"NO_COLOR": "1"}, columns=200)
    assert on_terminal.output == run("validate", bad_models).output


def test_a_path_must_be_named():
    assert run("validate").status == 64


def test_a_policy_is_checked_after_its_models(models, directory):
    policy = write_policy(directory / "plain.json", PLAIN)
    result = run("validate", "--policy", policy, models)
    assert (result.status, result.errors) == (0, "")
    verdicts = [f"{models}: no problem, 2 warnings", f"{policy}: sound with {models}: 1 predictor"]
    assert result.lines[-2:] == verdicts


def test_errors_of_a_policy_are_problems_and_warnings_are_not(models, directory, policy):
    assert run("validate", "--policy", policy, models).status == 0
    bad = write_policy(directory / "bad.json", default="nobody")
    result = run("validate", "--policy", bad, models)
    assert result.status == 1
    assert f"{models}: no problem, 2 warnings" in result.lines
    assert f"{bad}: $.default: " in result.output
    assert f"{bad}: 1 error" in result.lines[-1]
    findings = run("validate", "--format", "jsonl", "--policy", bad, models).answers
    assert [each["file"] for each in findings if each["severity"] == "error"] == [str(bad)]


def test_a_policy_is_checked_by_itself_if_the_models_have_problems(bad_models, policy):
    result = run("validate", "--policy", policy, bad_models)
    assert result.status == 1
    assert f"{policy}: sound by itself" in result.lines[-1]


def test_a_missing_policy_ends_with_2(models, directory):
    result = run("validate", "--policy", directory / "nowhere.json", models)
    assert result.status == 2
    assert f"cannot check the policy: {directory}/nowhere.json: " in result.errors


def test_a_policy_is_checked_against_a_single_path(models, policy):
    result = run("validate", "--policy", policy, models, models)
    assert result.status == 64
    assert "--policy" in result.errors
