# SPDX-License-Identifier: Apache-2.0
"""The policy schema and the library agree: what one refuses the other refuses, at the same place.

Only the library refuses what a schema cannot express: an unknown predictor, a sum, a name used twice.
"""

from __future__ import annotations

import copy
import ctypes
import json
import math
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "Documentation/example/models"
EXAMPLE = ROOT / "Documentation/example/policy.json"
SCHEMA = json.loads((ROOT / "Documentation/policy.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)


# ---- The library ------------------------------------------------------------------------------------------------


class Problem(ctypes.Structure):
    """valuation_error."""

    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("status", ctypes.c_int32),
        ("line", ctypes.c_uint32),
        ("column", ctypes.c_uint32),
        ("file", ctypes.c_char * 512),
        ("json_path", ctypes.c_char * 256),
        ("message", ctypes.c_char * 1024),
    ]


class Judge:
    """An engine with the example's models, published twice, that checks policies."""

    def __init__(self, folder: Path):
        self.library = ctypes.CDLL(os.environ.get("VALUATION_LIBRARY") or str(ROOT / "build/lib/libvaluation.so.1"))
        self.library.valuation_status_name.restype = ctypes.c_char_p
        self.path = folder / "policy.json"
        self.engine = ctypes.c_void_p()
        assert self._call("valuation_engine_create", None, ctypes.byref(self.engine)) is None
        for release in ("first", "second"):
            models = folder / release
            shutil.copytree(MODELS, models)
            for path in models.glob("1042-click.json"):
                path.write_text(path.read_text().replace("2026-11-21T03:00:00Z", release))
            subprocess.run(
                [ROOT / "build/bin/valuation", "publish", models, "--to", folder / "models", "--id", release],
                check=True,
                capture_output=True,
            )
        assert self._call("valuation_engine_load", *self._text(folder / "models")) is None

    def close(self) -> None:
        self.library.valuation_engine_destroy(self.engine)

    def refusal(self, policy: object) -> Problem | None:
        """The library's error for a policy, or for a text instead of one; None if it accepts it."""
        text = policy if isinstance(policy, str) else json.dumps(policy, ensure_ascii=False)
        self.path.write_text(text, encoding="utf-8")
        return self._call("valuation_engine_load_policy", *self._text(self.path))

    def status(self, problem: Problem) -> str:
        return self.library.valuation_status_name(problem.status).decode().removeprefix("VALUATION_ERROR_")

    def _text(self, path: Path) -> tuple[ctypes.c_void_p, bytes, ctypes.c_size_t]:
        return self.engine, os.fsencode(path), ctypes.c_size_t(len(os.fsencode(path)))

    def _call(self, name: str, *arguments: object) -> Problem | None:
        problem = Problem(struct_size=ctypes.sizeof(Problem))
        return problem if getattr(self.library, name)(*arguments, ctypes.byref(problem)) else None


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory):
    judge = Judge(tmp_path_factory.mktemp("policy"))
    yield judge
    judge.close()


# ---- Policies ---------------------------------------------------------------------------------------------------


def policy(**members: object) -> dict:
    """A sound policy with some members changed."""
    return {
        "format": "valuation-policy/1",
        "predictors": {
            "production": {"release": "LATEST"},
            "safe": {"naive": {}},
            "bag": {"ensemble": ["LATEST", "first"], "mean": "logit"},
            "old": {"retired": "it lost"},
        },
        "default": "production",
    } | members


def predictor(value: object, name: str = "x") -> dict:
    """A policy with one more predictor."""
    return policy(predictors=policy()["predictors"] | {name: value})


def override(**members: object) -> dict:
    return policy(overrides=[{"predictor": "safe", "reason": "to try"} | members])


def scope(members: object, **more: object) -> dict:
    return override(scope=members) | more


CONTROL = {"name": "control", "share": 5000}
TREATED = {"name": "treated", "share": 4000, "predictor": "bag"}


def experiment(**members: object) -> dict:
    return {"name": "bagging", "salt": "bagging-1", "variants": [CONTROL, TREATED], "holdout": 1000} | members


def experiments(**members: object) -> dict:
    return policy(experiments=[experiment(**members)])


