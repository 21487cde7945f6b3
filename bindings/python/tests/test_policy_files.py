# SPDX-License-Identifier: Apache-2.0
"""An engine follows a policy's file, refuses a wrong one with a reason, and can check one beforehand."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import policies
import reference
import valuation
from conftest import CLICK, CONVERSION, EVERYBODY, REQUEST, release_of
from policies import experiment, policy
from valuation import Batch, Candidates, Engine, Features, Finding, Status, check_policy, publish

HOUSE: dict[str, Any] = {"house": {"constant": {"pctr": 0.25, "pcvr": 0.5}}}


def predictor_of(engine: Engine) -> str:
    """The predictor that values the request's ad."""
    return engine.score(REQUEST)["values"][0]["predictor"]


def test_refresh_follows_the_file_of_the_policy(engine: Engine, tmp_path: Path) -> None:
    file = policies.write(tmp_path / "policy.json", policy())
    engine.load_policy(file)
    assert not engine.refresh()
    policies.write(tmp_path / "next.json", policy("house", predictors=HOUSE)).replace(file)
    assert predictor_of(engine) == "production"
    assert engine.refresh()
    assert predictor_of(engine) == "house"
    assert not engine.refresh()
    engine.load_policy(None)
    policies.write(file, policy())
    with pytest.raises(valuation.StateError):
        engine.refresh()  # neither a policy nor a directory of releases is left


def test_a_release_published_later_is_latest_for_the_policy_too(
    releases: Path, tmp_path: Path, follower: Engine
) -> None:
    follower.load_policy(policies.write(tmp_path / "policy.json", policy(predictors={"old": {"release": "monday"}})))
    before = follower.score(REQUEST)["values"][0]
    brighter = reference.write(tmp_path / "bright.jsonl", EVERYBODY, CLICK | {"intercept": -1.0}, CONVERSION)
    publish(brighter, releases, id="wednesday")
    assert follower.refresh()
    (value,) = follower.score(REQUEST)["values"]
    assert value["predictor"] == "production"
    assert value["expected_revenue"] > before["expected_revenue"]
    assert release_of(follower) == "wednesday"


def test_a_file_that_became_wrong_leaves_the_old_policy_and_holds_up_no_release(
    releases: Path, tmp_path: Path, follower: Engine
) -> None:
    file = policies.write(tmp_path / "policy.json", policy("house", predictors=HOUSE))
    follower.load_policy(file)
    publish(releases / "releases" / "monday", releases, id="wednesday")
    file.write_text('{"format": "valuation-policy/1",\n "predictors": {')
    for _ in range(2):  # the next refresh tries again
        with pytest.raises(valuation.ModelError) as caught:
            follower.refresh()
        assert (caught.value.status, caught.value.file, caught.value.line) == (Status.JSON_SYNTAX, str(file), 2)
        assert predictor_of(follower) == "house"
        assert release_of(follower) == "wednesday"
    policies.write(file, policy())
    assert follower.refresh()
    assert predictor_of(follower) == "production"


def test_if_its_file_is_missing_the_policy_stays_in_force(engine: Engine, tmp_path: Path) -> None:
    file = policies.write(tmp_path / "policy.json", policy("house", predictors=HOUSE))
    engine.load_policy(file)
    file.unlink()
    with pytest.raises(FileNotFoundError):
        engine.refresh()
    with pytest.raises(valuation.ModelNotFoundError) as caught:
        engine.load_policy(file)
    assert caught.value.file == str(file)
    assert predictor_of(engine) == "house"


def test_a_naive_predictor_holds_up_no_models_and_values_nothing_without_counts(
    releases: Path, tmp_path: Path, follower: Engine
) -> None:
    file = policies.write(tmp_path / "policy.json", policy("safe", predictors={"safe": {"naive": {}}}))
    follower.load_policy(file)
    follower.load(reference.write(tmp_path / "uncounted.json", reference.model("1042")))
    ad = {"campaign": "1042", "pricing": "cpc", "bid": 1}
    value = follower.score({"candidates": [ad]})["values"][0]
    assert (value["predictor"], value["expected_revenue"], value["pctr"]) == ("safe", 0, None)
    assert "no_click_model" in value["flags"]
    with pytest.raises(valuation.ModelError) as caught:
        follower.load_policy(file)
    assert caught.value.json_path == "$.predictors.safe.naive"


