# SPDX-License-Identifier: Apache-2.0
"""Invalid models: a load refuses them with file, place and reason, and the models before go on serving."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from .model_files import MODELS, model, write_models
from .programs import Toolchain
from .refusal import refused

# Two texts with one key under the standard secret, in a field and as campaigns, found by lattice reduction.
TWINS = ("blX8D9hZBuj1Tb", "Nwzw89hwv1P0Tb")
MISSING = object()


@dataclass
class Case:
    """A change to a valid document, and the error that it causes."""

    name: str
    change: Callable[[dict], object]
    status: str
    json_path: str
    word: str


def changed(name: str, value: object) -> Callable[[dict], object]:
    """Sets the member `name`, or removes it."""

    def change(document: dict) -> None:
        if value is MISSING:
            del document[name]
        else:
            document[name] = value

    return change


def case(name: str, value: object, status: str, json_path: str, word: str) -> Case:
    """A document whose member `name` is `value`."""
    return Case(
        f"{name}: {json.dumps(value) if value is not MISSING else 'missing'}"[:60],
        changed(name, value),
        status,
        json_path,
        word,
    )


def numeric(**parameters: object) -> dict:
    return {"age": {"mean": 1, "std": 1, "weight": 1} | parameters}


def cross(**members: object) -> list:
    return [{"fields": ["slot", "os"], "weights": [["12", "ios", 1]]} | members]


INVALID = "INVALID_VALUE"
TWICE = "DUPLICATE_KEY"
REQUIRED = ["format", "kind", "campaign", "target", "version", "intercept", "negative_sampling_rate", "categorical"]
WEIGHTS = "$.crosses[0].weights"
PAIR = ["12", "ios", 1]
CASES = [
    case("format", "valuation-model/2", "FORMAT", "$.format", "valuation-model/1"),
    case("format", "", "FORMAT", "$.format", "valuation-model/1"),
    case("format", 1, INVALID, "$.format", "string"),
    case("kind", "tree", INVALID, "$.kind", "logistic"),
    case("target", "view", INVALID, "$.target", "click"),
    *[case(name, MISSING, INVALID, f"$.{name}", "issing") for name in REQUIRED],
    *[case(name, None, INVALID, f"$.{name}", "") for name in REQUIRED],
    case("campaign", 1042, INVALID, "$.campaign", "string"),
    case("campaign", "", INVALID, "$.campaign", "255"),
    case("campaign", "x" * 256, INVALID, "$.campaign", "255"),
    case("version", "x" * 256, "LIMIT_EXCEEDED", "$.version", "255"),
    case("intercept", "-1.5", INVALID, "$.intercept", "number"),
    case("intercept", True, INVALID, "$.intercept", "number"),
    case("intercept", 100.5, INVALID, "$.intercept", "100"),
    case("intercept", 1e308, INVALID, "$.intercept", "100"),
    *[case("negative_sampling_rate", rate, INVALID, "$.negative_sampling_rate", "above 0") for rate in (0, -0.5, 1.5)],
    case("negative_sampling_rate", "1", INVALID, "$.negative_sampling_rate", "number"),
    case("categorical", [], INVALID, "$.categorical", "categorical"),
    case("categorical", {"slot": [1]}, INVALID, "$.categorical.slot", "object"),
    case("categorical", {"slot": {"12": "1"}}, INVALID, '$.categorical.slot["12"]', "number"),
    case("categorical", {"slot": {"12": -101}}, INVALID, '$.categorical.slot["12"]', "100"),
    case("categorical", {"slot": {'a"b\\c': None}}, INVALID, '$.categorical.slot["a\\"b\\\\c"]', "number"),
    case("categorical", {"sl=ot": {"12": 1}}, INVALID, '$.categorical["sl=ot"]', "="),
    case("categorical", {"": {"12": 1}}, INVALID, '$.categorical[""]', "255"),
    case("categorical", {"x" * 256: {"12": 1}}, INVALID, "$.categorical." + "x" * 241, "255"),
    case("categorical", {"slot": {"y" * 1025: 1}}, "LIMIT_EXCEEDED", "$.categorical.slot." + "y" * 236, "1,024"),
    case("numeric", [], INVALID, "$.numeric", "object"),
    case("numeric", {"age": 1}, INVALID, "$.numeric.age", "mean"),
    *[case("numeric", numeric(std=std), INVALID, "$.numeric.age.std", "above 0") for std in (0, -1, 1e-320)],
    case("numeric", numeric(mean="1"), INVALID, "$.numeric.age.mean", "number"),
    case("numeric", numeric(weight=None), INVALID, "$.numeric.age.weight", "number"),
    case("numeric", numeric(mean=1e19), INVALID, "$.numeric.age.mean", "1e+18"),
    case("numeric", {"a=b": numeric()["age"]}, INVALID, '$.numeric["a=b"]', "="),
    case("numeric", {"slot": numeric()["age"]}, INVALID, "$.numeric.slot", "categorical"),
    case("crosses", {}, INVALID, "$.crosses", "array"),
    case("crosses", cross(fields=["slot"]), INVALID, "$.crosses[0].fields", "two"),
    case("crosses", cross(fields=["slot", "slot"]), INVALID, "$.crosses[0].fields", "different"),
    case("crosses", cross(fields=["slot", "o=s"]), INVALID, "$.crosses[0].fields", "="),
    case("crosses", cross(weights={}), INVALID, WEIGHTS, "array"),
    case("crosses", cross(weights=[["12", "ios"]]), INVALID, f"{WEIGHTS}[0]", "weight"),
    case("crosses", cross(weights=[["12", 7, 1]]), INVALID, f"{WEIGHTS}[0]", "strings"),
    case("crosses", cross(weights=[PAIR, ["12", "mac", "1"]]), INVALID, f"{WEIGHTS}[1][2]", "number"),
    case("crosses", cross(weights=[["12", "y" * 1025, 1]]), "LIMIT_EXCEEDED", f"{WEIGHTS}[0]", "1,024"),
    case("crosses", cross(weights=[PAIR, ["12", "ios", 2]]), TWICE, f"{WEIGHTS}[1]", "a weight already"),
    case("crosses", cross() + cross(weights=[PAIR]), TWICE, "$.crosses[1].weights[0]", "a weight already"),
    case("training", [], INVALID, "$.training", "object"),
    case("training", {"base_rate": 1.5}, INVALID, "$.training.base_rate", "0 to 1"),
    case("training", {"rows": -1}, INVALID, "$.training.rows", "0 to"),
    case("training", {"trainer": 7}, INVALID, "$.training.trainer", "string"),
    case("self_test", {}, INVALID, "$.self_test", "array"),
    case("self_test", [{"probability": 0.5}], INVALID, "$.self_test[0].features", "missing"),
    case("self_test", [{"features": {}}], INVALID, "$.self_test[0].probability", "missing"),
    case("self_test", [{"features": {}, "probability": 0}], INVALID, "$.self_test[0].probability", "above 0"),
    case("self_test", [{"features": {}, "probability": 1.1}], INVALID, "$.self_test[0].probability", "at most 1"),
    case("self_test", [{"features": {}, "probability": 0.5}] * 1001, "LIMIT_EXCEEDED", "$.self_test", "1,000"),
    case("self_test", [{"features": {"slot": {}}, "probability": 0.5}], "SELF_TEST", "$.self_test[0]", "wrong type"),
    case("extends", 7, INVALID, "$.extends", "string"),
    case("extends", "", INVALID, "$.extends", "255"),
    case("extends", "1042", "UNKNOWN_MODEL", "$.extends", "cycle"),
    case("extends", "nowhere", "UNKNOWN_MODEL", "$.extends", "not there"),
    case("extend", "*", INVALID, "$.extend", '"extends"'),
    case("nummeric", {}, INVALID, "$.nummeric", '"numeric"'),
    case("selftest", [], INVALID, "$.selftest", '"self_test"'),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_faulty_document_is_refused_with_the_place_of_the_fault(
    toolchain: Toolchain, models: Path, tmp_path: Path, case: Case
):
    document = model()
    case.change(document)
    path = write_models(tmp_path / "faulty.json", [document])
    refusal = refused(toolchain, models, path)
    assert (refusal.status, refusal.json_path, refusal.file) == (case.status, case.json_path, str(path))
    assert case.word in refusal.message


def test_the_document_that_the_cases_change_is_valid(toolchain: Toolchain, models: Path, tmp_path: Path):
    assert refused(toolchain, models, write_models(tmp_path / "sound.json", [model()])).status == "OK"


def test_a_document_that_is_not_an_object_is_refused(toolchain: Toolchain, models: Path, tmp_path: Path):
    (tmp_path / "array.json").write_text("[1, 2]")
    refusal = refused(toolchain, models, tmp_path / "array.json")
    assert (refusal.status, refusal.json_path) == (INVALID, "$")


def test_a_fault_in_a_jsonl_file_is_reported_with_its_line(toolchain: Toolchain, models: Path, tmp_path: Path):
    path = tmp_path / "models.jsonl"
    lines = [json.dumps(model(str(number))) for number in range(3)] + ["", json.dumps(model("3", intercept="x"))]
    path.write_text("\n".join(lines) + "\n")
    refusal = refused(toolchain, models, path)
    assert (refusal.status, refusal.line, refusal.json_path) == (INVALID, 5, "$.intercept")


def test_a_duplicate_model_is_refused_at_its_second_occurrence(toolchain: Toolchain, models: Path, tmp_path: Path):
    write_models(tmp_path / "a.json", [model("7")])
    second = write_models(tmp_path / "b.jsonl", [model("8"), model("7", "conversion"), model("7")])
    refusal = refused(toolchain, models, tmp_path)
    assert (refusal.status, refusal.file, refusal.line) == ("DUPLICATE_MODEL", str(second), 3)
    assert refusal.json_path == "$.campaign"
    assert '"7"' in refusal.message and "click" in refusal.message


def test_a_message_about_a_long_value_is_cut_in_whole_characters(toolchain: Toolchain, models: Path, tmp_path: Path):
    for value in ("ß" * 500, "x" + "ß" * 500):
        example = {"features": {"slot": value}, "probability": 0.123}
        refusal = refused(toolchain, models, write_models(tmp_path / "long.jsonl", [model("7", self_test=[example])]))
        assert refusal.status == "SELF_TEST"
        assert 1021 < len(refusal.message.encode()) < 1024


def test_two_labels_with_one_key_in_a_model_are_refused(toolchain: Toolchain, models: Path, tmp_path: Path):
    document = model(categorical={"slot": {"12": 1}, "k": dict.fromkeys(TWINS, 0.5)})
    path = write_models(tmp_path / "twins.json", [document])
    refusal = refused(toolchain, models, path)
    assert (refusal.status, refusal.file) == ("KEY_COLLISION", str(path))
    assert refusal.json_path == f"$.categorical.k.{TWINS[1]}"
    both = f'"k={TWINS[1]}" and "k={TWINS[0]}"'
    assert refusal.message.startswith(f"{both} of campaign"), refusal.message


def test_two_labels_with_one_key_in_two_models_are_refused(toolchain: Toolchain, models: Path, tmp_path: Path):
    documents = [model(str(number), categorical={"k": {twin: 0.5}}) for number, twin in enumerate(TWINS)]
    refusal = refused(toolchain, models, write_models(tmp_path / "twins.jsonl", documents))
    assert (refusal.status, refusal.line) == ("KEY_COLLISION", 2)
    assert refusal.json_path == f"$.categorical.k.{TWINS[1]}"
    assert f'"k={TWINS[1]}" and "k={TWINS[0]}" of campaign "0"' in refusal.message


def test_two_labels_with_one_key_in_a_cross_are_refused(toolchain: Toolchain, models: Path, tmp_path: Path):
    weights = [[twin, "ios", 0.5] for twin in TWINS]
    document = model(crosses=[{"fields": ["k", "os"], "weights": weights}])
    refusal = refused(toolchain, models, write_models(tmp_path / "twins.json", [document]))
    assert (refusal.status, refusal.json_path) == ("KEY_COLLISION", "$.crosses[0].weights[1]")
    assert f'"k={TWINS[1]}" and "k={TWINS[0]}" of campaign' in refusal.message


@pytest.mark.parametrize("target", ["click", "conversion"])
def test_two_campaigns_with_one_key_are_refused(toolchain: Toolchain, models: Path, tmp_path: Path, target: str):
    documents = [model(TWINS[0]), model(TWINS[1], target)]
    refusal = refused(toolchain, models, write_models(tmp_path / "twins.jsonl", documents))
    assert (refusal.status, refusal.line, refusal.json_path) == ("KEY_COLLISION", 2, "$.campaign")


def test_a_model_of_another_name_with_the_same_key_does_not_pass_for_a_base(
    toolchain: Toolchain, models: Path, tmp_path: Path
):
    documents = [model(TWINS[0]), model("7", extends=TWINS[1])]
    refusal = refused(toolchain, models, write_models(tmp_path / "twins.jsonl", documents))
    assert (refusal.status, refusal.line, refusal.json_path) == ("UNKNOWN_MODEL", 2, "$.extends")


def chain(length: int) -> list[dict]:
    """A chain of models in which each but the first extends the one before."""
    return [model(str(i), **({"extends": str(i - 1)} if i > 0 else {})) for i in range(length)]


def test_a_chain_of_four_models_serves(toolchain: Toolchain, models: Path, tmp_path: Path):
    assert refused(toolchain, models, write_models(tmp_path / "chain.jsonl", chain(4))).status == "OK"


def test_a_chain_of_five_models_is_refused(toolchain: Toolchain, models: Path, tmp_path: Path):
    refusal = refused(toolchain, models, write_models(tmp_path / "chain.jsonl", chain(5)))
    assert (refusal.status, refusal.line, refusal.json_path) == ("UNKNOWN_MODEL", 5, "$.extends")
    assert "4" in refusal.message


def test_a_cycle_is_refused(toolchain: Toolchain, models: Path, tmp_path: Path):
    documents = [model("a", extends="b"), model("b", extends="a")]
    refusal = refused(toolchain, models, write_models(tmp_path / "cycle.jsonl", documents))
    assert (refusal.status, refusal.line, refusal.json_path) == ("UNKNOWN_MODEL", 1, "$.extends")
    assert "cycle" in refusal.message


def test_a_base_of_the_other_target_is_not_enough(toolchain: Toolchain, models: Path, tmp_path: Path):
    documents = [model("*", "conversion"), model("7", extends="*")]
    refusal = refused(toolchain, models, write_models(tmp_path / "targets.jsonl", documents))
    assert (refusal.status, refusal.line, refusal.json_path) == ("UNKNOWN_MODEL", 2, "$.extends")


@pytest.mark.parametrize("factor", [1 + 2e-6, 1 - 2e-6, 2])
def test_a_model_that_does_not_reproduce_its_example_is_refused(
    toolchain: Toolchain, models: Path, tmp_path: Path, factor: float
):
    documents = copy.deepcopy(MODELS)
    faulty = documents[1]["self_test"][2]
    expected = faulty["probability"] = faulty["probability"] * factor
    path = write_models(tmp_path / "models.jsonl.gz", documents)
    refusal = refused(toolchain, models, path)
    assert (refusal.status, refusal.file, refusal.line) == ("SELF_TEST", str(path), 2)
    assert refusal.json_path == "$.self_test[2]"
    assert str(expected) in refusal.message, "the message lacks the expected value"


def test_a_model_that_reproduces_its_examples_to_a_millionth_serves(toolchain: Toolchain, models: Path, tmp_path: Path):
    documents = copy.deepcopy(MODELS)
    for document in documents:
        for example in document["self_test"]:
            example["probability"] *= 1 + 8e-7
    assert refused(toolchain, models, write_models(tmp_path / "models.jsonl", documents)).status == "OK"