def variant(**members: object) -> dict:
    return experiments(variants=[CONTROL, TREATED | members])


def campaign(value: object, name: str = "7") -> dict:
    return policy(campaigns={name: value})


def without(document: dict, *path: str | int) -> dict:
    """A copy of a policy that lacks one member."""
    document = copy.deepcopy(document)
    parent = document
    for step in path[:-1]:
        parent = parent[step]
    del parent[path[-1]]
    return document


LONG = "x" * 256
NO_NAMES = [None, "", 7, True, [], "a\nb", LONG]
NO_TIMES = [
    *[None, 1763694000, "", "now", "2026-11-21", "2026-11-21T03:00:00", "2026-11-21 03:00:00Z", "2026-11-21T03:00Z"],
    *["2026-11-21T03:00:00+01:00", "2026-11-21t03:00:00z", "2026-11-21T03:00:00.Z", "2026-11-21T03:00:00Z\n"],
    *["2026-13-21T03:00:00Z", "2026-11-31T03:00:00Z", "2026-02-30T03:00:00Z", "2026-11-21T24:00:00Z"],
    *["2026-11-21T03:60:00Z", "2026-11-21T03:00:60Z"],
]
NO_SHARES = [None, "5000", True, -1, 0.5, 10_001, 1e300]
NO_NUMBERS = [None, "1", True, -0.1, 1e300]

