# SPDX-License-Identifier: Apache-2.0
"""Model files for the tests, with self-tests computed in float64 by the formulas of Documentation/model-format.md.

MODELS and CANDIDATES belong to impression.h; `expected_value` gives their values by the formulas.
"""

import copy
import gzip
import json
import math
from dataclasses import dataclass, field
from pathlib import Path

Features = dict[str, str | float | list[str]]


def model(campaign: str = "1042", target: str = "click", **members: object) -> dict:
    """The smallest valid document, with `members` added or replaced."""
    return {
        "format": "valuation-model/1",
        "kind": "logistic",
        "campaign": campaign,
        "target": target,
        "version": "2026-11-21T03:00:00Z",
        "intercept": -1.5,
        "negative_sampling_rate": 1,
        "categorical": {"slot": {"12": 0.25}},
    } | members


def values_of(features: Features, name: str) -> list[str]:
    """The categories of a field."""
    value = features.get(name, [])
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []


def own_logit(document: dict, features: Features) -> float:
    """The sum of one document's terms, without its base's and without the sampling correction."""
    logit = document["intercept"]
    for name, weights in document["categorical"].items():
        logit += sum(weights.get(value, 0.0) for value in values_of(features, name))
    for name, number in document.get("numeric", {}).items():
        if isinstance(features.get(name), int | float):
            logit += number["weight"] * (features[name] - number["mean"]) / number["std"]
    for cross in document.get("crosses", []):
        first, second = (values_of(features, name) for name in cross["fields"])
        logit += sum(weight for one, other, weight in cross["weights"] if one in first and other in second)
    return logit


def find(documents: list[dict], campaign: str, target: str) -> dict | None:
    """The document of a campaign and target."""
    for document in documents:
        if (document["campaign"], document["target"]) == (campaign, target):
            return document
    return None


def probability(documents: list[dict], document: dict, features: Features) -> float:
    """The prediction of a document and its bases, in float64."""
    logit = math.log(document["negative_sampling_rate"])
    current: dict | None = document
    while current is not None:
        logit += own_logit(current, features)
        current = find(documents, current["extends"], current["target"]) if current.get("extends") else None
    return 1 / (1 + math.exp(-logit))


def with_self_tests(documents: list[dict], examples: list[Features]) -> list[dict]:
    """Copies of the documents, each with self-tests for the examples."""
    tested = copy.deepcopy(documents)
    for document in tested:
        document["self_test"] = [
            {"features": features, "probability": probability(documents, document, features)} for features in examples
        ]
    return tested


def write_models(path: Path, documents: list[dict]) -> Path:
    """Writes documents in the format of the file's name: .json, .jsonl, either with .gz."""
    lines = ".jsonl" in path.name
    assert lines or len(documents) == 1, "a .json file holds one document"
    text = "".join(json.dumps(document) + "\n" for document in documents)
    content = text.encode() if lines else json.dumps(documents[0], indent=2).encode()
    path.write_bytes(gzip.compress(content, mtime=0) if path.name.endswith(".gz") else content)
    return path


@dataclass
class Candidate:
    """As in impression.h."""

    campaign: str
    pricing: str
    features: Features = field(default_factory=dict)


# The features of impression.h's impression, and its kinds of candidates.
FEATURES: Features = {"slot": "12", "os": "ios", "segments": ["sports", "travel"], "days_since_visit": 2.5}
CANDIDATES = [
    Candidate("1042", "cpm"),
    Candidate("1042", "cpc", {"creative": "55"}),
    Candidate("1042", "cpa", {"creative": "55", "shape": "wide"}),
    Candidate("77", "cpc", {"creative": "56", "price": 9.5}),
    Candidate("77", "cpa"),
    Candidate("500", "cpa", {"creative": "55"}),
]

