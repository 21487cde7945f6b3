# SPDX-License-Identifier: Apache-2.0
"""Scoring under a policy allocates no memory."""

from pathlib import Path

import pytest

from .model_files import BETTER, many_models, write_models
from .policy_files import CAMPAIGNS, override, publish_two_releases, three_layers, write_policy
from .programs import Toolchain

WHEN = ["from_the_first_call", "after_a_policy", "after_models", "of_an_old_scorer"]


@pytest.fixture(scope="module")
def root(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish_two_releases(toolchain, tmp_path_factory.mktemp("releases"))


@pytest.fixture(scope="module", params=["few", "many"])
def counts(
    toolchain: Toolchain, root: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> dict[str, int]:
    """The number of allocations of each operation, with few or many models in the last load."""
    folder = tmp_path_factory.mktemp("policies")
    documents = many_models(extend=True) if request.param == "many" else BETTER
    models = write_models(folder / "models.jsonl", [*documents, *CAMPAIGNS])
    everything = three_layers()
    # Far more rules than the first policy has, each for campaigns of its own.
    rules = [override("safe", scope={"campaigns": [f"campaign {number}"]}) for number in range(100)]
    more = three_layers(overrides=[*everything["overrides"], *rules])
    first, other = write_policy(folder / "first.json", everything), write_policy(folder / "other.json", more)
    lines = toolchain.program("policy_allocations").run(root, models, first, other).splitlines()
    return {name: int(count) for name, count in (line.split() for line in lines)}


def test_every_rule_decides_something(counts: dict[str, int]):
    # Two controls, three treatments, the override and the default.
    assert counts["sources"] == 7


@pytest.mark.parametrize("call", ["score", "rank", "score_batch", "score_flat", "score_shared"])
@pytest.mark.parametrize("when", WHEN)
def test_scoring_under_a_policy_allocates_nothing(counts: dict[str, int], call: str, when: str):
    assert counts[f"{call}_{when}"] == 0


def test_the_first_call_under_a_policy_allocates_its_working_memory(counts: dict[str, int]):
    assert counts["score_first_of_an_old_scorer"] > 0
    assert counts["score_before_a_switch"] == 0


def test_propensities_allocate_only_for_more_candidates_than_before(counts: dict[str, int]):
    assert counts["explore_first_first"] > 0
    assert counts["explore_first"] == 0


def test_memory_found_at_the_second_attempt_is_no_failure(toolchain: Toolchain, tmp_path: Path):
    models = write_models(tmp_path / "models.jsonl", [*BETTER, *CAMPAIGNS])
    document = {"format": "valuation-policy/1", "predictors": {"p": {"release": "LATEST"}}, "default": "p"}
    policy = write_policy(tmp_path / "policy.json", document)
    toolchain.program("second_attempt").run(models, policy)