# A policy, and the place of the fault that both find.
FAULTY = [
    ([], "$"),
    ({}, "$.format"),
    *[(policy(format=value), "$.format") for value in (None, 1, "", "valuation-policy/2", "valuation-model/1")],
    (without(policy(), "predictors"), "$.predictors"),
    *[(policy(predictors=value), "$.predictors") for value in (None, [], "LATEST")],
    (without(policy(), "default"), "$.default"),
    *[(policy(default=value), "$.default") for value in NO_NAMES],
    *[(policy(version=value), "$.version") for value in NO_NAMES],
    *[(policy(placement=value), "$.placement") for value in NO_NAMES],
    *[(policy(**{name: 1}), f"$.{name}") for name in ("defualt", "Default", "experiment", "override", "campaign")],
    # Predictors.
    *[
        (predictor(value), "$.predictors.x")
        for value in (None, "LATEST", [], {}, {"mean": "logit"}, {"exploration": 1})
    ],
    *[(predictor({"naive": {}}, name), None) for name in ("", LONG, "a\tb")],
    (predictor({"release": "LATEST", "naive": {}}), "$.predictors.x"),
    (predictor({"release": "LATEST", "weight": 1}), "$.predictors.x.weight"),
    (predictor("to all", "comment"), "$.predictors.comment"),
    *[
        (predictor({"release": value}), "$.predictors.x.release")
        for value in (None, "", 1, ["LATEST"], ".", "..", ".first", "a/b", "a b", "first\n", "ä", "x" * 65)
    ],
    *[
        (predictor({"ensemble": value}), "$.predictors.x.ensemble")
        for value in (None, "LATEST", {}, [], ["LATEST"], ["LATEST"] * 17)
    ],
    (predictor({"ensemble": ["LATEST", None]}), "$.predictors.x.ensemble[1]"),
    (predictor({"ensemble": ["LATEST", "first", "a/b"]}), "$.predictors.x.ensemble[2]"),
    (predictor({"ensemble": ["LATEST", "LATEST"]}), "$.predictors.x.ensemble[1]"),
    *[
        (predictor({"ensemble": ["LATEST", "first"], "mean": value}), "$.predictors.x.mean")
        for value in (None, "", "median", 1)
    ],
    *[(predictor({"constant": value}), "$.predictors.x.constant") for value in (None, 0.1, {}, {"pcvr": 0.1})],
    *[(predictor({"constant": {"pctr": value}}), "$.predictors.x.constant.pctr") for value in (*NO_NUMBERS, 1.5)],
    (predictor({"constant": {"pctr": 0.1, "pcvr": None}}), "$.predictors.x.constant.pcvr"),
    (predictor({"constant": {"pctr": 0.1, "ctr": 1}}), "$.predictors.x.constant.ctr"),
    *[(predictor({"naive": value}), "$.predictors.x.naive") for value in (None, True, [], 1000)],
    *[
        (predictor({"naive": {name: value}}), f"$.predictors.x.naive.{name}")
        for name in ("impressions", "clicks")
        for value in (*NO_NUMBERS, 0, 0.5, 2e9)
    ],
    (predictor({"naive": {"conversions": 1}}), "$.predictors.x.naive.conversions"),
    *[(predictor({"retired": value}), "$.predictors.x.retired") for value in NO_NAMES],
    *[
        (predictor({"release": "LATEST", "exploration": value}), "$.predictors.x.exploration")
        for value in (*NO_NUMBERS, 101)
    ],
    *[
        (predictor(value | {"exploration": 1}), "$.predictors.x.exploration")
        for value in ({"ensemble": ["LATEST", "first"]}, {"constant": {"pctr": 0.1}}, {"retired": "so"})
    ],
    # Scopes.
    *[(scope(value), "$.overrides[0].scope") for value in (None, [], "7", ["7"])],
    (scope({"campaign": ["7"]}), "$.overrides[0].scope.campaign"),
    *[
        (scope({kind: value}, placement="slot"), f"$.overrides[0].scope.{kind}")
        for kind in ("campaigns", "advertisers", "placements")
        for value in (None, "7", 7, {}, [])
    ],
    *[(scope({"campaigns": ["6", value]}), "$.overrides[0].scope.campaigns[1]") for value in (*NO_NAMES, "6")],
    (scope({"placements": ["12"]}), "$.overrides[0].scope.placements"),
    *[
        (scope({"newcomers": value}), "$.overrides[0].scope.newcomers")
        for value in (None, [], True, "click", {}, {"comment": "all"})
    ],
    *[
        (scope({"newcomers": {kind: value}}), f"$.overrides[0].scope.newcomers.{kind}")
        for kind in ("fewer_impressions_than", "fewer_clicks_than")
        for value in (0, 0.5, -1, 2e15, "1", None, True)
    ],
    *[
        (scope({"newcomers": {"without_model": value}}), "$.overrides[0].scope.newcomers.without_model")
        for value in (True, None, "", "clicks", ["click"])
    ],
    (scope({"newcomers": {"fewer_clicks": 1}}), "$.overrides[0].scope.newcomers.fewer_clicks"),
    (experiments(scope={"placements": ["12"]}), "$.experiments[0].scope.placements"),
    (experiments(scope={"advertisers": ["6", "7", "6"]}), "$.experiments[0].scope.advertisers[2]"),
    # Overrides.
    *[(policy(overrides=value), "$.overrides") for value in (None, {}, "safe")],
    *[(policy(overrides=[value]), "$.overrides[0]") for value in (None, [], "safe")],
    *[(without(override(), "overrides", 0, name), f"$.overrides[0].{name}") for name in ("predictor", "reason")],
    *[(override(**{name: value}), f"$.overrides[0].{name}") for name in ("predictor", "reason") for value in NO_NAMES],
    *[(override(expires=value), "$.overrides[0].expires") for value in NO_TIMES],
    (override(expired="2026-11-21T03:00:00Z"), "$.overrides[0].expired"),
    # Experiments.
    *[(policy(experiments=value), "$.experiments") for value in (None, {}, "bagging")],
    *[(policy(experiments=[experiment(), value]), "$.experiments[1]") for value in (None, [], "bagging")],
    *[
        (without(experiments(), "experiments", 0, name), f"$.experiments[0].{name}")
        for name in ("name", "salt", "variants")
    ],
    *[
        (experiments(**{name: value}), f"$.experiments[0].{name}")
        for name in ("name", "salt", "layer", "unit")
        for value in NO_NAMES
    ],
    *[(experiments(**{name: value}), f"$.experiments[0].{name}") for name in ("start", "end") for value in NO_TIMES],
    *[(experiments(holdout=value), "$.experiments[0].holdout") for value in NO_SHARES],
    *[
        (experiments(variants=value), "$.experiments[0].variants")
        for value in (None, {}, [], [{"name": str(number), "share": 1} for number in range(101)])
    ],
    *[(experiments(variants=[CONTROL, value]), "$.experiments[0].variants[1]") for value in (None, [], "b")],
    (experiments(traffic=1), "$.experiments[0].traffic"),
    *[
        (without(variant(), "experiments", 0, "variants", 1, name), f"$.experiments[0].variants[1].{name}")
        for name in ("name", "share")
    ],
    *[(variant(name=value), "$.experiments[0].variants[1].name") for value in (*NO_NAMES, "holdout")],
    *[(variant(share=value), "$.experiments[0].variants[1].share") for value in NO_SHARES],
    *[(variant(predictor=value), "$.experiments[0].variants[1].predictor") for value in NO_NAMES if value is not None],
    (variant(weight=1), "$.experiments[0].variants[1].weight"),
    # Adjustments.
    *[(policy(campaigns=value), "$.campaigns") for value in (None, [], 2)],
    *[(campaign(value), '$.campaigns["7"]') for value in (None, [], 2)],
    *[
        (campaign({name: value}), f'$.campaigns["7"].{name}')
        for name in ("multiplier", "floor", "cap")
        for value in NO_NUMBERS
    ],
    (campaign({"bid": 1}), '$.campaigns["7"].bid'),
    (predictor({"release": "LATEST", "mean": "logit"}), "$.predictors.x.mean"),
    (predictor({"naive": {}, "mean": 7}), "$.predictors.x.mean"),
    (policy(placement="a=b"), "$.placement"),
    *[(campaign({"multiplier": 2}, name), None) for name in ("", LONG, "a\nb", "*")],
    (override(scope={"campaigns": ["1042", "*"]}), "$.overrides[0].scope.campaigns[1]"),
    (override(expires="2026-11-21T03:00:00.123456789xZ"), "$.overrides[0].expires"),
]

