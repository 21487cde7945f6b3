# SPDX-License-Identifier: Apache-2.0
"""The benchmark's input, generated from a seed and stored under build/bench: models, and requests for them.

Labels have Zipf popularity, in models as in requests. Label r (counted from the most popular, 0) belongs to field r %
(F + 4): ``field_0`` ... are the request's F fields, ``ad_0`` ... ``ad_3`` the ad's; its value is the text of r. Every
campaign has a click and a conversion model.

    python Benchmarks/workload.py 1000 30     # writes build/bench/M1000-F30
"""

from __future__ import annotations

import gzip
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import valuation

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "bench"

LABELS = 50_000
AD_FIELDS = 4
REQUESTS = 64
CANDIDATES = 10_000
BID = 20.0
TARGETS = ("click", "conversion")

# The popularity of labels is rounded to 1 in this many; with a table of that many labels, a draw takes one random
# number.
DRAWS = 1 << 22
# Raise this whenever the generated files change.
VERSION = 2


@dataclass(frozen=True)
class Weights:
    """All models of one target, as compressed sparse rows: a row a campaign.

    indptr : (campaigns + 1,) int64; the weights of campaign c are ``indptr[c]:indptr[c + 1]``
    indices : (weights,) int32; labels, ascending in each campaign
    values : (weights,) float64
    intercepts : (campaigns,) float64, already corrected for dropped negatives
    """

    indptr: npt.NDArray[np.int64]
    indices: npt.NDArray[np.int32]
    values: npt.NDArray[np.float64]
    intercepts: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Data:
    """The contents of a set of files; arrays are mapped from disk and read-only.

    models : folder with click.jsonl.gz and conversion.jsonl.gz
    click, conversion : the same models as arrays
    label_keys, campaign_keys : (LABELS,) and (campaigns,) uint64, under the standard secret, which engines have that
        load ``models``
    features : (REQUESTS, fields) int32, labels; one of each of the request's fields, in their order
    campaigns : (REQUESTS, CANDIDATES) int32
    ad_features : (REQUESTS, CANDIDATES, AD_FIELDS) int32, labels; one of each of the ad's fields, in their order
    """

    models: Path
    click: Weights
    conversion: Weights
    label_keys: npt.NDArray[np.uint64]
    campaign_keys: npt.NDArray[np.uint64]
    features: npt.NDArray[np.int32]
    campaigns: npt.NDArray[np.int32]
    ad_features: npt.NDArray[np.int32]


