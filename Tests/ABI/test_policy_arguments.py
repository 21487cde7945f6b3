# SPDX-License-Identifier: Apache-2.0
"""The calls for policies accept what the header says, and refuse everything else."""

from pathlib import Path

from .policy_files import experiment, policy, write_observed_models, write_policy
from .programs import Toolchain


def test_the_calls_for_policies_accept_what_the_header_says(toolchain: Toolchain, tmp_path: Path):
    everyone = [{"name": "control", "share": 0}, {"name": "treatment", "share": 10000, "predictor": "house"}]
    document = policy(
        predictors={"production": {"release": "LATEST"}, "house": {"constant": {"pctr": 0.001}}},
        experiments=[experiment("move", variants=everyone)],
    )
    program = toolchain.program("policy_arguments")
    program.run(write_observed_models(tmp_path / "models.jsonl"), write_policy(tmp_path / "policy.json", document))