def test_a_policy_needs_models(tmp_path: Path) -> None:
    with Engine() as empty, pytest.raises(valuation.NothingLoadedError):
        empty.load_policy(policies.write(tmp_path / "policy.json", policy()))


def test_calls_that_need_a_policy_are_refused_without_one(engine: Engine) -> None:
    with pytest.raises(valuation.StateError, match="No policy is loaded"):
        engine.assign(REQUEST)
    with pytest.raises(ValueError, match="not empty"):
        engine.load_policy("")


def test_each_call_sees_one_policy_as_a_whole(engine: Engine, tmp_path: Path) -> None:
    def constant(pctr: float) -> policies.Policy:
        return policy("house", predictors={"house": {"constant": {"pctr": pctr}}})

    file = policies.write(tmp_path / "policy.json", constant(0.25))
    engine.load_policy(file)
    batch = Batch(Features.empty(500), Candidates(engine.campaign_keys(["1042"] * 500), "cpc", 1.0))
    finished = threading.Event()
    seen: list[set[float]] = []

    def score() -> None:
        while not finished.is_set():
            seen.append(set(engine.score_batch(batch)["pctr"].tolist()))

    threads = [threading.Thread(target=score) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(60):
        policies.write(tmp_path / "next.json", constant(0.25 if number % 2 else 0.5)).replace(file)
        assert engine.refresh()
    finished.set()
    for thread in threads:
        thread.join()
    assert {len(pctr) for pctr in seen} == {1}
    assert set().union(*seen) <= {0.25, 0.5}


def test_memory_does_not_grow_with_policies(releases: Path, tmp_path: Path) -> None:
    house = [
        {"scope": {"campaigns": [str(number)]}, "predictor": "house", "reason": "because"} for number in range(500)
    ]
    predictors = {"bag": {"ensemble": ["LATEST", "monday"]}, "curious": {"release": "monday", "exploration": 1}}
    file = policies.write(tmp_path / "policy.json", policy("bag", predictors=HOUSE | predictors, overrides=house))
    wrong = policies.write(tmp_path / "wrong.json", policy("nobody"))
    program = """
import resource, sys, valuation
root, file, wrong = sys.argv[1:]
engine = valuation.Engine()
engine.load(root)
ads = valuation.Candidates(engine.campaign_keys(["1042", "3"] * 50), "cpc", 1.0)
batch = valuation.Batch(valuation.Features.empty(1), ads, [0, 100], units={"user": "u-1"})
def rounds(count):
    for _ in range(count):
        engine.load_policy(file)
        engine.explore(batch)
        engine.assign({"unit": "u-1", "candidates": [{"campaign": "1042"}]})
        valuation.check_policy(file, root)
        try:
            engine.load_policy(wrong)
        except valuation.ModelError:
            pass
        engine.load_policy(None)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = rounds(20)
print(rounds(200) - before)
"""
    command: list[str | Path] = [sys.executable, "-c", program, releases, file, wrong]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    assert int(result.stdout) < 4096  # KiB; a policy alone is 100 KiB


TRIAL = experiment("trial", ("control", 5000, None))
RETIRED = {"old": {"retired": "it lost money"}}
REFUSALS: dict[str, tuple[dict[str, Any], Status, str, str]] = {
    "an unknown release": (
        {"predictors": {"old": {"release": "sunday"}}},
        Status.UNKNOWN_RELEASE,
        "$.predictors.old.release",
        "sunday",
    ),
    "an unknown release of an ensemble": (
        {"predictors": {"bag": {"ensemble": ["LATEST", "sunday"]}}},
        Status.UNKNOWN_RELEASE,
        "$.predictors.bag.ensemble[1]",
        "sunday",
    ),
    "a retired default": (
        {"default": "old", "predictors": RETIRED},
        Status.INVALID_VALUE,
        "$.default",
        "it lost money",
    ),
    "a retired override": (
        {"predictors": RETIRED, "overrides": [{"predictor": "old", "reason": "because"}]},
        Status.INVALID_VALUE,
        "$.overrides[0].predictor",
        "retired",
    ),
    "a retired variant": (
        {"predictors": RETIRED, "experiments": [experiment("trial", ("control", 1, None), ("old", 1, "old"))]},
        Status.INVALID_VALUE,
        "$.experiments[0].variants[1].predictor",
        "retired",
    ),
    "an unknown predictor": ({"default": "tomorrow"}, Status.INVALID_VALUE, "$.default", "tomorrow"),
    "an override without a reason": (
        {"overrides": [{"predictor": "production"}]},
        Status.INVALID_VALUE,
        "$.overrides[0].reason",
        "missing",
    ),
    "a misspelt member": (
        {"overrides": [{"predictor": "production", "reason": "because", "expire": "2026-12-01T00:00:00Z"}]},
        Status.INVALID_VALUE,
        "$.overrides[0].expire",
        "expires",
    ),
    "more buckets than there are": (
        {"experiments": [experiment("trial", ("control", 6000, None), ("b", 4000, None), holdout=1)]},
        Status.INVALID_VALUE,
        "$.experiments[0].variants",
        "10001",
    ),
    "one salt for two experiments": (
        {"experiments": [TRIAL, TRIAL | {"name": "other"}]},
        Status.INVALID_VALUE,
        "$.experiments[1].salt",
        "$.experiments[0]",
    ),
    "a scope of nothing": (
        {"overrides": [{"scope": {"campaigns": []}, "predictor": "production", "reason": "because"}]},
        Status.INVALID_VALUE,
        "$.overrides[0].scope.campaigns",
        "at least one",
    ),
    "nine conditions for newcomers": (
        {
            "overrides": [
                {"scope": {"newcomers": {"fewer_clicks_than": most}}, "predictor": "production", "reason": "because"}
                for most in range(1, 10)
            ]
        },
        Status.LIMIT_EXCEEDED,
        "$.overrides[8].scope.newcomers",
        "8 different",
    ),
    "another format": ({"format": "valuation-policy/2"}, Status.FORMAT, "$.format", "valuation-policy/1"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_wrong_policy_is_refused_with_its_place_and_the_old_one_goes_on(
    case: str, releases: Path, tmp_path: Path, follower: Engine
) -> None:
    members, status, json_path, words = REFUSALS[case]
    follower.load_policy(policies.write(tmp_path / "policy.json", policy("house", predictors=HOUSE)))
    expected = follower.score(REQUEST)
    wrong = policies.write(tmp_path / "wrong.json", policy(**members))
    with pytest.raises(valuation.ModelError, match=words.replace("$", r"\$").replace("[", r"\[")) as caught:
        follower.load_policy(wrong)
    assert (caught.value.status, caught.value.file, caught.value.json_path) == (status, str(wrong), json_path)
    assert isinstance(caught.value, valuation.UnknownReleaseError) == (status == Status.UNKNOWN_RELEASE)
    assert follower.score(REQUEST) == expected
    found = check_policy(wrong, releases)
    assert ("error", f"VALUATION_ERROR_{status.name}", json_path) in [
        (finding.severity, finding.status, finding.json_path) for finding in found
    ]


def test_a_check_reports_every_error(tmp_path: Path) -> None:
    wrong = policy("tomorrow", overrides=[{"predictor": "production"}], experiments=[TRIAL | {"holdout": -1}])
    found = check_policy(policies.write(tmp_path / "policy.json", wrong))
    assert [finding.json_path for finding in found] == [
        "$.default",
        "$.overrides[0].reason",
        "$.experiments[0].holdout",
    ]
    assert {finding.severity for finding in found} == {"error"}
    (tmp_path / "policy.json").write_text("{\n}}")
    (finding,) = check_policy(tmp_path / "policy.json")
    assert (finding.status, finding.line) == ("VALUATION_ERROR_JSON_SYNTAX", 2)
    assert str(finding) == f"error: line 2: {finding.message} [VALUATION_ERROR_JSON_SYNTAX]"


PAIR = [("control", 5000, None), ("b", 5000, "house")]
SUSPICIONS: dict[str, tuple[dict[str, Any], str]] = {
    "an expired override": (
        {"overrides": [{"predictor": "house", "reason": "because", "expires": "2020-01-01T00:00:00Z"}]},
        "$.overrides[0].expires",
    ),
    "an experiment that is over": (
        {"experiments": [experiment("trial", *PAIR, end="2020-01-01T00:00:00Z")]},
        "$.experiments[0].end",
    ),
    "a rule behind one that always applies": (
        {"overrides": [{"predictor": "house", "reason": "because"}], "experiments": [experiment("trial", *PAIR)]},
        "$.experiments[0]",
    ),
    "a few buckets left over": (
        {"experiments": [experiment("trial", ("control", 4995, None), ("b", 4995, "house"))]},
        "$.experiments[0].variants",
    ),
    "a release that nothing uses": (
        {"predictors": HOUSE | {"spare": {"release": "monday"}}},
        "$.predictors.spare",
    ),
    "a condition that makes all campaigns newcomers": (
        {
            "overrides": [
                {"scope": {"newcomers": {"fewer_impressions_than": 1e15}}, "predictor": "house", "reason": "because"}
            ]
        },
        "$.overrides[0].scope.newcomers",
    ),
    "a rule for newcomers behind a wider one": (
        {
            "overrides": [
                {"scope": {"newcomers": {"fewer_clicks_than": 100}}, "predictor": "house", "reason": "because"},
                {
                    "scope": {"newcomers": {"fewer_clicks_than": 50, "without_model": "click"}},
                    "predictor": "house",
                    "reason": "because",
                },
            ]
        },
        "$.overrides[1]",
    ),
    "a floor for a stopped campaign": (
        {"campaigns": {"1042": {"multiplier": 0, "floor": 0.01}}},
        '$.campaigns["1042"].floor',
    ),
    "a choice that is never made": ({"minimum_propensity": 0.5}, "$.minimum_propensity"),
    "a campaign that no model knows": (
        {"overrides": [{"scope": {"campaigns": ["1024"]}, "predictor": "house", "reason": "because"}]},
        "$.overrides[0].scope.campaigns[0]",
    ),
}


@pytest.mark.parametrize("case", SUSPICIONS)
def test_a_check_warns_of_probable_mistakes(case: str, releases: Path, tmp_path: Path, follower: Engine) -> None:
    members, json_path = SUSPICIONS[case]
    file = policies.write(tmp_path / "policy.json", policy(**({"predictors": HOUSE} | members)))
    found = check_policy(file, releases)
    assert ("warning", json_path) in [(finding.severity, finding.json_path) for finding in found]
    assert all(isinstance(finding, Finding) and finding.message for finding in found)
    follower.load_policy(file)  # a warning does not prevent loading


def overlapping_overrides(count: int) -> dict[str, Any]:
    """Rules for one common campaign and one of their own each."""
    scopes = [{"campaigns": ["1042", f"campaign-{number}"]} for number in range(count)]
    chosen = ["production", "house"] * count
    return {
        "overrides": [
            {"scope": scope, "predictor": predictor, "reason": "because"}
            for scope, predictor in zip(scopes, chosen, strict=False)
        ]
    }


def overlapping_experiments(count: int) -> dict[str, Any]:
    """Experiments for everything, each in a layer of its own."""
    return {"experiments": [experiment(f"trial-{n}", *PAIR, layer=f"layer-{n}") for n in range(count)]}


@pytest.mark.parametrize("members", [overlapping_overrides, overlapping_experiments])
def test_a_check_has_one_finding_for_each_rule_however_many_it_overlaps_with(
    members: Callable[[int], dict[str, Any]], tmp_path: Path
) -> None:
    for count in (2, 4, 300):
        file = policies.write(tmp_path / "policy.json", policy(predictors=HOUSE, **members(count)))
        found = check_policy(file)
        (kind,) = members(1)
        assert [finding.json_path for finding in found] == [f"$.{kind}[{number}]" for number in range(1, count)]
        assert f"{kind}[0]" in found[-1].message
        assert bool(re.search("others|another", found[-1].message)) == (count > 2)


def test_a_rule_that_never_applies_has_no_other_finding(tmp_path: Path) -> None:
    own = {"scope": {"campaigns": ["1042", "2000"]}, "predictor": "production", "reason": "because"}
    rest = {"predictor": "house", "reason": "because"}
    file = policies.write(tmp_path / "policy.json", policy(predictors=HOUSE, overrides=[own, rest, own]))
    overlap, never = check_policy(file)
    assert (overlap.json_path, never.json_path) == ("$.overrides[1]", "$.overrides[2]")
    assert "never holds: overrides[0]" in never.message


def test_a_sound_policy_has_no_findings(releases: Path, tmp_path: Path) -> None:
    overrides = [{"scope": {"campaigns": ["1042"]}, "predictor": "house", "reason": "because"}]
    trial = experiment("trial", ("control", 5000, None), ("b", 4000, "house"), holdout=1000)
    file = policies.write(tmp_path / "policy.json", policy(predictors=HOUSE, overrides=overrides, experiments=[trial]))
    assert check_policy(file) == []
    assert check_policy(file, releases) == []


def test_a_check_needs_a_file_and_models_that_load(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        check_policy(tmp_path / "nowhere.json")
    file = policies.write(tmp_path / "policy.json", policy())
    with pytest.raises(FileNotFoundError):
        check_policy(file, tmp_path / "nowhere")


@pytest.mark.parametrize("condition", [{"fewer_clicks_than": 0}, {"without_model": "clicks"}, {"fewer_clicks": 1}, {}])
def test_an_error_in_newcomers_is_reported_once(tmp_path: Path, condition: dict[str, object]) -> None:
    override = {"scope": {"newcomers": condition}, "predictor": "production", "reason": "because"}
    found = check_policy(policies.write(tmp_path / "policy.json", policy(overrides=[override])))
    assert [finding.severity for finding in found] == ["error"]


def test_a_campaign_with_key_0_is_as_new_as_any_unknown_one(models_path: Path, tmp_path: Path) -> None:
    override = {"scope": {"newcomers": {"fewer_clicks_than": 10}}, "predictor": "house", "reason": "because"}
    predictors = {"house": {"constant": {"pctr": 0.125, "pcvr": 0.5}}}
    document = policy(predictors=predictors, overrides=[override])
    with Engine() as engine:
        engine.load(models_path)
        engine.load_policy(policies.write(tmp_path / "policy.json", document))
        ads = Candidates([0, 1, engine.campaign_key("nobody")], "cpc", 1.0)
        values = engine.score_batch(Batch(Features.empty(1), ads, [0, 3]))
    assert values["pctr"].tolist() == [0.125] * 3


@pytest.mark.parametrize(
    ("variance", "is_warned"),
    [(None, True), ({"intercept": 0.01}, False), ({"categorical": {"slot": {"12": 0.01}}}, False)],
)
def test_a_check_warns_of_exploring_without_uncertainty(
    tmp_path: Path, variance: dict[str, object] | None, is_warned: bool
) -> None:
    uncertain = {} if variance is None else {"variance": variance}
    model = reference.model("1", categorical={"slot": {"12": 0.5}}) | uncertain
    models = reference.write(tmp_path / "models.jsonl", model)
    curious = {"curious": {"release": "LATEST", "exploration": 1.0}}
    file = policies.write(tmp_path / "policy.json", policy("curious", predictors=curious))
    found = check_policy(file, models)
    assert [finding.json_path for finding in found] == ["$.predictors.curious.exploration"] * is_warned
