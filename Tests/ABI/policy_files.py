# SPDX-License-Identifier: Apache-2.0
"""Policy files for the tests, and what they need of the models beyond model_files.py."""

import json
from pathlib import Path

from .model_files import BETTER, MODELS, write_models
from .programs import Toolchain

#: Observed counts of the impression's campaigns, which a naive predictor needs.
CAMPAIGNS = [
    {
        "format": "valuation-campaign/1",
        "campaign": campaign,
        "advertiser": advertiser,
        "impressions": impressions,
        "clicks": clicks,
        "conversions": conversions,
    }
    for campaign, advertiser, impressions, clicks, conversions in [
        ("1042", "9", 40000, 700, 30),
        ("77", "9", 5000, 20, 2),
        ("500", "8", 300, 12, 0),
    ]
]


def policy(**members: object) -> dict:
    """The smallest valid policy, with `members` added or replaced."""
    return {
        "format": "valuation-policy/1",
        "predictors": {"production": {"release": "LATEST"}},
        "default": "production",
    } | members


def override(predictor: str, **members: object) -> dict:
    """An override of everything, with `members` added or replaced."""
    return {"scope": {}, "predictor": predictor, "reason": "the test says so"} | members


def experiment(name: str, **members: object) -> dict:
    """A half-and-half experiment that changes nothing, with `members` added or replaced."""
    variants = [{"name": "control", "share": 5000}, {"name": "treatment", "share": 5000}]
    return {"name": name, "salt": f"{name}-1", "unit": "user", "variants": variants} | members


def write_policy(path: Path, document: dict) -> Path:
    """Writes a policy to a temporary file and renames it into place, as one does with a followed file."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(json.dumps(document))
    beside.rename(path)
    return path


def write_observed_models(path: Path, *, better: bool = False) -> Path:
    """MODELS or BETTER with observed counts of their campaigns, as one .jsonl file."""
    return write_models(path, [*(BETTER if better else MODELS), *CAMPAIGNS])


def publish_two_releases(toolchain: Toolchain, folder: Path) -> Path:
    """A directory of the releases "first" and "second", with observed counts; LATEST names the second."""
    for name in ("first", "second"):
        models = write_observed_models(folder / f"{name}.jsonl", better=name == "second")
        toolchain.program("publish").run(models, folder / "root", name)
    return folder / "root"


def three_layers(**members: object) -> dict:
    """A policy with every kind of rule, for releases "first" and "second"."""
    predictors = {
        "production": {"release": "LATEST"},
        "bag": {"ensemble": ["first", "second"], "mean": "logit"},
        "other": {"release": "second"},
        "safe": {"naive": {}},
        "house": {"constant": {"pctr": 0.001, "pcvr": 0.05}},
        "curious": {"naive": {}, "exploration": 0.5},
    }

    def halves(predictor: str) -> list[dict]:
        return [{"name": "control", "share": 5000}, {"name": predictor, "share": 5000, "predictor": predictor}]

    layers = [
        experiment("bagging", layer="model", scope={"campaigns": ["1042"]}, variants=halves("bag")),
        experiment("other release", layer="release", scope={"advertisers": ["8"]}, variants=halves("other")),
        experiment("curiosity", layer="exploration", scope={"placements": ["12"]}, variants=halves("curious")),
    ]
    overrides = [
        override("safe", scope={"campaigns": ["77"], "placements": ["12"]}),
        override("house", scope={"campaigns": ["absent"]}, expires="2099-01-01T00:00:00Z"),
    ]
    adjusted = {"1042": {"multiplier": 2, "cap": 0.02}, "77": {"floor": 0.0001}}
    everything = {"placement": "slot", "predictors": predictors, "overrides": overrides, "experiments": layers}
    return policy(**everything, campaigns=adjusted) | members
