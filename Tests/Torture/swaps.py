# SPDX-License-Identifier: Apache-2.0
"""Releases swapped under threads that score at full speed; see swaps.c."""

from __future__ import annotations

import random
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ABI.model_files import model, write_models

from .campaign import Findings, Tools

CAMPAIGNS, FIELDS, VALUES = 200, 30, 10


@dataclass(frozen=True)
class Way:
    """How releases are published and swapped."""

    name: str
    publish: str
    #: The number of calls between two swaps.
    calls: int
    #: Whether the engine keeps the previous release; if so, two of three swaps are rollbacks.
    previous: str


WAYS = [
    Way("compiled, mapped anew each time", "publish", 2000, "forget"),
    Way("compiled, both in memory", "publish", 2000, "keep"),
    Way("model files, both in memory", "publish-json", 2000, "keep"),
    Way("model files, built anew each time", "publish-json", 200, "forget"),
]


def documents(seed: int) -> list[dict]:
    """Models of campaigns "0" to "199" for both targets, with 300 weights each."""
    chance = random.Random(seed)
    return [
        model(
            str(campaign),
            target,
            intercept=-3.0,
            categorical={
                f"field{field}": {str(value): round(chance.uniform(-1, 1), 4) or 0.5 for value in range(VALUES)}
                for field in range(FIELDS)
            },
        )
        for campaign in range(CAMPAIGNS)
        for target in ("click", "conversion")
    ]


def publish_both(tools: Tools, folder: Path) -> dict[str, Path]:
    """Publish two sets of models with compiled files and without; returns the roots by way of publishing."""
    roots = {}
    for number, name in enumerate(("first", "second")):
        models = write_models(folder / f"{name}.jsonl", documents(number))
        for way in ("publish", "publish-json"):
            roots[way] = folder / way
            tools.must(way, models, roots[way], name)
    return roots


def swap_releases(tools: Tools, swaps: int) -> Findings:
    """Swap so often in each way."""
    findings = Findings("Releases swapped under load")
    roots = publish_both(tools, tools.folder("swaps"))
    program = tools.program("swaps")
    for way in WAYS:
        command = [program.path, roots[way.publish], str(swaps), str(way.calls), way.previous]
        finished = subprocess.run(command, env=program.environment, capture_output=True, text=True, check=False)
        findings.expect(finished.returncode == 0, f"{way.name}: ended with {finished.returncode}: {finished.stderr}")
        if finished.returncode == 0:
            tell(way, swaps, finished.stdout, findings)
    return findings


def tell(way: Way, swaps: int, output: str, findings: Findings) -> None:
    """Record what swaps.c printed."""
    first, second, with_swaps, without = output.splitlines()
    findings.count("swaps", swaps)
    findings.count("calls", int(first) + int(second))
    seen = min(int(first), int(second))
    findings.expect(seen > swaps, f"{way.name}: too few calls saw one of the releases: {output}")
    for name, line in (("with", with_swaps), ("without", without)):
        _, p50, p99, p999, longest = line.split()
        findings.figures[f"{way.name}: {name} swaps, p50 / p99 / p99.9 / longest"] = (
            f"{p50} / {p99} / {p999} / {longest} µs"
        )
    ratio = float(with_swaps.split()[3]) / float(without.split()[3])
    findings.figures[f"{way.name}: p99.9 with swaps / without"] = round(ratio, 2)
