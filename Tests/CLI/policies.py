# SPDX-License-Identifier: Apache-2.0
"""Policies as the tests of the command meet them."""

import json
from pathlib import Path

from .command import run

# Its experiment is for everybody but the ads of a campaign that has no model, and another one for one placement.
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
# Nothing in it is odd.
PLAIN = {"format": "valuation-policy/1", "predictors": {"production": {"release": "LATEST"}}, "default": "production"}


def write_policy(path: Path, document: dict = POLICY, **members: object) -> Path:
    """A policy's file; members that are None are left out."""
    changed = {name: value for name, value in (document | members).items() if value is not None}
    path.write_text(json.dumps(changed, indent=2))
    return path


def bucket(salt: str, unit: str) -> int:
    """By the formula of the header, with the fingerprint that `valuation key` gives."""
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
