# SPDX-License-Identifier: Apache-2.0
"""Invalid policies: a load refuses them with place and reason, and the policy before goes on deciding."""

import copy
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from .model_files import model, write_models
from .policy_files import experiment, override, policy, write_observed_models, write_policy
from .programs import Toolchain

INVALID = "INVALID_VALUE"


@dataclass
class Refusal:
    """What a failed load reported, and what the check found."""

    status: str
    line: int
    column: int
    file: str
    json_path: str
    message: str
    findings: list[dict] | str


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_observed_models(tmp_path_factory.mktemp("observed") / "models.jsonl")


def refused(toolchain: Toolchain, models: Path, path: Path) -> Refusal:
    """Loads a policy beside a valid one; the program checks that this one goes on deciding."""
    predictors = {"house": {"constant": {"pctr": 0.25, "pcvr": 0.5}}}
    sound = write_policy(path.parent / "sound.json", policy(predictors=predictors, default="house"))
    output = toolchain.program("refuse_policy").run(models, sound, path)
    status, line, column, file, json_path, message, findings, end = output.split("\n")
    assert end == ""
    name = status.removeprefix("VALUATION_").removeprefix("ERROR_")
    found = json.loads(findings) if findings.startswith("[") else findings
    return Refusal(name, int(line), int(column), file, json_path, message, found)


@dataclass
class Case:
    """What is wrong with a policy, and the error that it causes."""

    name: str
    document: dict
    status: str
    json_path: str
    word: str


def case(name: str, json_path: str, word: str, status: str = INVALID, **members: object) -> Case:
    """A policy with invalid members."""
    return Case(name, policy(**members), status, json_path, word)


def without(member: str) -> dict:
    document = policy()
    del document[member]
    return document


def predictor(value: object, json_path: str, word: str, status: str = INVALID) -> Case:
    """An invalid predictor "x"; the path starts below it."""
    predictors = {"production": {"release": "LATEST"}, "x": value}
    return case(
        f"predictor {json.dumps(value)}"[:60], f"$.predictors.x{json_path}", word, status, predictors=predictors
    )


def rule(value: object, json_path: str, word: str, status: str = INVALID, **members: object) -> Case:
    """An invalid override behind a valid one."""
    overrides = [override("production"), value]
    name = f"override {json.dumps(value)}"[:60]
    return case(name, f"$.overrides[1]{json_path}", word, status, overrides=overrides, **members)


def trial(json_path: str, word: str, status: str = INVALID, **members: object) -> Case:
    """An invalid experiment behind a valid one; None removes a member."""
    document = {key: value for key, value in (experiment("second") | members).items() if value is not None}
    name = f"experiment {json.dumps(members)}"[:60]
    return case(name, f"$.experiments[1]{json_path}", word, status, experiments=[experiment("first"), document])


def adjusted(value: object, json_path: str, word: str) -> Case:
    return case(f"campaign {json.dumps(value)}", f'$.campaigns["1042"]{json_path}', word, campaigns={"1042": value})


def variants(*shares: object, **members: object) -> list[dict]:
    return [{"name": f"variant {number}", "share": share} | members for number, share in enumerate(shares)]


RETIRED = {"production": {"release": "LATEST"}, "old": {"retired": "worse than a coin"}}
LATEST = {"production": {"release": "LATEST"}}
MANY_RELEASES = LATEST | {f"p{number}": {"release": f"r{number}"} for number in range(16)}
MANY_PREDICTORS = {f"p{number}": {"naive": {}} for number in range(1001)}
MANY_OVERRIDES = [override("production")] * 10001
MANY_UNITS = [experiment(f"e{number}", unit=f"unit{number}") for number in range(17)]
TWO_MISTAKES = {"campaigns": {"1": 2}, "default": "absent"}

