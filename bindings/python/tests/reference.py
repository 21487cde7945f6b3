# SPDX-License-Identifier: Apache-2.0
"""The formulas of the model format in float64 Python, and model files made with them."""

from __future__ import annotations

import gzip
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

Model = dict[str, Any]
Features = Mapping[str, Any]


def model(campaign: str, target: str = "click", *, intercept: float = -2.0, rate: float = 1.0, **members: Any) -> Model:
    """Return a model document; ``members`` are those of the format."""
    return {
        "format": "valuation-model/1",
        "kind": "logistic",
        "campaign": campaign,
        "target": target,
        "version": "2026-11-21T03:00:00Z",
        "intercept": intercept,
        "negative_sampling_rate": rate,
        "categorical": {},
    } | members


def probability(subject: Model, models: Iterable[Model], *features: Features) -> float:
    """Return a model's p, given the features of the request and, if any, of the ad."""
    by_campaign = {other["campaign"]: other for other in models if other["target"] == subject["target"]}
    logit = _uncorrected_logit(subject, by_campaign, _facts(features)) + math.log(subject["negative_sampling_rate"])
    return 1.0 / (1.0 + math.exp(-max(-80.0, min(80.0, logit))))  # Flag.CLAMPED


def _facts(sources: Sequence[Features]) -> Counter[tuple[str, Any]]:
    facts: Counter[tuple[str, Any]] = Counter()
    for source in sources:
        for field, value in source.items():
            facts.update((field, member) for member in (value if isinstance(value, list) else [value]))
    return facts


def _uncorrected_logit(subject: Model, by_campaign: Mapping[str, Model], facts: Counter[tuple[str, Any]]) -> float:
    terms = [subject["intercept"]]
    for (field, value), times in facts.items():
        terms.append(times * subject.get("categorical", {}).get(field, {}).get(value, 0.0))
        if field in subject.get("numeric", {}):
            scale = subject["numeric"][field]
            terms.append(times * scale["weight"] * (value - scale["mean"]) / scale["std"])
    for cross in subject.get("crosses", []):
        first, second = cross["fields"]
        terms.extend(facts[first, a] * facts[second, b] * weight for a, b, weight in cross["weights"])
    if subject.get("extends") is not None:
        terms.append(_uncorrected_logit(by_campaign[subject["extends"]], by_campaign, facts))
    return math.fsum(terms)


#: A weight: its owner (0 the model itself, 1 the one that it extends ...), and its label, () for an intercept.
Weight = tuple[int, tuple[Any, ...]]


def deviations(
    subject: Model, models: Iterable[Model], *features: Features, level: int = 0
) -> Iterator[tuple[Weight, float]]:
    """Yield the uncertain weights of a logit, and how far a standard deviation of each moves it."""
    facts = _facts(features)
    of = subject.get("variance", {})
    yield (level, ()), math.sqrt(of.get("intercept", 0.0))
    for (field, value), times in facts.items():
        yield (level, (field, value)), times * math.sqrt(of.get("categorical", {}).get(field, {}).get(value, 0.0))
        if field in of.get("numeric", {}):
            scale = subject["numeric"][field]
            distance = (value - scale["mean"]) / scale["std"]
            yield (level, (field,)), times * distance * math.sqrt(of["numeric"][field])
    for cross in of.get("crosses", []):
        first, second = cross["fields"]
        for a, b, variance in cross["weights"]:
            times = facts[first, a] * facts[second, b]
            yield (level, ((first, a), (second, b))), times * math.sqrt(variance)
    others = list(models)
    for base in others:
        if base["target"] == subject["target"] and base["campaign"] == subject.get("extends"):
            yield from deviations(base, others, *features, level=level + 1)


def logit_variance(subject: Model, models: Iterable[Model], *features: Features) -> float:
    """Return the variance of a model's logit, including what it extends."""
    return math.fsum(deviation**2 for _, deviation in deviations(subject, models, *features))


def with_self_test(subject: Model, models: Iterable[Model], *examples: Features) -> Model:
    """Return the model with self-test examples, as a trainer writes them."""
    tests = [{"features": features, "probability": probability(subject, models, features)} for features in examples]
    return subject | {"self_test": tests}


def write(path: Path, *models: Model) -> Path:
    """Write models to a file, one a line; gzip if the name ends with .gz."""
    text = "".join(json.dumps(document) + "\n" for document in models)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path