# A policy, the place of the fault that the library finds, and a word of its message; a schema cannot find these.
BEYOND = [
    (policy(default="nobody"), "$.default", "no predictor"),
    (policy(default="old"), "$.default", "retired (it lost)"),
    (override(predictor="nobody"), "$.overrides[0].predictor", "no predictor"),
    (override(predictor="old"), "$.overrides[0].predictor", "retired"),
    (variant(predictor="nobody"), "$.experiments[0].variants[1].predictor", "no predictor"),
    (variant(predictor="old"), "$.experiments[0].variants[1].predictor", "retired"),
    (predictor({"release": "third"}), "$.predictors.x.release", "third"),
    (predictor({"ensemble": ["LATEST", "third"]}), "$.predictors.x.ensemble[1]", "third"),
    (variant(share=4001), "$.experiments[0].variants", "10001"),
    (experiments(holdout=1001), "$.experiments[0].variants", "10001"),
    (variant(name="control"), "$.experiments[0].variants[1].name", "Another variant"),
    (policy(experiments=[experiment(), experiment(salt="other")]), "$.experiments[1].name", "$.experiments[0]"),
    (policy(experiments=[experiment(), experiment(name="other")]), "$.experiments[1].salt", "$.experiments[0]"),
    (
        policy(experiments=[experiment(name=str(n), salt=str(n), unit=str(n)) for n in range(17)]),
        "$.experiments[16].unit",
        "16",
    ),
    (
        experiments(start="2026-11-21T03:00:00Z", end="2026-11-21T03:00:00Z"),
        "$.experiments[0].end",
        "",
    ),
    (experiments(start="2026-11-22T03:00:00Z", end="2026-11-21T03:00:00Z"), "$.experiments[0].end", "later"),
    (override(expires="2026-02-29T03:00:00Z"), "$.overrides[0].expires", "UTC"),
    (campaign({"floor": 2, "cap": 1}), '$.campaigns["7"].floor', "above the cap"),
    (override(reason="ä" * 128), "$.overrides[0].reason", "255"),
    (
        policy(
            predictors=policy()["predictors"] | {f"r{n}": {"release": f"r{n}"} for n in range(16)},
        ),
        "$.predictors.r14.release",
        "16",
    ),
]

