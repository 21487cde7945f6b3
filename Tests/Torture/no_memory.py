# SPDX-License-Identifier: Apache-2.0
"""Memory that runs out: each allocation of each call fails in turn; see no_memory.c."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from ABI.model_files import write_models
from ABI.policy_files import CAMPAIGNS, experiment, override, policy, write_policy

from .campaign import Findings, Tools

CALLS = [
    "load", "load-json", "load-root", "refresh", "refresh-json", "prepare", "roll-back", "publish", "publish-json",
    "compile", "select", "prune", "list", "compare", "validate", "load-policy", "load-policy-json", "load-first-policy",
    "refresh-under-policy", "check-policy", "assign", "explore",
]  # fmt: skip


def write_policies(root: Path) -> None:
    """Write policies beside a root: under each, one of its releases decides for requests without a unit."""
    everyone = [{"name": "control", "share": 1}, {"name": "curious", "share": 9999, "predictor": "curious"}]
    for release in ("first", "second"):
        predictors = {
            "by id": {"release": release},
            "bag": {"ensemble": ["first", "second"]},
            "curious": {"naive": {}, "exploration": 0.5},
        }
        document = policy(
            predictors=predictors,
            default="by id",
            overrides=[override("bag", scope={"campaigns": ["absent"]})],
            experiments=[experiment("curiosity", variants=everyone)],
            campaigns={"absent": {"multiplier": 2}},
        )
        write_policy(root.with_name(f"{root.name}-{release}.json"), document)


def fail_allocations(tools: Tools, calls: list[str], step: int = 1) -> Findings:
    """Fail every `step`th allocation of the calls."""
    findings = Findings("Allocations that fail")
    folder = tools.folder("no-memory")
    root, json_root = folder / "models", folder / "models-json"
    observed = {"first": folder / "first", "second": folder / "second"}
    for number, models in observed.items():
        shutil.copytree(getattr(tools, number), models)
        # For predictors that explore.
        write_models(models / "observed.jsonl", CAMPAIGNS)
        tools.must("publish", models, root, number)
        tools.must("publish-json", models, json_root, number)
    write_policies(root)
    program = tools.program("no_memory")
    for call in calls:
        command = [program.path, call, str(step), observed["first"], observed["second"], root]
        finished = subprocess.run(
            command, env=program.environment, capture_output=True, text=True, timeout=1800, check=False
        )
        if finished.returncode != 0:
            findings.faults.append(f"{call}: ended with {finished.returncode}: {finished.stderr}")
            continue
        failures, survived = map(int, finished.stdout.split())
        findings.count("allocations that failed", failures)
        findings.figures[call] = failures
        findings.expect(failures > 0, f"{call}: the call allocated nothing, so nothing could fail")
        findings.expect(survived == failures, f"{call}: {failures - survived} of {failures}: {finished.stderr}")
    shutil.rmtree(folder)
    return findings
