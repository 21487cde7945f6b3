# SPDX-License-Identifier: Apache-2.0
"""Damaged policies: each is refused with a reason while the one before goes on deciding, or it decides soundly."""

from __future__ import annotations

import json
import random

from ABI.policy_files import policy, three_layers, write_observed_models, write_policy

from .campaign import Findings, Reader, Tools
from .mutations import harmed


def mutate_policies(tools: Tools, count: int, seed: int = 1) -> Findings:
    """Damage a policy with every kind of rule `count` times."""
    findings = Findings("Damaged policies")
    chance = random.Random(seed)
    folder = tools.folder("policies")
    root = folder / "models"
    for name in ("first", "second"):
        models = write_observed_models(folder / f"{name}.jsonl", better=name == "second")
        tools.must("publish", models, root, name)
    predictors = {"house": {"constant": {"pctr": 0.25, "pcvr": 0.5}}}
    sound = write_policy(folder / "sound.json", policy(predictors=predictors, default="house"))
    path = write_policy(folder / "policy.json", three_layers())
    # Also in indented form, so that the damage hits more than names.
    contents = [path.read_bytes(), json.dumps(three_layers(), indent=2).encode()]
    with Reader(tools.program("policy_reader", "-lm"), root, sound) as reader:
        answer = reader.load(path)
        findings.expect((answer.status, answer.serves) == ("OK", "other"), f"the policy itself is not sound: {answer}")
        for content in contents:
            for way, result in harmed(content, -(-count // len(contents)), chance):
                path.write_bytes(result)
                answer = reader.load(path)
                outcome = "decides" if answer.status == "OK" else answer.status.removeprefix("ERROR_").lower()
                findings.count("policies harmed")
                findings.count(outcome)
                if not answer.is_refusal and (answer.status, answer.serves) not in (("OK", "other"), ("OK", "before")):
                    findings.faults.append(f"{way}: {answer}: {result[:2000]!r}")
    return findings