_EXAMPLES: list[Features] = [{}, FEATURES, FEATURES | CANDIDATES[2].features, FEATURES | CANDIDATES[3].features]
_SHARED_CLICK = model(
    "*",
    intercept=-4.2,
    negative_sampling_rate=0.25,
    categorical={
        "slot": {"12": 0.31, "77": -0.2},
        "os": {"ios": 0.11, "android": -0.07},
        "segments": {"sports": 0.05, "travel": 0.125},
        "creative": {"55": 0.2, "56": -0.4},
    },
    numeric={"days_since_visit": {"mean": 3.2, "std": 1.1, "weight": 0.05}},
    training={"rows": 90000, "positives": 900, "base_rate": 0.01, "trainer": "by hand"},
)
_SHARED_CONVERSION = model(
    "*", "conversion", intercept=-3.1, categorical={"os": {"ios": 0.4}, "creative": {"55": -0.3}}
)
_CLICK = model(
    extends="*",
    intercept=0.35,
    negative_sampling_rate=0.25,
    categorical={"slot": {"12": -0.15}, "segments": {"travel": 0.3}, "shape": {"wide": 0.08}},
    numeric={
        "days_since_visit": {"mean": 2.0, "std": 4.0, "weight": -0.1},
        "price": {"mean": 10, "std": 2.5, "weight": 0.2},
    },
    crosses=[
        {"fields": ["slot", "creative"], "weights": [["12", "55", 0.4], ["77", "55", -0.4]]},
        {"fields": ["segments", "os"], "weights": [["sports", "ios", 0.07]]},
        {"fields": ["creative", "shape"], "weights": [["55", "wide", -0.33]]},
    ],
    training={"rows": 81234, "positives": 512, "base_rate": 0.0063, "auc": 0.71, "log_loss": 0.021},
)
_CONVERSION = model(target="conversion", extends="*", intercept=0.5, categorical={"slot": {"12": 0.6}})
_LONE_CLICK = model(
    "77",
    intercept=-2.0,
    negative_sampling_rate=0.1,
    categorical={"slot": {"12": 0.9}, "creative": {"56": -0.6}},
    numeric={"price": {"mean": 8, "std": 2, "weight": 0.3}},
)

MODELS = with_self_tests([_SHARED_CLICK, _CLICK, _LONE_CLICK, _SHARED_CONVERSION, _CONVERSION], _EXAMPLES)

_FURTHER = [_SHARED_CLICK | {"intercept": -4.0}, _CLICK | {"intercept": 0.1}, _LONE_CLICK | {"intercept": -1.9}]
_FURTHER += [
    _SHARED_CONVERSION | {"intercept": -3.3},
    _CONVERSION | {"intercept": 0.45},
    _LONE_CLICK | {"campaign": "500"},
]
BETTER = with_self_tests(_FURTHER, _EXAMPLES)


def many_models(*, extend: bool) -> list[dict]:
    """Models of 600 campaigns, the impression's among them, whose weights fill index rows of every kind.

    The index keeps the weights that all models have for all of them, those of some models in long lists, and those of
    few models in short lists. There is a `*` for others to extend only if `extend` asks for it.
    """
    documents = copy.deepcopy([_SHARED_CLICK, _SHARED_CONVERSION]) if extend else []
    for number, campaign in enumerate(["1042", "77", "500", *(f"campaign {i}" for i in range(597))]):
        categorical = {"slot": {"12": 0.1}, "creative": {"55": 0.2}, "os": {}, "segments": {}, "shape": {}}
        numeric = {}
        if number % 4 < 2:
            numeric = {name: {"mean": 2.0, "std": 3.0, "weight": 0.1} for name in ("days_since_visit", "price")}
        if number % 6 < 1:
            categorical["os"]["ios"] = -0.1
            categorical["creative"]["56"] = -0.2
        if number < 5:
            categorical["segments"]["sports"] = 0.3
            categorical["shape"]["wide"] = -0.3
        members = {"categorical": categorical, "numeric": numeric, "crosses": copy.deepcopy(_CLICK["crosses"])}
        for shared in (_SHARED_CLICK, _SHARED_CONVERSION):
            rate = {"negative_sampling_rate": shared["negative_sampling_rate"]}
            base = {"extends": "*"} | rate if extend and number % 2 == 0 else {}
            documents.append(model(campaign, shared["target"], **members, **base))
    return documents


ANSWERED = json.dumps(
    {
        "id": "Eindrücke-1",
        "features": FEATURES | {"days_since_visit": 2.5e-1, "planet": "mars"},
        "candidates": [
            {
                "ad": f"ad-{number}",
                "campaign": candidate.campaign,
                "pricing": candidate.pricing,
                "bid": 12.5,
                "features": candidate.features,
            }
            for number, candidate in enumerate(CANDIDATES, 1)
        ],
    },
    ensure_ascii=False,
)


def base_rate(documents: list[dict], document: dict) -> float:
    """The prediction when the time is up: the training's base rate, or else the rate of the intercept."""
    known = document.get("training", {}).get("base_rate")
    return probability(documents, document, {}) if known is None else known