CASES = [
    Case("no format", without("format"), INVALID, "$.format", "valuation-policy/1"),
    case("another format", "$.format", "valuation-policy/1", "FORMAT", format="valuation-policy/2"),
    case("a model's format", "$.format", "valuation-policy/1", "FORMAT", format="valuation-model/1"),
    case("a format of the wrong type", "$.format", "valuation-policy/1", format=1),
    Case("no predictors", without("predictors"), INVALID, "$.predictors", "missing"),
    Case("no default", without("default"), INVALID, "$.default", "string"),
    case("an unknown member", "$.experiment", "known are", experiment=[]),
    case("a version of the wrong type", "$.version", "string", version=7),
    case("an empty placement", "$.placement", "string", placement=""),
    case("no such default", "$.default", "no predictor", default="absent"),
    case("a retired default", "$.default", "worse than a coin", predictors=RETIRED, default="old"),
    case("predictors in an array", "$.predictors", "object", predictors=[]),
    case("no predictor at all", "$.default", "no predictor", predictors={}),
    case("too many predictors", "$.predictors.p1000", "1,000", "LIMIT_EXCEEDED", predictors=MANY_PREDICTORS),
    case("too many releases", "$.predictors.p15.release", "16", "LIMIT_EXCEEDED", predictors=MANY_RELEASES),
    case("overrides in an object", "$.overrides", "array", overrides={}),
    case("experiments in an object", "$.experiments", "array", experiments={}),
    case("campaigns in an array", "$.campaigns", "object", campaigns=[]),
    case("too many overrides", "$.overrides[10000]", "10,000", "LIMIT_EXCEEDED", overrides=MANY_OVERRIDES),
    case("too many units", "$.experiments[16].unit", "16", "LIMIT_EXCEEDED", experiments=MANY_UNITS),
    case("two mistakes: the one read first", "$.default", "no predictor", **TWO_MISTAKES),
    predictor(7, "", "object"),
    predictor({}, "", "exactly one"),
    predictor({"release": "LATEST", "naive": {}}, "", "exactly one"),
    predictor({"relaese": "LATEST"}, ".relaese", "known are"),
    predictor({"release": 7}, ".release", "release's id"),
    predictor({"release": "../LATEST"}, ".release", "release's id"),
    predictor({"release": "first"}, ".release", "directory of releases", "UNKNOWN_RELEASE"),
    predictor({"ensemble": ["LATEST", "second"]}, ".ensemble[1]", "directory of releases", "UNKNOWN_RELEASE"),
    predictor({"ensemble": ["LATEST"]}, ".ensemble", "2 to 16"),
    predictor({"ensemble": "LATEST"}, ".ensemble", "2 to 16"),
    predictor({"ensemble": ["LATEST", "LATEST"]}, ".ensemble[1]", "already"),
    predictor({"ensemble": ["LATEST", 7]}, ".ensemble[1]", "release's id"),
    predictor({"ensemble": ["LATEST", "b"], "mean": "median"}, ".mean", "logit"),
    predictor({"constant": 0.1}, ".constant", "pctr"),
    predictor({"constant": {}}, ".constant", "pctr"),
    predictor({"constant": {"pcvr": 0.1}}, ".constant", "pctr"),
    predictor({"constant": {"pctr": 1.5}}, ".constant.pctr", "from 0 to 1"),
    predictor({"constant": {"pctr": 0.5, "pcvr": -1}}, ".constant.pcvr", "from 0 to 1"),
    predictor({"constant": {"pctr": "0.5"}}, ".constant.pctr", "number"),
    predictor({"constant": {"pctr": 0.5, "cpvr": 0.5}}, ".constant.cpvr", "known are"),
    predictor({"naive": 7}, ".naive", "object"),
    predictor({"naive": {"impressions": 0}}, ".naive.impressions", "from 1"),
    predictor({"naive": {"conversions": 5}}, ".naive.conversions", "known are"),
    predictor({"retired": ""}, ".retired", "string"),
    predictor({"naive": {}, "exploration": -1}, ".exploration", "from 0 to 100"),
    predictor({"constant": {"pctr": 0.5}, "exploration": 1}, ".exploration", "uncertainty"),
    rule(7, "", "object"),
    rule({"predictor": "production"}, ".reason", "string"),
    rule({"reason": "why"}, ".predictor", "string"),
    rule(override("absent"), ".predictor", "no predictor"),
    rule(override("old"), ".predictor", "worse than a coin", predictors=RETIRED),
    rule(override("production", expire="2026-11-21T03:00:00Z"), ".expire", "known are"),
    rule(override("production", expires="2026-11-21"), ".expires", "UTC"),
    rule(override("production", expires=1763694000), ".expires", "UTC"),
    rule(override("production", expires="2026-02-29T00:00:00Z"), ".expires", "UTC"),
    rule(override("production", scope=[]), ".scope", "object"),
    rule(override("production", scope={"campaign": ["1"]}), ".scope.campaign", "known are"),
    rule(override("production", scope={"campaigns": []}), ".scope.campaigns", "at least one"),
    rule(override("production", scope={"campaigns": "1042"}), ".scope.campaigns", "array"),
    rule(override("production", scope={"campaigns": ["1", 1042]}), ".scope.campaigns[1]", "string"),
    rule(override("production", scope={"campaigns": ["1", "2", "1"]}), ".scope.campaigns[2]", "already"),
    rule(override("production", scope={"placements": ["1"]}), ".scope.placements", "$.placement"),
    trial(".name", "string", name=None),
    trial(".name", "experiments[0]", name="first"),
    trial(".name", "string", name="a\nb"),
    trial(".salt", "string", salt=None),
    trial(".salt", "experiments[0]", salt="first-1"),
    trial(".layer", "string", layer=7),
    trial(".unit", "string", unit=""),
    trial(".variants", "1 to 100", variants=None),
    trial(".variants", "1 to 100", variants=[]),
    trial(".variants", "1 to 100", variants=variants(*[1] * 101)),
    trial(".variants", "10001 of 10,000", variants=variants(5000, 5001)),
    trial(".variants", "10001 of 10,000", variants=variants(5000, 5000), holdout=1),
    trial(".variants[1]", "object", variants=[*variants(1), "b"]),
    trial(".variants[1].share", "1/100", variants=variants(1, 0.5)),
    trial(".variants[1].share", "1/100", variants=variants(1, -1)),
    trial(".variants[0].share", "missing", variants=[{"name": "control"}]),
    trial(".variants[1].name", "Another", variants=[{"name": "a", "share": 1}, {"name": "a", "share": 1}]),
    trial(".variants[0].name", "holdout", variants=[{"name": "holdout", "share": 1}]),
    trial(".variants[0].predictor", "no predictor", variants=variants(1, predictor="absent")),
    trial(".variants[0].shares", "known are", variants=variants(1, shares=1)),
    trial(".holdout", "1/100", holdout="1000"),
    trial(".end", "later than", start="2026-11-21T03:00:00Z", end="2026-11-21T03:00:00Z"),
    trial(".starts", "known are", starts="2026-11-21T03:00:00Z"),
    adjusted(2, "", "object"),
    adjusted({"multiply": 2}, ".multiply", "known are"),
    adjusted({"multiplier": -1}, ".multiplier", "from 0"),
    adjusted({"cap": None}, ".cap", "number"),
    adjusted({"floor": 2, "cap": 1}, ".floor", "above the cap"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_wrong_policy_is_refused_with_its_place(toolchain: Toolchain, models: Path, tmp_path: Path, case: Case):
    path = write_policy(tmp_path / "policy.json", case.document)
    refusal = refused(toolchain, models, path)
    assert (refusal.status, refusal.json_path) == (case.status, case.json_path), refusal
    assert case.word.lower() in refusal.message.lower()
    assert refusal.file == str(path)
    # The check finds the same mistake, and perhaps more.
    errors = [finding for finding in refusal.findings if finding["severity"] == "error"]
    assert errors[0]["status"] == f"VALUATION_ERROR_{refusal.status}"
    assert (errors[0]["json_path"], errors[0]["message"]) == (refusal.json_path, refusal.message)


def test_the_check_finds_every_mistake(toolchain: Toolchain, models: Path, tmp_path: Path):
    path = write_policy(tmp_path / "policy.json", policy(**TWO_MISTAKES))
    paths = [finding["json_path"] for finding in refused(toolchain, models, path).findings]
    assert paths == ["$.default", '$.campaigns["1"]']


@pytest.mark.parametrize(
    ("content", "status", "line", "column"),
    [
        (b"", "JSON_SYNTAX", 1, 0),
        (b"[]", INVALID, 0, 0),
        (b'{"format": "valuation-policy/1",\n "default": }', "JSON_SYNTAX", 2, 13),
        (b'{"format": "valuation-policy/1", "format": "valuation-policy/1"}', "DUPLICATE_KEY", 1, 0),
        (b'{"format": "\xff"}', "JSON_SYNTAX", 1, 0),
        (b"[" * 100_000, "LIMIT_EXCEEDED", 1, 0),
        (b'{"a":' * 2_040 + b"1" + b"}" * 2_040, "LIMIT_EXCEEDED", 1, 5 * 64 + 1),
        (b'{"x": [' + b"{}," * 1_000_000 + b"{}]}", "LIMIT_EXCEEDED", 1, 0),
        (b'{"x": [\n' + b'"",' * 4_000_000 + b'""]}', "LIMIT_EXCEEDED", 2, 0),
        (b'{"format": 1e999}', "NON_FINITE", 1, 0),
        (b'\xef\xbb\xbf{"format": "valuation-policy/1"}', "JSON_SYNTAX", 1, 0),
    ],
)
def test_invalid_json_is_refused_with_its_line(
    toolchain: Toolchain, models: Path, tmp_path: Path, content: bytes, status: str, line: int, column: int
):
    path = tmp_path / "policy.json"
    path.write_bytes(content)
    refusal = refused(toolchain, models, path)
    assert (refusal.status, refusal.line, refusal.file) == (status, line, str(path)), refusal
    assert column in (0, refusal.column)
    assert refusal.message


def test_a_policy_of_more_than_64_mebibytes_is_refused(toolchain: Toolchain, models: Path, tmp_path: Path):
    path = tmp_path / "policy.json"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    refusal = refused(toolchain, models, path)
    assert (refusal.status, refusal.findings) == ("LIMIT_EXCEEDED", "VALUATION_ERROR_LIMIT_EXCEEDED")
    assert "64 MiB" in refusal.message


def test_only_a_naive_predictor_needs_observed_rates(toolchain: Toolchain, tmp_path: Path):
    models = write_models(tmp_path / "models.jsonl", [model()])
    document = policy(predictors={"production": {"release": "LATEST"}, "safe": {"naive": {}}})
    refusal = refused(toolchain, models, write_policy(tmp_path / "policy.json", document))
    assert (refusal.status, refusal.json_path) == (INVALID, "$.predictors.safe.naive")
    errors = [finding["json_path"] for finding in refusal.findings if finding["severity"] == "error"]
    assert errors == ["$.predictors.safe.naive"]


def test_every_object_may_hold_comments(toolchain: Toolchain, models: Path, tmp_path: Path):
    document = policy(
        placement="slot",
        predictors={
            "production": {"release": "LATEST"},
            "naive": {"naive": {"comment": 1}},
            "house": {"constant": {"pctr": 0.1, "comment": []}},
            "old": {"retired": "worse"},
        },
        overrides=[override("house", scope={"placements": ["99"], "comment": ""})],
        experiments=[experiment("e")],
        campaigns={"1042": {"multiplier": 2}},
    )

    def commented(value: object, *, is_named: bool = False) -> object:
        if isinstance(value, list):
            return [commented(each) for each in value]
        if not isinstance(value, dict):
            return value
        inner = {key: commented(each, is_named=key in ("predictors", "campaigns")) for key, each in value.items()}
        return inner if is_named else inner | {"comment": {"any": ["thing"]}}

    path = write_policy(tmp_path / "policy.json", commented(copy.deepcopy(document)))
    refusal = refused(toolchain, models, path)
    assert refusal.status == "OK", refusal
