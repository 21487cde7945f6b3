# SPDX-License-Identifier: Apache-2.0
"""The benchmark's input, generated from a seed: model files, requests as keys for the struct call, and as JSON."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import valuation


@dataclass(frozen=True)
class Workload:
    """The size of the input.

    campaigns : campaigns, each with a click and a conversion model
    click_weights, conversion_weights : non-zero weights of each model
    labels : different labels that the models' weights are for
    fields : fields; a request has one feature of each
    candidates : ads of a request, each of a random campaign
    requests : different requests
    """

    campaigns: int = 1000
    click_weights: int = 2000
    conversion_weights: int = 500
    labels: int = 50_000
    fields: int = 30
    candidates: int = 1000
    requests: int = 200
    seed: int = 20261121

    def write(self, directory: Path) -> None:
        """Write models/*.jsonl.gz, requests.bin and requests.jsonl; do nothing if they are there already."""
        stamp = directory / "workload.json"
        if stamp.exists() and stamp.read_text() == repr(self):
            return
        (directory / "models").mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(self.seed)
        popularity = 1.0 / np.arange(1, self.labels + 1)
        for target, weights in (("click", self.click_weights), ("conversion", self.conversion_weights)):
            self._write_models(directory / "models" / f"{target}.jsonl.gz", target, weights, popularity, random)
        self._write_requests(directory, popularity, random)
        stamp.write_text(repr(self))

    def _label(self, number: int) -> tuple[str, str]:
        """Field and value of a label: neighbours in popularity are of different fields."""
        return f"field_{number % self.fields}", str(number)

    def _write_models(
        self, path: Path, target: str, weights: int, popularity: np.ndarray, random: np.random.Generator
    ) -> None:
        with gzip.open(path, "wt", compresslevel=1) as file:
            for campaign in range(self.campaigns):
                # The largest perturbed log popularities are a weighted sample without replacement (Gumbel-top-k).
                chosen = np.argpartition(-(np.log(popularity) + random.gumbel(size=self.labels)), weights)[:weights]
                values = random.normal(scale=0.3, size=weights).round(6)
                categorical: dict[str, dict[str, float]] = {}
                for number, value in zip(chosen.tolist(), values.tolist(), strict=True):
                    field, label = self._label(number)
                    categorical.setdefault(field, {})[label] = value
                document = {
                    "format": "valuation-model/1",
                    "kind": "logistic",
                    "campaign": str(campaign),
                    "target": target,
                    "version": "2026-11-21T03:00:00Z",
                    "intercept": -3.5,
                    "negative_sampling_rate": 0.1,
                    "categorical": categorical,
                }
                file.write(json.dumps(document, separators=(",", ":")) + "\n")

    def _write_requests(self, directory: Path, popularity: np.ndarray, random: np.random.Generator) -> None:
        numbers = np.arange(self.labels)
        features = np.empty((self.requests, self.fields), dtype=np.int64)
        for field in range(self.fields):
            own = numbers[numbers % self.fields == field]
            share = popularity[own] / popularity[own].sum()
            features[:, field] = random.choice(own, size=self.requests, p=share)
        campaigns = random.integers(self.campaigns, size=(self.requests, self.candidates))
        keys = np.array([valuation.feature_key(*self._label(number)) for number in range(self.labels)], dtype=np.uint64)
        campaign_keys = np.array([valuation.campaign_key(str(c)) for c in range(self.campaigns)], dtype=np.uint64)
        with (directory / "requests.bin").open("wb") as file:
            np.array([self.requests, self.fields, self.candidates], dtype=np.uint64).tofile(file)
            keys[features].tofile(file)
            campaign_keys[campaigns].tofile(file)
        with (directory / "requests.jsonl").open("w") as file:
            for request in range(self.requests):
                document = {
                    "id": str(request),
                    "features": dict(self._label(number) for number in features[request].tolist()),
                    "candidates": [
                        {"ad": str(ad), "campaign": str(campaign), "pricing": "cpa", "bid": 20.0}
                        for ad, campaign in enumerate(campaigns[request].tolist())
                    ],
                }
                file.write(json.dumps(document) + "\n")