SOUND = [
    policy(),
    policy(version="v", placement="slot", comment=[1, {"two": None}], overrides=[], experiments=[], campaigns={}),
    predictor({"release": "second", "exploration": 0, "comment": "so"}),
    predictor({"naive": {"impressions": 1, "clicks": 1e9, "comment": 1}, "exploration": 100}),
    predictor({"constant": {"pctr": 0, "pcvr": 1, "comment": 1}}),
    predictor({"naive": {}}, "comment"),
    predictor({"naive": {}}, "x" * 255),
    scope({}),
    scope({"campaigns": ["7"], "advertisers": ["77", "78"], "placements": ["12"], "comment": ""}, placement="slot"),
    scope({"newcomers": {"without_model": "click", "comment": ""}, "campaigns": ["7"]}),
    scope({"newcomers": {"without_model": "conversion", "fewer_impressions_than": 1, "fewer_clicks_than": 1e15}}),
    override(expires="2028-02-29T23:59:59.999Z", comment="a leap year"),
    experiments(layer="l", unit="user", start="2026-11-21T03:00:00Z", end="2026-11-21T03:00:01Z", comment=None),
    experiments(holdout=0, variants=[CONTROL | {"share": 0, "predictor": None, "comment": 0}]),
    variant(share=4e3),
    campaign({}),
    campaign({"multiplier": 0, "floor": 0.5, "cap": 0.5, "comment": "so"}),
]


def path_text(steps) -> str:
    """The path of a schema's error, as the library writes paths."""
    text = "$"
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", step):
            text += f".{step}"
        else:
            quoted = step.replace("\\", "\\\\").replace('"', '\\"')
            text += f'["{quoted}"]'
    return text


def label(value: object) -> str:
    return json.dumps(value)[-60:]


# ---- What the two find ------------------------------------------------------------------------------------------


def test_the_schema_is_a_valid_schema():
    Draft202012Validator.check_schema(SCHEMA)


def test_both_accept_the_example_and_the_page_shows_it(judge: Judge):
    example = json.loads(EXAMPLE.read_text())
    assert list(VALIDATOR.iter_errors(example)) == []
    assert judge.refusal(EXAMPLE.read_text()) is None
    page = (ROOT / "Documentation/policy.md").read_text()
    assert f"```json\n{EXAMPLE.read_text()}```\n" in page