@dataclass(frozen=True)
class ModelSet:
    """The size of one set of models with its requests; a request of fewer candidates takes the first ones.

    campaigns : M
    fields : F, the request's fields; the ad's four come on top
    click_weights, conversion_weights : non-zero weights of each model; 0 = chosen by the number of campaigns
    """

    campaigns: int
    fields: int
    click_weights: int = 0
    conversion_weights: int = 0
    seed: int = 20261121

    @property
    def weights(self) -> dict[str, int]:
        """Number of weights of each model, by target."""
        few = self.campaigns >= 100_000
        return {
            "click": self.click_weights or (200 if few else 2000),
            "conversion": self.conversion_weights or (50 if few else 500),
        }

    @property
    def folder(self) -> Path:
        """Where the files are."""
        name = f"M{self.campaigns}-F{self.fields}"
        if self.click_weights or self.conversion_weights:
            name += f"-W{self.weights['click']}-{self.weights['conversion']}"
        return FOLDER / name

    def label(self, number: int) -> tuple[str, str]:
        """Return field and value of a label."""
        field = number % (self.fields + AD_FIELDS)
        name = f"field_{field}" if field < self.fields else f"ad_{field - self.fields}"
        return name, str(number)

    def load(self) -> Data:
        """Return the data; generate it first if it does not exist (a minute for 25 million weights)."""
        self.write()
        arrays = {path.stem: np.load(path, mmap_mode="r") for path in self.folder.glob("*.npy")}
        targets = {
            target: Weights(*(arrays.pop(f"{target}_{part}") for part in ("indptr", "indices", "values", "intercepts")))
            for target in TARGETS
        }
        return Data(models=self.folder / "models", **targets, **arrays)

    def write(self) -> None:
        """Generate the files unless they exist."""
        stamp = self.folder / "stamp"
        description = f"{VERSION} {self!r}"
        if stamp.exists() and stamp.read_text() == description:
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "models").mkdir(parents=True)
        random = np.random.default_rng(self.seed)
        labels = [self.label(number) for number in range(LABELS)]
        for target in TARGETS:
            self._write_models(target, labels, random)
        self._write_requests(random)
        with valuation.Engine() as engine:
            for name, keys in self.keys(engine).items():
                self._save(name, keys)
        stamp.write_text(description)

    def keys(self, engine: valuation.Engine) -> dict[str, npt.NDArray[np.uint64]]:
        """Return ``label_keys`` and ``campaign_keys`` under an engine's secret."""
        labels = [engine.feature_key(*self.label(number)) for number in range(LABELS)]
        return {
            "label_keys": np.array(labels, dtype=np.uint64),
            "campaign_keys": engine.campaign_keys(np.arange(self.campaigns)),
        }

    def _save(self, name: str, array: npt.NDArray[Any]) -> None:
        np.save(self.folder / f"{name}.npy", array)

    def _write_models(self, target: str, labels: list[tuple[str, str]], random: np.random.Generator) -> None:
        count = self.weights[target]
        rate = 0.1 if target == "click" else 1.0
        indices = np.empty((self.campaigns, count), dtype=np.int32)
        for campaign, chosen in enumerate(_samples(self.campaigns, count, random)):
            indices[campaign] = np.sort(chosen)
        values = random.normal(scale=0.3, size=indices.shape).round(6)
        values[values == 0] = 1e-6
        intercepts = random.normal(-3.5, 0.3, size=self.campaigns).round(6)
        self._save(f"{target}_indptr", np.arange(self.campaigns + 1, dtype=np.int64) * count)
        self._save(f"{target}_indices", indices.reshape(-1))
        self._save(f"{target}_values", values.reshape(-1))
        self._save(f"{target}_intercepts", intercepts + np.log(rate))
        head = '{"format":"valuation-model/1","kind":"logistic","campaign":"%d","target":"%s"'
        head += ',"version":"2026-11-21T03:00:00Z","intercept":%r,"negative_sampling_rate":%r,"categorical":{%s}}\n'
        names = [f'"{self.label(field)[0]}":' for field in range(self.fields + AD_FIELDS)]
        members = [f'"{value}":' for _, value in labels]
        with gzip.open(self.folder / "models" / f"{target}.jsonl.gz", "wb", compresslevel=1) as file:
            for campaign, intercept in enumerate(intercepts.tolist()):
                own = indices[campaign] % len(names)
                order = np.argsort(own, kind="stable")
                numbers, weights = indices[campaign][order].tolist(), values[campaign][order].tolist()
                texts = [members[number] + repr(weight) for number, weight in zip(numbers, weights, strict=True)]
                ends = np.searchsorted(own[order], np.arange(len(names) + 1)).tolist()
                categorical = ",".join(
                    f"{name}{{{','.join(texts[start:end])}}}"
                    for name, start, end in zip(names, ends, ends[1:], strict=False)
                    if end > start
                )
                file.write((head % (campaign, target, intercept, rate, categorical)).encode())

    def _write_requests(self, random: np.random.Generator) -> None:
        every = self.fields + AD_FIELDS
        columns = []
        for field in range(every):
            own = np.arange(field, LABELS, every)
            shape = (REQUESTS,) if field < self.fields else (REQUESTS, CANDIDATES)
            share = 1.0 / (own + 1)
            columns.append(random.choice(own, size=shape, p=share / share.sum()).astype(np.int32))
        self._save("features", np.stack(columns[: self.fields], axis=-1))
        self._save("ad_features", np.stack(columns[self.fields :], axis=-1))
        self._save("campaigns", random.integers(self.campaigns, size=(REQUESTS, CANDIDATES), dtype=np.int32))

    def json(self, data: Data, request: int, candidates: int, ad_features: int) -> bytes:
        """Return a request as text for the JSON calls: CPA, one member a feature."""
        ads = []
        for ad in range(candidates):
            document: dict[str, Any] = {
                "ad": str(ad),
                "campaign": str(data.campaigns[request, ad]),
                "pricing": "cpa",
                "bid": BID,
            }
            if ad_features:
                document["features"] = dict(map(self.label, data.ad_features[request, ad, :ad_features].tolist()))
            ads.append(document)
        features = dict(map(self.label, data.features[request].tolist()))
        return json.dumps({"id": str(request), "features": features, "candidates": ads}).encode()


def _samples(rows: int, count: int, random: np.random.Generator) -> Iterator[npt.NDArray[np.int32]]:
    """Yield for each row ``count`` different labels, drawn by popularity without replacement.

    Drawing with replacement and keeping the first ``count`` distinct labels is equivalent.
    """
    popularity = 1.0 / np.arange(1, LABELS + 1)
    shares = np.cumsum(popularity) / popularity.sum()
    table = np.searchsorted(shares, (np.arange(DRAWS) + 0.5) / DRAWS).astype(np.int32)
    first = np.empty(LABELS, dtype=np.int64)
    draws = 4 * count
    positions = np.arange(draws)
    for _ in range(rows):
        while True:
            drawn = table[random.integers(DRAWS, size=draws, dtype=np.int32)]
            first[drawn[::-1]] = positions[::-1]  # of several assignments to an element the last one stays
            distinct = drawn[first[drawn] == positions]
            if len(distinct) >= count:
                break
            draws = 2 * draws  # too few: draw the row again, with more draws
            positions = np.arange(draws)
        yield distinct[:count]


if __name__ == "__main__":
    ModelSet(int(sys.argv[1]), int(sys.argv[2])).write()
