# SPDX-License-Identifier: Apache-2.0
"""An error says where, what, and what to do; validate reports all errors at once."""

from __future__ import annotations

import gzip
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

import reference
from conftest import ALONE, CLICK, EVERYBODY, MODELS
from valuation import Engine, Error, ModelError, ModelNotFoundError, Problem, Status, validate


def refusal(path: Path) -> ModelError:
    with Engine() as engine, pytest.raises(ModelError) as caught:
        engine.load(path)
    return caught.value


def text_of(**changes: Any) -> str:
    return json.dumps(ALONE | changes)


BAD_MODELS = {
    "not JSON": ("{", Status.JSON_SYNTAX, ""),
    "a member twice": (text_of()[:-1] + ', "intercept": 1}', Status.DUPLICATE_KEY, ""),
    "another format": (text_of(format="valuation-model/9"), Status.FORMAT, "format"),
    "another target": (text_of(target="sale"), Status.INVALID_VALUE, "target"),
    "text for a number": (text_of(intercept="-2"), Status.INVALID_VALUE, "intercept"),
    "a rate above 1": (text_of(negative_sampling_rate=1.5), Status.INVALID_VALUE, "negative_sampling_rate"),
    "a std of 0": (
        text_of(numeric={"age": {"mean": 0, "std": 0, "weight": 1}}),
        Status.INVALID_VALUE,
        "std",
    ),
    "a field with =": (text_of(categorical={"a=b": {"c": 1}}), Status.INVALID_VALUE, "a=b"),
    "an overflow": (text_of().replace("0.25", "1e999"), Status.NON_FINITE, ""),
    "a missing base": (text_of(extends="nobody"), Status.UNKNOWN_MODEL, "extends"),
    "a wrong self-test": (
        text_of(self_test=[{"features": {}, "probability": 0.5}]),
        Status.SELF_TEST,
        "self_test",
    ),
}


@pytest.mark.parametrize("case", BAD_MODELS)
def test_a_bad_model_is_refused_with_its_file_and_reason(case: str, tmp_path: Path) -> None:
    text, status, json_path = BAD_MODELS[case]
    path = tmp_path / "bad.json"
    path.write_text(text)
    error = refusal(path)
    assert error.status == status
    assert error.status_name == f"VALUATION_ERROR_{status.name}"
    assert error.file == str(path)
    assert json_path in error.json_path
    assert error.message
    assert str(path) in str(error)
    assert error.message in str(error)


def test_a_missing_required_member_is_named(tmp_path: Path) -> None:
    misspelt = {("intercpt" if name == "intercept" else name): value for name, value in ALONE.items()}
    error = refusal(reference.write(tmp_path / "model.json", misspelt))
    assert error.status == Status.INVALID_VALUE
    assert "intercept" in error.json_path + error.message


def test_the_line_of_the_document_is_named(tmp_path: Path) -> None:
    error = refusal(reference.write(tmp_path / "models.jsonl", EVERYBODY, CLICK, CLICK))
    assert error.status == Status.DUPLICATE_MODEL
    assert error.line == 3
    assert ":3" in str(error)


def test_a_cut_off_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "models.jsonl.gz"
    path.write_bytes(gzip.compress(text_of().encode())[:-12])
    assert refusal(path).status == Status.GZIP


def test_a_missing_path_is_also_pythons_file_not_found_error(tmp_path: Path) -> None:
    path = tmp_path / "nowhere"
    with Engine() as engine, pytest.raises(FileNotFoundError) as caught:
        engine.load(path)
    error = caught.value
    assert isinstance(error, ModelNotFoundError)
    assert error.status == Status.FILE_NOT_FOUND
    assert error.filename == error.file == str(path)
    assert str(path) in str(error)


def test_an_empty_directory_holds_no_models(tmp_path: Path) -> None:
    assert refusal(tmp_path).status == Status.NOTHING_LOADED


def test_a_path_that_is_not_utf8_is_reported_with_replacement_characters(tmp_path: Path) -> None:
    path = tmp_path / "caf\udce9.json"
    path.write_text("{")
    assert refusal(path).file == str(path).replace("\udce9", "\ufffd")


def test_refused_models_leave_the_old_ones_serving(engine: Engine, tmp_path: Path) -> None:
    before = engine.describe()
    with pytest.raises(ModelError):
        engine.load(reference.write(tmp_path / "bad.json", ALONE | {"format": "other/1"}))
    assert engine.describe() == before


