# SPDX-License-Identifier: Apache-2.0
"""A time budget binds the whole call: the number of instructions between two readings of the clock is limited.

The program brings its own clock, so nothing here depends on the machine's speed.
"""

import json
from pathlib import Path

import pytest

from .callgrind import Programs, compiled

PROGRAM = Path(__file__).resolve().parent / "budgets.c"
# About ten microseconds.
BETWEEN_LOOKS = 60_000
LOOKS = 64
# The instructions of a candidate that is not reached in time: it is read, gets its prior and is written.
LEFT = 600
FIXED = 60_000
CAMPAIGNS = 60
VALUES = 300


def model(campaign: str, target: str) -> dict:
    sites = {str(number): 0.01 for number in range(VALUES)}
    return {
        "format": "valuation-model/1",
        "kind": "logistic",
        "campaign": campaign,
        "target": target,
        "version": "1",
        "intercept": -4,
        "negative_sampling_rate": 1,
        "categorical": {"site": sites, "topic": sites},
        "crosses": [{"fields": ["site", "topic"], "weights": [[str(n), str(n), 0.1] for n in range(VALUES)]}],
        "variance": {"intercept": 0.5, "categorical": {"site": sites}},
    }


@pytest.fixture(scope="module")
def programs(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Programs:
    return Programs(library, tmp_path_factory.mktemp("budgets"))


@pytest.fixture(scope="module")
def chained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Campaigns that all extend one, with observed rates and no other uncertainty."""
    path = tmp_path_factory.mktemp("chained") / "models.jsonl"
    documents = [model(str(number), target) for number in range(CAMPAIGNS) for target in ("click", "conversion")]
    for document in documents:
        del document["variance"]
        if document["campaign"] != "0":
            document["extends"] = "0"
    counts = {"format": "valuation-campaign/1", "impressions": 1000, "clicks": 10, "conversions": 2}
    observed = [counts | {"campaign": str(number)} for number in range(CAMPAIGNS, 2 * CAMPAIGNS)]
    path.write_text("".join(json.dumps(document) + "\n" for document in documents + observed))
    return compiled(path)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models of many features, and campaigns without a model but with known counts."""
    path = tmp_path_factory.mktemp("models") / "models.jsonl"
    own = [model(str(number), target) for number in range(CAMPAIGNS) for target in ("click", "conversion")]
    counts = {"format": "valuation-campaign/1", "impressions": 1000, "clicks": 10, "conversions": 2}
    observed = [counts | {"campaign": str(number)} for number in range(CAMPAIGNS, 2 * CAMPAIGNS)]
    path.write_text("".join(json.dumps(document) + "\n" for document in own + observed))
    return compiled(path)


PREDICTORS = {
    "production": {"release": "LATEST"},
    "curious": {"release": "LATEST", "exploration": 1},
    "observed": {"naive": {}, "exploration": 1},
    "flat": {"constant": {"pctr": 0.1, "pcvr": 0.1}},
}
POLICIES = {
    "curious": {"default": "curious"},
    "observed": {"default": "observed"},
    "mixed": {
        "default": "production",
        "overrides": [
            {
                "reason": name,
                "predictor": name,
                "scope": {"campaigns": [str(c) for c in range(2 * CAMPAIGNS) if c % 4 == place]},
            }
            for place, name in enumerate(["curious", "observed", "flat"])
        ],
    },
}


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    directory = tmp_path_factory.mktemp("policies")
    written: dict[str, object] = {"none": "-"}
    for name, members in POLICIES.items():
        written[name] = directory / f"{name}.json"
        document = {"format": "valuation-policy/1", "predictors": PREDICTORS} | members
        Path(str(written[name])).write_text(json.dumps(document))
    return written


# The call, the policy, and the numbers of candidates, request features and features of each ad.
CASES = [
    ("score", "none", 128, 300, 20),
    ("score", "none", 4, 300, 1000),
    ("rank", "mixed", 2 * CAMPAIGNS, 100, 3),
    ("explore", "none", 128, 300, 3),
    ("explore", "curious", 20, 1, 0),
    ("explore", "curious", CAMPAIGNS, 300, 0),
    ("explore", "curious", 10, 300, 300),
    ("explore", "observed", 2 * CAMPAIGNS, 0, 0),
    ("explore", "mixed", 2 * CAMPAIGNS, 100, 3),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_clock_is_read_in_time(programs: Programs, models: Path, policies: dict[str, object], case: tuple):
    call, policy, *sizes = case
    parts = programs.count_between(f"valuation_{call}", "mark", PROGRAM, call, models, policies[policy], *sizes, 0)
    assert max(parts) < LOOKS * BETWEEN_LOOKS, f"{len(parts)} parts, the largest {sorted(parts)[-5:]}"


@pytest.mark.parametrize("call", ["score", "explore"])
def test_candidates_not_reached_in_time_draw_nothing(
    programs: Programs, chained: Path, policies: dict[str, object], call: str
):
    hold(programs, chained, policies, (call, "curious", 2 * CAMPAIGNS, 100, 3))


@pytest.mark.parametrize("case", [case for case in CASES if case[2] > 20], ids=str)
def test_candidates_not_reached_in_time_take_a_few_instructions(
    programs: Programs, models: Path, policies: dict[str, object], case: tuple
):
    hold(programs, models, policies, case)


def hold(programs: Programs, models: Path, policies: dict[str, object], case: tuple) -> None:
    """Count instructions of requests most of which is not reached in time, also of ones twenty times as large."""
    call, policy, candidates, *sizes = case
    for count in (candidates, 20 * candidates):
        arguments = (call, models, policies[policy], count, *sizes, 2)
        total = programs.count(f"valuation_{call}", PROGRAM, *arguments)
        assert total < FIXED + LEFT * count, f"{count} candidates: {(total - FIXED) / count:.0f} instructions for each"
        _, late = programs.output(PROGRAM, *arguments).split()
        assert int(late) > 0
