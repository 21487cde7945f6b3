# SPDX-License-Identifier: Apache-2.0
"""What a generation stands for, and what an event loop may do while other threads load."""

import json
from pathlib import Path

from .model_files import BETTER, write_models
from .policy_files import policy, write_observed_models, write_policy
from .programs import Toolchain

PREDICTORS = {
    "production": {"release": "LATEST"},
    "both": {"ensemble": ["first", "LATEST"]},
    "observed": {"naive": {}},
    "house": {"constant": {"pctr": 0.25, "pcvr": 0.5}},
}


def overrides(*predictors: str) -> list[dict]:
    """One override for each predictor, of campaigns that nobody asks for, so that each is a source."""
    return [
        {"scope": {"campaigns": [f"none-{name}"]}, "predictor": name, "reason": "to have a source"}
        for name in predictors
    ]


def test_every_value_can_be_traced_to_its_release_and_policy(toolchain: Toolchain, tmp_path: Path):
    models = write_observed_models(tmp_path / "models.jsonl")
    better = write_observed_models(tmp_path / "better.jsonl", better=True)
    document = policy(predictors=PREDICTORS, overrides=overrides("both", "observed", "house"), version="one")
    one = write_policy(tmp_path / "one.json", document)
    other = write_policy(
        tmp_path / "other.json", policy(predictors={"otherwise": {"release": "LATEST"}}, default="otherwise")
    )
    root = tmp_path / "root"
    models_digest = toolchain.program("generations").run(models, better, root, one, other).strip()
    assert models_digest == json.loads((root / "releases" / "second" / "manifest.json").read_text())["checksum"]


def test_an_event_loop_never_waits_for_a_load(toolchain: Toolchain, models: Path, tmp_path: Path):
    better = write_models(tmp_path / "better.jsonl", BETTER)
    tried = int(toolchain.program("event_loop").run(models, better, tmp_path / "root", "7"))
    assert tried > 20
