# SPDX-License-Identifier: Apache-2.0
"""What a policy costs: requests under several policies, in turns with the same requests under none."""

from __future__ import annotations

import dataclasses
import gzip
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import valuation
from contenders.contender import Contender
from measure import rounds
from native import Native
from plan import MAIN, OURS, Plan
from releases import MANY, SETTLED, SOME, seconds
from workload import FOLDER, Data

Row = dict[str, Any]
Progress = Callable[[str], None]

CANDIDATES = (1, 10, 100, 1000)
AD_FEATURES = (0, 3)
# Variants with every unit, and with none, in all of a policy's layers.
ALL, NONE = [5000, 5000], [0, 0]
# A release of the same models with a variance for each weight.
UNCERTAIN = "uncertain"
ADJUSTING = "the same, each campaign with a multiplier"


def experiment(number: int, shares: list[int], predictor: str, campaigns: list[str] | None = None) -> dict[str, Any]:
    """Return an experiment in a layer of its own, whose control leaves the predictor unchanged."""
    control, treatment = shares
    return {
        "name": f"experiment {number}",
        "layer": f"layer {number}",
        "salt": f"salt {number}",
        "unit": "user",
        "scope": {"campaigns": campaigns} if campaigns else {},
        "start": "2026-01-01T00:00:00Z",
        "variants": [
            {"name": "control", "share": control},
            {"name": "treatment", "share": treatment, "predictor": predictor},
        ],
    }


def policies(campaigns: list[str]) -> dict[str, dict[str, Any]]:
    """Return the policies by description, for models of these campaigns."""
    common = {
        "format": "valuation-policy/1",
        "predictors": {
            "production": {"release": "LATEST"},
            "same": {"release": "LATEST"},
            "constant": {"constant": {"pctr": 0.001, "pcvr": 0.1}},
            "ensemble": {"ensemble": ["LATEST", "second"]},
            "second": {"release": "second"},
            "curious": {"release": UNCERTAIN, "exploration": 1},
        },
        "default": "production",
        # Rules for campaigns that no request has: this measures asking for them.
        "overrides": [{"scope": {"campaigns": ["elsewhere"]}, "predictor": "constant", "reason": "a benchmark"}],
    }
    thirds = [campaigns[part::3] for part in range(3)]
    return {
        "in no experiment": {**common, "experiments": [experiment(n, NONE, "same") for n in range(3)]},
        "in three layers": {**common, "experiments": [experiment(n, ALL, "same") for n in range(3)]},
        "in three layers, a third of the campaigns each": {
            **common,
            "experiments": [experiment(n, ALL, "same", thirds[n]) for n in range(3)],
        },
        ADJUSTING: {
            **common,
            "experiments": [experiment(n, ALL, "same", thirds[n]) for n in range(3)],
            "campaigns": {campaign: {"multiplier": 1.1} for campaign in campaigns},
        },
        "a third of the campaigns by a constant": {
            **common,
            "experiments": [experiment(0, [0, 10_000], "constant", thirds[0])],
        },
        "a third of the campaigns by another release": {
            **common,
            "experiments": [experiment(0, [0, 10_000], "second", thirds[0])],
        },
        "all by the mean of two releases": {**common, "experiments": [experiment(0, [0, 10_000], "ensemble")]},
        "all by weights that are drawn": {**common, "default": "curious"},
    }


def measure_policies(plan: Plan, progress: Progress) -> Row:
    """Time requests under each policy, with their ratios to those under none, and loading and following a policy."""
    data = MAIN.model_set.load()
    root = release_twice(data)
    requests = measure_requests(plan, keyed(data, root), root, progress)
    file = file_of(ADJUSTING)
    with valuation.Engine() as engine:
        engine.load(root)
        engine.load_policy(file)
        time.sleep(SETTLED)
        return {
            "requests": requests,
            "campaigns": MAIN.campaigns,
            "load": seconds(lambda: engine.load_policy(file), SOME),
            "refresh_unchanged": seconds(engine.refresh, MANY),
        }


def measure_requests(plan: Plan, data: Data, root: Path, progress: Progress) -> list[Row]:
    """Time requests under each policy and under none, in turns."""
    rows = []
    for ad_features in AD_FEATURES:
        for candidates in CANDIDATES:
            progress(f"policies, {candidates} candidates, {ad_features} ad features")
            times = measure(plan, data, root, candidates, ad_features)
            median = {name: statistics.median(taken) for name, taken in times.items()}
            rows.append(
                {
                    "candidates": candidates,
                    "ad_features": ad_features,
                    "p50": median[OURS] / 1e3,
                    "ratios": {name: value / median[OURS] for name, value in median.items() if name != OURS},
                }
            )
    return rows


def file_of(name: str) -> Path:
    """Return the path of a policy's file."""
    return FOLDER / f"policy {name}.json"


def release_twice(data: Data) -> Path:
    """Publish the main models as two releases; return their directory."""
    root = MAIN.model_set.folder / "policies"
    known = {release["id"] for release in valuation.list_releases(root)} if (root / "LATEST").exists() else set()
    for name in ("second", "first"):
        if name not in known:
            # A prior of its own, so that the two releases differ.
            valuation.publish(data.models, root, id=name, click_prior=0.01 if name == "first" else 0.02)
    if UNCERTAIN not in known:
        valuation.publish(uncertain(Path(data.models)), root, id=UNCERTAIN, keep_latest=True)
    return root


def uncertain(models: Path) -> Path:
    """Write the models again, with a variance for each weight; return the file."""
    written = FOLDER / "uncertain.jsonl"
    with written.open("w") as file:
        for path in sorted(models.iterdir()):
            with gzip.open(path, "rt") as lines:
                for line in lines:
                    document = json.loads(line)
                    categorical = {
                        field: dict.fromkeys(weights, 0.01)
                        for field, weights in document.get("categorical", {}).items()
                    }
                    document["variance"] = {"intercept": 0.01, "categorical": categorical}
                    file.write(json.dumps(document) + "\n")
    return written


def keyed(data: Data, root: Path) -> Data:
    """Return the data with the keys of a directory of releases, which has a secret of its own."""
    with valuation.Engine() as engine:
        engine.load(root)
        return dataclasses.replace(data, **MAIN.model_set.keys(engine))


def measure(plan: Plan, data: Data, root: Path, candidates: int, ad_features: int) -> dict[str, Any]:
    """Return the nanoseconds of all requests, by policy."""
    contenders: list[Contender] = [Native(OURS, MAIN.model_set, data, folder=root)]
    try:
        for name, policy in policies([str(number) for number in range(MAIN.campaigns)]).items():
            file_of(name).write_text(json.dumps(policy))
            contender = Native(OURS, MAIN.model_set, data, folder=root, policy=file_of(name))
            contender.name = name
            contenders.append(contender)
        for contender in contenders:
            contender.prepare(candidates, ad_features)
        return rounds(contenders, plan.turns, plan.seconds)
    finally:
        for contender in contenders:
            contender.close()