def test_the_pages_python_prints_what_the_page_says(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    page = (ROOT / "Documentation/policy.md").read_text()
    names: dict = {}
    for block in re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        exec(block, names)
    assert names["bucket"] == 5870
    # The click of campaign 2077, for which nothing was observed, drawn by half a standard deviation.
    request = '{"id": "imp-1", "unit": {"user": "u-7"}, "time": "2026-11-22T00:00:00Z", "candidates": [CANDIDATE]}'
    request = request.replace("CANDIDATE", '{"campaign": "2077", "pricing": "cpc", "bid": 1}')
    alpha, beta = 1000 * 0.0041, 1000 * (1 - 0.0041)
    z = names["z"](names["engine"], names["fingerprint64"]("imp-1"), 0, "2077", 0)
    logit = math.log(alpha / beta) + 0.5 * math.sqrt(1 / alpha + 1 / beta) * z
    answer = subprocess.run(
        [ROOT / "build/bin/valuation", "score", "--models", MODELS, "--policy", EXAMPLE, "--format", "jsonl"],
        input=request,
        capture_output=True,
        text=True,
        check=True,
    )
    value = json.loads(answer.stdout)["values"][0]
    assert value["predictor"] == "curious"
    assert value["pctr"] == pytest.approx(1 / (1 + math.exp(-logit)), rel=1e-6)


@pytest.mark.parametrize("document", SOUND, ids=label)
def test_both_accept_sound_policies(judge: Judge, document: dict):
    assert list(VALIDATOR.iter_errors(document)) == []
    refusal = judge.refusal(document)
    assert refusal is None, refusal.message


@pytest.mark.parametrize(
    ("document", "place"),
    FAULTY,
    ids=label,
)
def test_both_refuse_a_fault_at_its_place(judge: Judge, document: object, place: str | None):
    errors = list(VALIDATOR.iter_errors(document))
    assert errors
    refusal = judge.refusal(document)
    assert refusal is not None
    assert refusal.message
    if place is None:  # the name appears in the path
        return
    assert refusal.json_path.decode() == place
    # A schema reports a missing or unknown member, or an unknown kind of predictor, at the enclosing object.
    assert any(place.startswith(path_text(error.absolute_path)) for error in errors)


@pytest.mark.parametrize(("document", "place", "word"), BEYOND, ids=label)
def test_only_the_library_refuses_what_a_schema_cannot_know(judge: Judge, document: dict, place: str, word: str):
    assert list(VALIDATOR.iter_errors(document)) == []
    refusal = judge.refusal(document)
    assert refusal is not None
    assert refusal.json_path.decode() == place
    assert word in refusal.message.decode()


def test_the_library_names_a_missing_release(judge: Judge):
    refusal = judge.refusal(predictor({"release": "third"}))
    assert judge.status(refusal) == "UNKNOWN_RELEASE"


@pytest.mark.parametrize("text", ["", "{", "{} {}", '{"format": "valuation-policy/1", "format": "valuation-policy/1"}'])
def test_invalid_json_is_refused_with_its_line(judge: Judge, text: str):
    refusal = judge.refusal(text)
    assert judge.status(refusal) in ("JSON_SYNTAX", "DUPLICATE_KEY")
    assert refusal.line == 1


# ---- Random policies -------------------------------------------------------------------------------------------

NAMES = st.text('abc "\\=ä😀\x7f', min_size=1, max_size=5)
TIMES = st.sampled_from(["0000-01-01T00:00:00Z", "2026-11-21T03:00:00Z", "2400-02-29T12:34:56.5Z"])
COMMENT = {"comment": st.none() | st.booleans() | st.lists(st.integers(0, 9)) | NAMES}
NUMBERS = st.integers(0, 1) | st.floats(0, 1)
RELEASES = ["LATEST", "first", "second"]
EXPLORATION = {"exploration": st.integers(0, 100) | st.floats(0, 100)}
SCOPES = st.fixed_dictionaries(
    {},
    optional=COMMENT
    | {
        kind: st.lists(NAMES, min_size=1, max_size=3, unique=True)
        for kind in ("campaigns", "advertisers", "placements")
    }
    | {
        "newcomers": st.sampled_from([{"without_model": "click"}, {"without_model": "conversion"}])
        | st.sampled_from([{"fewer_impressions_than": 1000}, {"fewer_clicks_than": 1.5, "without_model": "click"}])
    },
)
PREDICTORS = st.one_of(
    st.fixed_dictionaries({"release": st.sampled_from(RELEASES)}, optional=COMMENT | EXPLORATION),
    st.fixed_dictionaries(
        {"ensemble": st.lists(st.sampled_from(RELEASES), min_size=2, max_size=3, unique=True)},
        optional=COMMENT | {"mean": st.sampled_from(["probability", "logit"])},
    ),
    st.fixed_dictionaries(
        {"constant": st.fixed_dictionaries({"pctr": NUMBERS}, optional=COMMENT | {"pcvr": NUMBERS})}, optional=COMMENT
    ),
    st.fixed_dictionaries(
        {
            "naive": st.fixed_dictionaries(
                {}, optional=COMMENT | {"impressions": st.integers(1, 10**9), "clicks": st.floats(1, 1e9)}
            )
        },
        optional=COMMENT | EXPLORATION,
    ),
)


@st.composite
def policies(draw) -> dict:
    """Sound policies."""
    predictors = draw(st.dictionaries(NAMES, PREDICTORS, min_size=1, max_size=4))
    known = st.sampled_from(sorted(predictors))
    predictors |= {name: {"retired": name} for name in draw(st.sets(NAMES, max_size=1)) - set(predictors)}
    variants = st.lists(
        st.fixed_dictionaries(
            {"name": NAMES, "share": st.integers(0, 2500)}, optional=COMMENT | {"predictor": known | st.none()}
        ),
        min_size=1,
        max_size=3,
        unique_by=lambda variant: variant["name"],
    )
    more = draw(
        st.fixed_dictionaries(
            {},
            optional=COMMENT
            | {
                "version": NAMES,
                "overrides": st.lists(
                    st.fixed_dictionaries(
                        {"predictor": known, "reason": NAMES}, optional=COMMENT | {"scope": SCOPES, "expires": TIMES}
                    ),
                    max_size=3,
                ),
                "experiments": st.lists(
                    st.fixed_dictionaries(
                        {"name": NAMES, "salt": NAMES, "variants": variants},
                        optional=COMMENT
                        | {"scope": SCOPES, "layer": NAMES, "unit": NAMES, "holdout": st.integers(0, 2500)}
                        | {"end": TIMES},
                    ),
                    max_size=3,
                    unique_by=(lambda experiment: experiment["name"], lambda experiment: experiment["salt"]),
                ),
                "campaigns": st.dictionaries(
                    NAMES,
                    st.fixed_dictionaries(
                        {}, optional=COMMENT | {"multiplier": NUMBERS, "floor": NUMBERS, "cap": st.floats(1, 1e12)}
                    ),
                    max_size=3,
                ),
            },
        )
    )
    return {
        "format": "valuation-policy/1",
        "placement": draw(st.sampled_from(["slot", "os"])),
        "minimum_propensity": draw(st.floats(0, 1)),
        "predictors": predictors,
        "default": draw(known),
    } | more


JUNK = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1,
        0.5,
        2500,
        10_001,
        1e13,
        "",
        "x",
        "LATEST",
        LONG,
        "a\nb",
        "holdout",
        [],
        ["x"],
        ["x", "x"],
        {},
    ]
) | st.fixed_dictionaries({}, optional={name: st.just("x") for name in ("release", "name", "campaigns", "comment")})
MEMBERS = st.sampled_from(
    [
        "comment",
        "scope",
        "predictor",
        "mean",
        "exploration",
        "minimum_propensity",
        "holdout",
        "end",
        "cap",
        "release",
        "naive",
        "x",
        "",
        "a\tb",
    ]
)

