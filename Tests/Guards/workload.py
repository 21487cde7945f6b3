# SPDX-License-Identifier: Apache-2.0
"""Models and JSON requests like an ad server's, the same on every run.

score_requests.c makes its own requests for the same models.
"""

import json
import random
from pathlib import Path

CAMPAIGNS = 200
WEIGHTS = {"click": 400, "conversion": 100}
FIELDS = [f"field_{number}" for number in range(30)]
AD_FIELDS = [f"ad_{number}" for number in range(3)]
VALUES = 40


class Draws(random.Random):
    """Draws that are the same in every version of Python, which guarantees only `random()`."""

    def below(self, bound: int) -> int:
        return int(self.random() * bound)

    def value(self) -> str:
        """A field's value; values with low numbers are the popular ones."""
        return str(min(self.below(VALUES), self.below(VALUES)))


def write_models(path: Path) -> Path:
    """Writes a click model and a conversion model for each campaign, without self-tests."""
    draws = Draws(20261121)
    with path.open("w", encoding="utf-8") as file:
        for target, count in WEIGHTS.items():
            for campaign in range(CAMPAIGNS):
                labels: set[tuple[str, str]] = set()
                while len(labels) < count:
                    labels.add(((FIELDS + AD_FIELDS)[draws.below(len(FIELDS + AD_FIELDS))], draws.value()))
                categorical: dict[str, dict[str, float]] = {}
                for field, value in sorted(labels):
                    categorical.setdefault(field, {})[value] = round(draws.random() - 0.5, 6)
                document = {
                    "format": "valuation-model/1",
                    "kind": "logistic",
                    "campaign": str(campaign),
                    "target": target,
                    "version": "1",
                    "intercept": -3.5,
                    "negative_sampling_rate": 0.1,
                    "categorical": categorical,
                }
                file.write(json.dumps(document) + "\n")
    return path


def write_requests(path: Path, *, count: int, candidates: int) -> Path:
    """Writes JSON requests, one a line, with CPA candidates that have features of their own."""
    draws = Draws(20261122)
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            request = {
                "id": f"impression-{number}",
                "features": {field: draws.value() for field in FIELDS},
                "candidates": [
                    {
                        "ad": f"ad-{ad}",
                        "campaign": str(draws.below(CAMPAIGNS)),
                        "pricing": "cpa",
                        "bid": round(1 + 9 * draws.random(), 2),
                        "features": {field: draws.value() for field in AD_FIELDS},
                    }
                    for ad in range(candidates)
                ],
            }
            file.write(json.dumps(request) + "\n")
    return path
