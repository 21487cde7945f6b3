# SPDX-License-Identifier: Apache-2.0
"""The rules of policies in plain Python, and policy files."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import farmhash

Policy = dict[str, Any]


class Decision(NamedTuple):
    """The decision for a candidate; ``why`` is the flag of its value, if any."""

    predictor: str
    experiment: str | None = None
    variant: str | None = None
    why: str | None = None


def policy(default: str = "production", **members: Any) -> Policy:
    """Return a policy; ``members`` are the format's, besides the predictor ``production``, which is LATEST."""
    predictors = {"production": {"release": "LATEST"}} | members.pop("predictors", {})
    return {"format": "valuation-policy/1", "predictors": predictors, "default": default} | members


def experiment(name: str, *variants: tuple[str, int, str | None], holdout: int = 0, **members: Any) -> dict[str, Any]:
    """Return an experiment; a variant is its name, share and predictor or None."""
    listed = [
        {"name": variant, "share": share} | ({} if predictor is None else {"predictor": predictor})
        for variant, share, predictor in variants
    ]
    return {"name": name, "salt": f"{name}-salt", "variants": listed, "holdout": holdout} | members


def write(path: Path, document: Policy) -> Path:
    """Write a policy to a file."""
    path.write_text(json.dumps(document, indent=1))
    return path


def bucket(salt: str, unit: str) -> int:
    """Return a unit's bucket, by an implementation independent of the library."""
    return int(farmhash.fingerprint64(f"{salt}:{unit}")) % 10_000


def units_in(salt: str, buckets: range) -> Iterator[str]:
    """Return units of some buckets."""
    return (unit for unit in (f"u-{number}" for number in count()) if bucket(salt, unit) in buckets)


class Known(NamedTuple):
    """What LATEST knows of a campaign; ``targets`` are those for which it has a model of its own."""

    targets: tuple[str, ...] = ()
    impressions: float = 0
    clicks: float = 0


def decide(
    document: Policy,
    request: dict[str, Any],
    campaign: str,
    advertiser: str | None = None,
    known: Known = Known(),  # noqa: B008
) -> Decision:
    """Return the decision for a campaign: the first override; else the first layer's variant that names a predictor."""
    for override in document.get("overrides", []):
        if _holds(override, document, request, campaign, advertiser, known):
            return Decision(override["predictor"], why="overridden")
    experiments = document.get("experiments", [])
    first = None
    for layer in dict.fromkeys(experiment.get("layer", "default") for experiment in experiments):
        for experiment in experiments:
            if experiment.get("layer", "default") != layer:
                continue
            found = _variant(experiment, request)
            if found is None or not _holds(experiment, document, request, campaign, advertiser, known):
                continue
            variant, predictor, why = found
            if variant == "holdout" or predictor is not None:
                return Decision(predictor or document["default"], experiment["name"], variant, why)
            first = first or Decision(document["default"], experiment["name"], variant, why)
            break
    return first or Decision(document["default"])


def _variant(experiment: dict[str, Any], request: dict[str, Any]) -> tuple[str, str | None, str | None] | None:
    variants = [(variant["name"], variant["share"], variant.get("predictor")) for variant in experiment["variants"]]
    unit = request.get("unit", {}).get(experiment.get("unit", "unit"))
    if not unit:
        name, _, predictor = variants[0]
        return name, predictor, "no_unit"
    place = bucket(experiment["salt"], unit)
    for name, share, predictor in [*variants, ("holdout", experiment.get("holdout", 0), None)]:
        if place < share:
            return name, predictor, None
        place -= share
    return None


def _is_new(condition: dict[str, Any], known: Known) -> bool:
    return (
        condition.get("without_model") not in known.targets
        and known.impressions < condition.get("fewer_impressions_than", math.inf)
        and known.clicks < condition.get("fewer_clicks_than", math.inf)
    )


def _holds(
    rule: dict[str, Any], document: Policy, request: dict[str, Any], campaign: str, advertiser: str | None, known: Known
) -> bool:
    scope, time = rule.get("scope", {}), request["time"]  # texts of UTC times sort as the times do
    end = rule.get("expires") or rule.get("end")
    return (
        ("campaigns" not in scope or campaign in scope["campaigns"])
        and ("advertisers" not in scope or advertiser in scope["advertisers"])
        and ("newcomers" not in scope or _is_new(scope["newcomers"], known))
        and ("placements" not in scope or request["features"].get(document["placement"]) in scope["placements"])
        and ("start" not in rule or rule["start"] <= time)
        and (end is None or time < end)
    )
