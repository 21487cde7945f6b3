# SPDX-License-Identifier: Apache-2.0
"""A small run whose models are the truth, in the files that earlier steps write; tests plant faults in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import valuation
from scipy.special import expit, logit

from valuation_pipeline.checks import CheckOptions, Verdict, check_run
from valuation_pipeline.features import FeatureSet
from valuation_pipeline.logs.schema import EXAMPLES

FIRST = date(2026, 3, 1)
DAYS = 16
NEWEST = FIRST + timedelta(days=DAYS - 1)
SLOTS = np.array([0.0, 0.5, -0.6, 0.9, -0.3])
CAMPAIGNS = np.array([0.3, 0.0, -0.4, 0.2, -0.1, 0.5])
CLICK, CONVERSION = logit(0.06), logit(0.25)
FEATURES = {
    "format": "valuation-features/1",
    "category": {"campaign": {"source": "campaign", "side": "ad"}, "slot": {}},
    "number": {"age": {}},
}
MICROSECONDS_A_DAY = 86_400_000_000


@dataclass
class MadeRun:
    """Rows as columns, ordered by time; models as documents.

    A test changes columns and documents, then calls ``write``.
    """

    seed: int = 1
    rows_a_day: int = 1_500
    columns: dict[str, np.ndarray] = field(init=False)
    documents: dict[str, list[dict[str, Any]]] = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng([self.seed, 11])
        count = self.rows_a_day * DAYS
        day = np.repeat(np.arange(DAYS), self.rows_a_day)
        second = np.sort(rng.integers(0, 86_000, (DAYS, self.rows_a_day)), axis=1).ravel()
        campaign = rng.choice(len(CAMPAIGNS), count, p=[0.3, 0.25, 0.2, 0.1, 0.1, 0.05])
        slot = rng.choice(len(SLOTS), count)
        age = np.round(rng.normal(40, 10, count), 1)
        effects = CAMPAIGNS[campaign] + SLOTS[slot] + 0.02 * (age - 40)
        pctr, pcvr = expit(CLICK + effects), expit(CONVERSION + SLOTS[slot])
        click = rng.random(count) < pctr
        time = (np.datetime64(FIRST, "us") + day.astype("m8[D]") + second.astype("m8[s]")).astype("M8[us]")
        delay = (rng.exponential(0.8, count) * MICROSECONDS_A_DAY).astype(np.int64).astype("m8[us]")
        conversion_time = time + np.timedelta64(60, "s") + delay
        known = conversion_time < np.datetime64(NEWEST + timedelta(days=1), "us")
        self.columns = {
            "time": time,
            "day": day,
            "campaign": campaign,
            "slot": slot,
            "age": age,
            "click": click,
            "click_time": time + np.timedelta64(30, "s"),
            "conversion": click & (rng.random(count) < pcvr) & known,
            "conversion_time": conversion_time,
            "pctr": pctr,
            "pcvr": pcvr,
            "has_slot": np.ones(count, bool),
        }
        self.documents = {
            "click": [*_documents("click", CLICK, dict(enumerate(CAMPAIGNS)), 0.02)],
            "conversion": [*_documents("conversion", CONVERSION, {}, 0.0)],
        }

    def newest(self, campaign: int | None = None) -> np.ndarray:
        """Return which rows belong to the newest day, for one campaign or for all."""
        chosen = self.columns["day"] == DAYS - 1
        return np.asarray(chosen if campaign is None else chosen & (self.columns["campaign"] == campaign))

    def write(self, folder: Path) -> Path:
        """Write the run's folder, with the true probabilities as predictions of held-back days, and return it."""
        (folder / "examples").mkdir(parents=True)
        pq.write_table(self.examples(), folder / "examples" / "examples.parquet")
        columns = self.columns
        days = {"click": [DAYS - 1], "conversion": [DAYS - 11, DAYS - 10, DAYS - 9]}
        for target, probability in (("click", columns["pctr"]), ("conversion", columns["pcvr"])):
            held = np.isin(columns["day"], days[target])
            shown = np.ones(len(held), bool)
            if target == "conversion":
                shown = columns["click"]
                held &= shown
            outcome = columns[target]
            before = shown & (columns["day"] < min(days[target]))
            campaigns = range(int(columns["campaign"].max()) + 1)
            rates = np.array([_rate(outcome[before & (columns["campaign"] == code)]) for code in campaigns])
            self._write_target(folder / target, target, held, outcome, probability, rates, shown)
        return folder

    def check(self, folder: Path, options: CheckOptions | None = None, previous: Path | None = None) -> list[Verdict]:
        """Write the run and check it."""
        self.write(folder)
        return check_run(folder, FeatureSet.from_value(FEATURES), options or CheckOptions(), previous)

    def publish(self, folder: Path, models: Path, id: str) -> None:  # noqa: A002
        """Publish the run's models unchanged."""
        folder.mkdir(parents=True)
        for target, documents in self.documents.items():
            _write_lines(folder / f"{target}.jsonl", documents)
        valuation.publish(folder, models, id=id)

    def examples(self) -> pa.Table:
        """Return the rows in the form of ``examples.parquet``."""
        columns, count = self.columns, len(self.columns["day"])
        campaigns = [f"c-{code}" for code in columns["campaign"].tolist()]
        given = {
            "impression_id": [f"i-{number:07d}" for number in range(count)],
            "time": columns["time"],
            "campaign": campaigns,
            "ad": campaigns,
            "pricing": ["cpc"] * count,
            "bid": [0.5] * count,
            "features": self._features(),
            "pctr": columns["pctr"],
            "pcvr": columns["pcvr"],
            "release": columns.get("release", np.full(count, "earlier")).tolist(),
            "date": columns["time"].astype("M8[D]"),
            "click": columns["click"],
            "click_time": pa.array(columns["click_time"], mask=~columns["click"]),
            "conversion": columns["conversion"],
            "conversion_time": pa.array(columns["conversion_time"], mask=~columns["conversion"]),
            "conversions": columns["conversion"].astype(np.int32),
            "revenue": columns["conversion"] * 20.0,
        }
        arrays = [pa.array(given[f.name], f.type) if f.name in given else pa.nulls(count, f.type) for f in EXAMPLES]
        return pa.table(arrays, schema=EXAMPLES)

    def _features(self) -> pa.Array:
        """Return slot, for rows that have it, and age."""
        has = self.columns["has_slot"]
        starts = np.concatenate([[0], np.cumsum(1 + has)]).astype(np.int32)
        keys = np.full(starts[-1], "age", object)
        texts = np.empty(starts[-1], object)
        keys[starts[:-1][has]] = "slot"
        texts[starts[:-1][has]] = self.columns["slot"][has].astype(str)
        texts[starts[1:] - 1] = [f"{age:g}" for age in self.columns["age"].tolist()]
        lists = pa.ListArray.from_arrays(np.arange(len(texts) + 1, dtype=np.int32), pa.array(texts, pa.string()))
        return pa.MapArray.from_arrays(pa.array(starts), pa.array(keys, pa.string()), lists)

    def _write_target(
        self,
        folder: Path,
        target: str,
        held: np.ndarray,
        outcome: np.ndarray,
        probability: np.ndarray,
        rates: np.ndarray,
        shown: np.ndarray,
    ) -> None:
        folder.mkdir()
        campaign = self.columns["campaign"]
        _write_lines(folder / "models.jsonl", self.documents[target])
        training = [
            {
                "campaign": f"c-{code}",
                "advertiser": None,
                "rows": int((shown & (campaign == code)).sum()),
                "positives": int((shown & outcome & (campaign == code)).sum()),
                "complete_rows": float((shown & (campaign == code)).sum()),
            }
            for code in range(len(CAMPAIGNS))
        ]
        (folder / "training.json").write_text(json.dumps({"campaigns": training}), encoding="utf-8")
        rows = np.flatnonzero(held)
        rows = rows[np.argsort(campaign[rows], kind="stable")]
        predicted = self.columns.get(f"held_{target}", probability)
        table = {
            "impression_id": [f"i-{number:07d}" for number in rows],
            "campaign": [f"c-{code}" for code in campaign[rows]],
            "outcome": outcome[rows],
            "probability": predicted[rows],
            "constant": rates[campaign[rows]],
            "weight": np.ones(len(rows)),
        }
        pq.write_table(pa.table(table), folder / "held_out.parquet")


