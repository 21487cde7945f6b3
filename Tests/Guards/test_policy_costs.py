# SPDX-License-Identifier: Apache-2.0
"""The cost of a policy grows with its size plus the number of campaigns, not with their product.

The tests count the instructions for a policy and for one twice as large in every way. A linear cost doubles, except for
hash tables, which grow in steps; a product would cost four times as much.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from .callgrind import Programs, compiled

PROGRAM = Path(__file__).resolve().parent / "policy_costs.c"
DOUBLED = 2.7
# So many for each rule that a product would outweigh reading the policy.
CAMPAIGNS = 5
SAME = 1.1
PREDICTORS = {"production": {"release": "LATEST"}, "nothing": {"constant": {"pctr": 0}}}
OVER = "2020-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def programs(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Programs:
    return Programs(library, tmp_path_factory.mktemp("policies"))


def write_models(path: Path, campaigns: int) -> Path:
    """A model for everybody, and campaigns of one advertiser."""
    model = {
        "format": "valuation-model/1",
        "kind": "logistic",
        "campaign": "*",
        "target": "click",
        "version": "1",
        "intercept": -4,
        "negative_sampling_rate": 1,
        "categorical": {"slot": {"12": 0.5}},
    }
    counts = {"format": "valuation-campaign/1", "advertiser": "77", "impressions": 1000, "clicks": 10}
    documents = [model] + [counts | {"campaign": str(number)} for number in range(campaigns)]
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))
    return path


def override(number: int, scope: dict, **more: Any) -> dict:
    return {"reason": f"reason {number}", "scope": scope, "predictor": "nothing"} | more


def experiment(number: int, variants: int = 1, **more: Any) -> dict:
    shares = [{"name": f"variant {variant}", "share": 1} for variant in range(variants)]
    return {"name": f"experiment {number}", "salt": f"salt {number}", "variants": shares} | more


def rules_for_all_campaigns(size: int) -> dict:
    """Each rule applies to each campaign, through its advertiser."""
    return {"overrides": [override(number, {"advertisers": ["77"]}, expires=OVER) for number in range(size)]}


def rules_for_campaigns_of_advertisers(size: int) -> dict:
    """One rule with many campaigns and many advertisers."""
    names = {
        "campaigns": [str(number) for number in range(size)],
        "advertisers": [f"a{n}" for n in range(size)] + ["77"],
    }
    return {"overrides": [override(0, names)]}


def rules_for_newcomers(size: int) -> dict:
    """Under some of these rules all campaigns are newcomers, through their advertiser and without."""
    conditions = [{"fewer_impressions_than": most} for most in (10, 1000, 1001, 2000)] + [{"without_model": "click"}]
    scopes = [{"newcomers": condition} | more for condition in conditions for more in ({}, {"advertisers": ["77"]})]
    return {"overrides": [override(n, scopes[n % len(scopes)], expires=OVER) for n in range(size)]}


def experiments_for_all_campaigns(size: int) -> dict:
    return {"experiments": [experiment(number, scope={"advertisers": ["77"]}) for number in range(size)]}


def a_rule_for_each_campaign(size: int) -> dict:
    """Rules for one campaign each, besides rules for all: each campaign then has a class of its own."""
    own = [override(size + number, {"campaigns": [str(number)]}) for number in range(size)]
    return {"overrides": rules_for_all_campaigns(size)["overrides"] + own}


def layers(size: int) -> dict:
    return {"experiments": [experiment(number, layer=f"layer {number}") for number in range(size)]}


def predictors(size: int) -> dict:
    named = {f"p{number}": {"constant": {"pctr": 0.5}} for number in range(size)}
    last = [{"name": "on", "share": 1, "predictor": f"p{size - 1}"}]
    return {"predictors": PREDICTORS | named, "experiments": [experiment(n) | {"variants": last} for n in range(size)]}


def placements(size: int) -> dict:
    names = [[f"s{number}-{place}" for place in range(size)] for number in range(10)]
    return {"overrides": [override(number, {"placements": names[number]}) for number in range(10)]}


def request(size: int, slot: str = "12") -> str:
    ads = [{"campaign": str(number), "pricing": "cpc", "bid": 1} for number in range(size)]
    return json.dumps({"features": {"slot": slot}, "unit": "u-1", "candidates": ads})


class Case:
    """The files for one size of a policy."""

    def __init__(self, directory: Path, make: Any, size: int) -> None:
        self.models = compiled(write_models(directory / f"{size}.jsonl", campaigns=CAMPAIGNS * size))
        self.policy = directory / f"{make.__name__}-{size}.json"
        document = {
            "format": "valuation-policy/1",
            "placement": "slot",
            "predictors": PREDICTORS,
            "default": "production",
        }
        self.policy.write_text(json.dumps(document | make(size)))

    def files(self, text: str) -> tuple[object, ...]:
        return (self.models, self.policy, text)


LOADED = {
    rules_for_all_campaigns: 400,
    rules_for_campaigns_of_advertisers: 1000,
    rules_for_newcomers: 400,
    experiments_for_all_campaigns: 250,
    a_rule_for_each_campaign: 250,
    layers: 250,
    predictors: 200,
    placements: 400,
}


@pytest.mark.parametrize("make", LOADED)
def test_loading_takes_instructions_and_memory_in_proportion(programs: Programs, tmp_path: Path, make: Any):
    cases = [Case(tmp_path, make, size * LOADED[make]) for size in (1, 2)]
    counts = [programs.count("valuation_engine_load_policy", PROGRAM, *case.files(request(1))) for case in cases]
    assert counts[1] < DOUBLED * counts[0]
    sizes = [int(programs.output(PROGRAM, *case.files(request(1)))) for case in cases]
    assert sizes[1] < DOUBLED * sizes[0]


@pytest.mark.parametrize("make", [a_rule_for_each_campaign, layers, experiments_for_all_campaigns, rules_for_newcomers])
def test_a_request_takes_instructions_in_proportion(programs: Programs, tmp_path: Path, make: Any):
    counts = []
    for size in (100, 200):
        case = Case(tmp_path, make, size)
        counts.append(programs.count("valuation_score_json", PROGRAM, *case.files(request(size))))
    assert counts[1] < DOUBLED * counts[0]


def test_a_list_of_twice_as_many_placements_takes_a_request_no_longer(programs: Programs, tmp_path: Path):
    counts = []
    for size in (500, 1000):
        case = Case(tmp_path, placements, size)
        # A placement of the last list.
        text = request(1, slot=f"s9-{size - 1}")
        counts.append(programs.count("valuation_score_json", PROGRAM, *case.files(text)))
    assert counts[1] < SAME * counts[0]


def test_checking_lists_of_names_takes_instructions_in_proportion(programs: Programs, tmp_path: Path):
    cases = [Case(tmp_path, placements, size) for size in (300, 600)]
    counts = [programs.count("valuation_policy_check", PROGRAM, *case.files(request(1))) for case in cases]
    assert counts[1] < DOUBLED * counts[0]