def test_more_input_than_allowed_is_refused(models_path: Path) -> None:
    with Engine(maximum_input_bytes=100) as engine, pytest.raises(ModelError) as caught:
        engine.load(models_path)
    assert caught.value.status == Status.LIMIT_EXCEEDED
    first, *_ = validate(models_path, maximum_input_bytes=100)
    assert first.status == Status.LIMIT_EXCEEDED


@pytest.mark.parametrize("limit", [-1, 2**64])
def test_an_impossible_limit_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match="maximum_input_bytes"):
        Engine(maximum_input_bytes=limit)


def test_an_error_survives_pickling(tmp_path: Path) -> None:
    for path in (reference.write(tmp_path / "bad.json", ALONE | {"kind": "tree"}), tmp_path / "nowhere"):
        error = refusal(path)
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is type(error)
        assert copy.problem == error.problem
        assert str(copy) == str(error)


def three_bad_models(tmp_path: Path) -> Path:
    reference.write(tmp_path / "models" / "a.jsonl", ALONE | {"kind": "tree"}, EVERYBODY, CLICK | {"intercept": None})
    reference.write(tmp_path / "models" / "b.json", ALONE | {"format": "other/1"})
    return tmp_path / "models"


def test_validate_finds_every_problem(tmp_path: Path) -> None:
    path = three_bad_models(tmp_path)
    problems = validate(path)
    assert [(Path(problem.file).name, problem.line) for problem in problems[:2]] == [("a.jsonl", 1), ("a.jsonl", 3)]
    assert Path(problems[2].file).name == "b.json"
    statuses = [problem.status for problem in problems if not problem.is_warning]
    assert statuses == [Status.INVALID_VALUE, Status.INVALID_VALUE, Status.FORMAT]


def test_validate_finds_nothing_in_good_models(models_path: Path) -> None:
    assert validate(models_path) == []
    assert validate(str(models_path / "conversion.json")) == []


def test_validate_warns_of_models_without_self_tests(tmp_path: Path) -> None:
    path = reference.write(tmp_path / "models.jsonl", reference.with_self_test(ALONE, MODELS, {}), EVERYBODY)
    (warning,) = validate(path)
    assert warning.is_warning
    assert (warning.file, warning.line, warning.json_path) == (str(path), 2, "$.self_test")
    assert str(warning).startswith(f"{path}:2 $.self_test: warning: The model has no self-test")
    with Engine() as engine:
        engine.load(path)


def test_a_correction_has_the_sampling_rate_of_its_base(tmp_path: Path) -> None:
    base = reference.model("*", intercept=-1.0, rate=0.01)
    correction = reference.model("1", intercept=0.0, rate=1.0, extends="*")
    error = refusal(reference.write(tmp_path / "models.jsonl", base, correction))
    assert (error.status, error.line, error.json_path) == (Status.INVALID_VALUE, 2, "$.negative_sampling_rate")
    assert "0.01" in error.message
    with Engine() as engine:
        engine.load(reference.write(tmp_path / "one.jsonl", base, correction | {"negative_sampling_rate": 0.01}))
        candidates = [{"campaign": campaign, "pricing": "cpc", "bid": 1.0} for campaign in ("1", "2")]
        corrected, of_base = engine.score({"candidates": candidates})["values"]
    assert corrected["pctr"] == of_base["pctr"]  # it has nothing to correct


def test_validate_reports_a_missing_path(tmp_path: Path) -> None:
    (problem,) = validate(tmp_path / "nowhere")
    assert problem.status == Status.FILE_NOT_FOUND


def test_validate_stops_when_told_to(tmp_path: Path) -> None:
    heard: list[Problem] = []

    def first_alone(problem: Problem) -> bool:
        heard.append(problem)
        return False

    assert validate(three_bad_models(tmp_path), on_problem=first_alone) == heard
    assert len(heard) == 1


@pytest.mark.parametrize("kind", [ZeroDivisionError, KeyboardInterrupt])
def test_an_exception_of_the_callback_is_passed_on(kind: type[BaseException], tmp_path: Path) -> None:
    calls = 0

    def fail(problem: Problem) -> None:
        nonlocal calls
        calls += 1
        raise kind

    with pytest.raises(kind):
        validate(three_bad_models(tmp_path), on_problem=fail)
    assert calls == 1


def test_every_exception_is_an_error_with_its_problem(tmp_path: Path) -> None:
    error = refusal(reference.write(tmp_path / "bad.json", *MODELS, ALONE))
    assert isinstance(error, Error)
    assert (error.line, error.column, error.json_path) == (
        error.problem.line,
        error.problem.column,
        error.problem.json_path,
    )
