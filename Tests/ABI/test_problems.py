# SPDX-License-Identifier: Apache-2.0
"""valuation_validate reports every problem of a set of models in one run, each once, and blames no valid model."""

import os
from pathlib import Path

import pytest

from .model_files import MODELS, model, write_models
from .programs import Toolchain

MANY = 1000


def problems(toolchain: Toolchain, path: Path, most: int = MANY) -> tuple[list[tuple[str, int, str, str]], tuple]:
    """The problems reported (status, line, file's name, JSON path), and the one that the call returned."""
    lines = toolchain.program("problems").run(path, str(most)).splitlines()
    told = []
    for line in lines:
        status, number, file, json_path, message = line.split("\t")
        assert message or status == "VALUATION_OK"
        told.append((status.removeprefix("VALUATION_ERROR_"), int(number), Path(file).name, json_path))
    problems, warnings = [], []
    for each in told[:-1]:
        assert each[0] == "VALUATION_OK" or not warnings  # warnings come last
        (warnings if each[0] == "VALUATION_OK" else problems).append(each)
    assert {warning[3] for warning in warnings} <= {"$.self_test"}
    return problems, told[-1]


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """A directory with a problem for every stage of a load, and valid models between them."""
    write_models(
        tmp_path / "1.jsonl", [*MODELS, model("8", intercept="x", version=7), model("9", negative_sampling_rate=2)]
    )
    (tmp_path / "2.json").write_text('{"format"')
    (tmp_path / "3.json.gz").write_bytes(b"not packed")
    write_models(
        tmp_path / "4.jsonl",
        [
            model("10", extends="9"),  # valid in itself; its base is reported already
            model("1042"),
            model("11", extends="nowhere"),
            model("12", extends="11"),  # the fault is that of its base's base
            model("13", self_test=[{"features": {}, "probability": 0.9}]),
            model("14"),
        ],
    )
    os.mkfifo(tmp_path / "5.json")
    return tmp_path


EXPECTED = [
    ("INVALID_VALUE", 6, "1.jsonl", "$.version"),
    ("INVALID_VALUE", 6, "1.jsonl", "$.intercept"),
    ("INVALID_VALUE", 7, "1.jsonl", "$.negative_sampling_rate"),
    ("JSON_SYNTAX", 1, "2.json", ""),
    ("GZIP", 0, "3.json.gz", ""),
    ("DUPLICATE_MODEL", 2, "4.jsonl", "$.campaign"),
    ("READ_FAILED", 0, "5.json", ""),
    ("UNKNOWN_MODEL", 3, "4.jsonl", "$.extends"),
    ("SELF_TEST", 5, "4.jsonl", "$.self_test[0]"),
]


def test_every_problem_is_reported_once_and_the_first_is_returned(toolchain: Toolchain, faulty: Path):
    told, returned = problems(toolchain, faulty)
    assert told == EXPECTED
    assert returned == told[0]


@pytest.mark.parametrize("most", range(1, len(EXPECTED) + 1))
def test_no_problem_is_reported_after_the_callback_says_stop(toolchain: Toolchain, faulty: Path, most: int):
    every, _ = problems(toolchain, faulty)
    told, returned = problems(toolchain, faulty, most)
    assert len(told) == most
    assert told == every[:most]
    assert returned == told[0]


PAIRS_TWICE = [{"fields": ["slot", "os"], "weights": [["12", "ios", 1], ["12", "ios", 2]]}]
PAIRS = [{"fields": ["slot", "os"], "weights": [["12", "ios", 1]]}]


def test_a_valid_model_is_not_blamed_for_the_one_before_it(toolchain: Toolchain, tmp_path: Path):
    documents = [model("a", crosses=PAIRS_TWICE), model("b", crosses=PAIRS)]
    told, _ = problems(toolchain, write_models(tmp_path / "pairs.jsonl", documents))
    assert [problem[:2] for problem in told] == [("DUPLICATE_KEY", 1)]


def test_a_valid_model_is_not_blamed_for_its_base(toolchain: Toolchain, tmp_path: Path):
    documents = [model("a", crosses=PAIRS_TWICE), model("b", extends="a")]
    told, _ = problems(toolchain, write_models(tmp_path / "base.jsonl", documents))
    assert [problem[:2] for problem in told] == [("DUPLICATE_KEY", 1)]


def test_a_model_without_a_self_test_is_a_warning_not_a_problem(toolchain: Toolchain, tmp_path: Path):
    documents = [MODELS[0], model("a"), model("b", "conversion")]
    path = write_models(tmp_path / "untested.jsonl", documents)
    *told, returned = toolchain.program("problems").run(path, str(MANY)).splitlines()
    assert [line.split("\t")[:2] for line in told] == [["VALUATION_OK", "2"], ["VALUATION_OK", "3"]]
    assert returned.startswith("VALUATION_OK\t0\t\t\t")
    *told, _ = toolchain.program("problems").run(path, "1").splitlines()
    assert len(told) == 1


def test_a_correction_has_the_sampling_rate_of_its_base(toolchain: Toolchain, tmp_path: Path):
    documents = [model("*", negative_sampling_rate=0.01), model("a", extends="*")]
    told, _ = problems(toolchain, write_models(tmp_path / "rates.jsonl", documents))
    assert told == [("INVALID_VALUE", 2, "rates.jsonl", "$.negative_sampling_rate")]


def test_valid_models_have_no_problem(toolchain: Toolchain, models: Path):
    told, returned = problems(toolchain, models)
    assert told == []
    assert returned[0] == "VALUATION_OK"


def test_one_file_that_cannot_be_read_is_one_problem(toolchain: Toolchain, tmp_path: Path):
    told, _ = problems(toolchain, tmp_path / "absent.json")
    assert told == [("FILE_NOT_FOUND", 0, "absent.json", "")]


def test_a_directory_without_models_is_one_problem(toolchain: Toolchain, tmp_path: Path):
    told, _ = problems(toolchain, tmp_path)
    assert told == [("NOTHING_LOADED", 0, tmp_path.name, "")]
