# SPDX-License-Identifier: Apache-2.0
"""Policies for the tests of the command."""

import json
from pathlib import Path

from .command import run

# One experiment covers everything except the ads of a campaign that has no model; another covers one placement.
POLICY = {
    "format": "valuation-policy/1",
    "version": "november",
    "placement": "slot",
    "predictors": {"production": {"release": "LATEST"}, "house": {"constant": {"pctr": 0.001, "pcvr": 0.05}}},
    "default": "production",
    "overrides": [{"scope": {"campaigns": ["no-such-campaign"]}, "predictor": "house", "reason": "no model yet"}],
    "experiments": [
        {
            "name": "cheaper",
            "layer": "model",
            "salt": "cheaper-1",
            "unit": "user",
            "variants": [{"name": "control", "share": 4000}, {"name": "flat", "share": 4000, "predictor": "house"}],
            "holdout": 1000,
        },
        {
            "name": "late",
            "layer": "night",
            "salt": "late-1",
            "unit": "session",
            "scope": {"placements": ["77"]},
            "variants": [{"name": "control", "share": 5000}, {"name": "flat", "share": 5000, "predictor": "house"}],
            "end": "2099-12-01T00:00:00Z",
        },
    ],
    "campaigns": {"1042": {"multiplier": 2, "floor": 0.0005, "cap": 0.5}},
}
# A policy that gives no warning.
PLAIN = {"format": "valuation-policy/1", "predictors": {"production": {"release": "LATEST"}}, "default": "production"}


def write_policy(path: Path, document: dict = POLICY, **members: object) -> Path:
    """Writes a policy's file, without the members that are None."""
    changed = {name: value for name, value in (document | members).items() if value is not None}
    path.write_text(json.dumps(changed, indent=2))
    return path


def bucket(salt: str, unit: str) -> int:
    """The bucket by the header's formula, from the fingerprint that `valuation key` prints."""
    (found,) = run("key", "--fingerprint", f"{salt}:{unit}").answers
    return int(found["unsigned"]) % 10_000


def user_of(buckets: range) -> str:
    """The first of u-0, u-1, ... whose bucket in the experiment "cheaper" is one of these."""
    users = [f"u-{number}" for number in range(60)]
    found = run("key", *(part for user in users for part in ("--fingerprint", f"cheaper-1:{user}"))).answers
    return next(u for u, each in zip(users, found, strict=True) if int(each["unsigned"]) % 10_000 in buckets)


CONTROL = range(4000)
FLAT = range(4000, 8000)
HOLDOUT = range(8000, 9000)
NOBODY = range(9000, 10_000)
