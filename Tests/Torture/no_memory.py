# SPDX-License-Identifier: Apache-2.0
"""Memory that runs out: each allocation of each call fails in its turn; see no_memory.c."""

from __future__ import annotations

import shutil
import subprocess

from .campaign import Findings, Tools

CALLS = [
    "load", "load-json", "load-root", "refresh", "refresh-json", "roll-back", "publish", "publish-json", "compile",
    "select", "prune", "list", "compare", "validate",
]  # fmt: skip


def fail_allocations(tools: Tools, calls: list[str], step: int = 1) -> Findings:
    """Let every `step`th allocation of the calls fail."""
    findings = Findings("Allocations that fail")
    folder = tools.folder("no-memory")
    root, json_root = folder / "models", folder / "models-json"
    for number, models in (("first", tools.first), ("second", tools.second)):
        tools.must("publish", models, root, number)
        tools.must("publish-json", models, json_root, number)
    program = tools.program("no_memory")
    for call in calls:
        command = [program.path, call, str(step), tools.first, tools.second, root]
        finished = subprocess.run(
            command, env=program.environment, capture_output=True, text=True, timeout=1800, check=False
        )
        if finished.returncode != 0:
            findings.faults.append(f"{call}: ended with {finished.returncode}: {finished.stderr}")
            continue
        failures, survived = map(int, finished.stdout.split())
        findings.count("allocations that failed", failures)
        findings.figures[call] = failures
        findings.expect(failures > 0, f"{call}: no allocation was made, so none could fail")
        findings.expect(survived == failures, f"{call}: {failures - survived} of {failures}: {finished.stderr}")
    shutil.rmtree(folder)
    return findings