def _documents(target: str, intercept: float, campaigns: dict[int, float], age: float) -> Iterator[dict[str, Any]]:
    """The shared model, and a correction without any change."""
    common = {
        "format": "valuation-model/1",
        "kind": "logistic",
        "target": target,
        "version": str(datetime(2026, 3, 17)),
    }
    rate = float(expit(intercept))
    training = {"rows": 40_000, "positives": round(40_000 * rate), "trainer": "the truth"}
    yield {
        **common,
        "campaign": "*",
        "intercept": float(intercept),
        "negative_sampling_rate": 1.0,
        "categorical": {
            "campaign": {f"c-{code}": float(effect) for code, effect in campaigns.items()},
            "slot": {str(slot): float(effect) for slot, effect in enumerate(SLOTS)},
        },
        "numeric": {"age": {"mean": 40.0, "std": 10.0, "weight": 10 * age}},
        "training": training,
        "self_test": [{"features": {}, "probability": rate}],
    }
    yield {
        **common,
        "campaign": "c-0",
        "extends": "*",
        "intercept": 0.0,
        "negative_sampling_rate": 1.0,
        "categorical": {},
        "training": training,
        "self_test": [{"features": {}, "probability": rate}],
    }


def _rate(outcomes: np.ndarray) -> float:
    return float((outcomes.sum() + 0.5) / (len(outcomes) + 10))


def _write_lines(file: Path, documents: list[dict[str, Any]]) -> None:
    file.write_text("".join(json.dumps(document) + "\n" for document in documents), encoding="utf-8")