# Faults that only the library can find.
BEYOND_A_SCHEMA = re.compile(
    "There is no (predictor|release)|is retired|add up to|Another variant|has this (name|salt)|above the cap"
    "|It ends before|UTC"
)


def places(value: object, path: tuple = ()) -> list[tuple]:
    """The paths of all values inside a document."""
    found = [path]
    if isinstance(value, dict):
        for name, member in value.items():
            found += places(member, (*path, name))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            found += places(element, (*path, index))
    return found


@st.composite
def faulty_policies(draw) -> object:
    """Sound policies in which something was replaced, removed or inserted."""
    # A copy: some of its parts are constants of the strategies, and the changes below would stay in them.
    document = copy.deepcopy(draw(policies()))
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(places(document)))
        if not path:
            continue
        parent = document
        for step in path[:-1]:
            parent = parent[step]
        here = parent[path[-1]]
        act = draw(st.sampled_from(["replace", "remove", "insert"]))
        if act == "insert" and isinstance(here, dict):
            here[draw(MEMBERS)] = copy.deepcopy(draw(JUNK))
        elif act == "insert" and isinstance(here, list):
            here.append(copy.deepcopy(draw(JUNK)))
        elif act == "remove":
            del parent[path[-1]]
        else:
            parent[path[-1]] = copy.deepcopy(draw(JUNK))
    return document


OPTIONS = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), database=None)


@OPTIONS
@given(document=policies())
def test_both_accept_any_sound_policy(judge: Judge, document: dict):
    assert list(VALIDATOR.iter_errors(document)) == []
    refusal = judge.refusal(document)
    assert refusal is None, (refusal.json_path, refusal.message)


@OPTIONS
@given(document=faulty_policies())
def test_both_judge_a_changed_policy_alike(judge: Judge, document: object):
    is_sound = VALIDATOR.is_valid(document)
    refusal = judge.refusal(document)
    if refusal is None:
        assert is_sound, [error.message for error in VALIDATOR.iter_errors(document)]
    elif is_sound:
        message = refusal.message.decode()
        assert BEYOND_A_SCHEMA.search(message), (refusal.json_path, message)
