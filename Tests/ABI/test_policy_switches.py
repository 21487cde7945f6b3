# SPDX-License-Identifier: Apache-2.0
"""Policies are switched while threads score: each call sees one whole policy, and the next call the new one."""

from pathlib import Path

from .policy_files import experiment, override, policy, publish_two_releases, three_layers, write_policy
from .programs import Toolchain

SWITCHES = "100"


def everything(pctr: float, multiplier: float) -> dict:
    """A policy whose every value shows that it comes from this policy."""
    document = three_layers()
    predictors = document["predictors"] | {"house": {"constant": {"pctr": pctr, "pcvr": 10 * pctr}}}
    moved = experiment(
        "move",
        layer="model",
        variants=[
            {"name": "control", "share": 1},
            {"name": "house", "share": 9999, "predictor": "house"},
        ],
    )
    adjusted = {campaign: {"multiplier": multiplier} for campaign in ("1042", "77", "500")}
    experiments = [moved, *document["experiments"]] if pctr < 0.002 else document["experiments"]
    return document | {"predictors": predictors, "experiments": experiments, "campaigns": adjusted}


def test_answers_given_while_policies_are_switched_come_from_one_policy(
    toolchain: Toolchain, request_file: Path, tmp_path: Path
):
    root = publish_two_releases(toolchain, tmp_path)
    one = write_policy(tmp_path / "one.json", everything(0.001, 2))
    other = write_policy(tmp_path / "other.json", everything(0.002, 3))
    program = toolchain.program("switch_policies")
    output = program.run(root, tmp_path / "policy.json", one, other, request_file, SWITCHES)
    assert all(int(count) > 100 for count in output.split()), output


def test_a_kill_switch_holds_from_the_next_call_on_and_opens_no_file_of_a_release(toolchain: Toolchain, tmp_path: Path):
    root = publish_two_releases(toolchain, tmp_path)
    predictors = {"production": {"release": "LATEST"}, "safe": {"naive": {}}}
    calm = write_policy(tmp_path / "calm.json", policy(predictors=predictors))
    killing = write_policy(tmp_path / "killing.json", policy(predictors=predictors, overrides=[override("safe")]))
    toolchain.program("kill_switch").run(root, tmp_path / "policy.json", calm, killing)
