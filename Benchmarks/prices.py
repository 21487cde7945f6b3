# SPDX-License-Identifier: Apache-2.0
"""Fit the prices of the paths to measurements, print them, and write Sources/CKernels/prices.c.

    prices.py             # fit the stored measurements, Benchmarks/prices.csv
    prices.py --measure   # measure anew (about five minutes a set), and store that

It measures requests with each path forced upon them (paths.py), with every instruction set of this machine, or with
those named by --set. Build the library before: `make build` leaves an unstripped one in .build-library/release.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import os
from collections.abc import Sequence

import numpy as np
import valuation
from machine import processor
from native import NAMES, Native, library, sets
from paths import PATHS, UNSTRIPPED, ScoringPath, measure
from price_fit import COLUMNS, MEASUREMENTS, PRICES, ROWS, Row, fit, read, source, table
from price_table import PriceTable
from workload import FOLDER, LABELS, REQUESTS, TARGETS, Data, ModelSet

# Small and large indices, each with few and many models; none is one of those that paths.py checks.
MODEL_SETS = (
    ModelSet(100, 30, 200, 50),
    ModelSet(300, 30),
    ModelSet(1_000, 30, 200, 50),
    ModelSet(1_000, 30, 8_000, 2_000),
    ModelSet(10_000, 30, 200, 50),
    ModelSet(15_000, 30, 1_500, 375),
    ModelSet(30_000, 30, 400, 100),
    ModelSet(60_000, 30, 200, 50),
)
# Sets with as many campaigns have numbers alone measured.
NUMBER_SETS = (ModelSet(1_000, 30, 200, 50), ModelSet(10_000, 30, 200, 50))
NUMBERS = 10
CANDIDATES = (4, 12, 40, 120, 400, 1_200, 4_000)
FEATURES = (5, 30)
# Paths that take so many times as long as the best are left out: choosing among them is easy.
HOPELESS = 4.0
SECONDS, LEAST_TURNS, MOST_TURNS = 1.0, 5, 40


def rows_of(model_set: ModelSet, data: Data) -> dict[str, np.ndarray]:
    """Return the rows of every label, both targets together, by ``ROWS`` (as RowPlaces.swift lays them out)."""
    width = -(-model_set.campaigns // 16) * 16
    clicks, conversions = (
        np.bincount(np.asarray(target.indices), minlength=LABELS) for target in (data.click, data.conversion)
    )
    dense = {id(own): (own > 0) & (width <= 4 * own) for own in (clicks, conversions)}
    is_paired = (dense[id(clicks)] | dense[id(conversions)]) & (width <= 8 * np.minimum(clicks, conversions))
    found = {name: np.zeros(LABELS) for name in ROWS}
    for own in (clicks, conversions):
        is_dense = dense[id(own)] & ~is_paired
        is_short = (own > 0) & (own <= 16) & ~is_dense & ~is_paired
        is_long = (own > 16) & ~is_dense & ~is_paired
        found["dense"] += is_dense | is_paired
        found["short"] += is_short
        found["short_weights"] += own * is_short
        found["long"] += is_long
        found["long_weights"] += own * is_long
    return found


def weight_bytes(model_set: ModelSet, rows: dict[str, np.ndarray]) -> int:
    """Return the size of an index's weights."""
    width = -(-model_set.campaigns // 16) * 16
    lists = rows["short_weights"].sum() + rows["long_weights"].sum()
    return 4 * int(lists + width * (rows["dense"].sum()))


def name_of(path: ScoringPath) -> str:
    """Return a path as prices.csv has it."""
    names = ("dense", "short", "long", "all models", "numbers")
    return "+".join(name for name, taken in zip(names, path, strict=True) if taken)


def measure_set(instructions: str, model_set: ModelSet) -> list[Row]:
    """Measure all paths of requests of categories to one set of models."""
    data = model_set.load()
    rows = rows_of(model_set, data)
    size = weight_bytes(model_set, rows)
    with Native(f"{NAMES[0]}, {instructions}", model_set, data) as native:
        return [
            row
            for features in FEATURES
            for candidates in CANDIDATES
            for row in measure_point(native, instructions, PATHS, rows, size, features, candidates)
        ]


def measure_numbers(instructions: str, model_set: ModelSet) -> list[Row]:
    """Measure both paths of requests of numbers, to as many campaigns as a set has."""
    folder = FOLDER / f"numbers-{model_set.campaigns}"
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"number_{number}" for number in range(NUMBERS)]
    # Half of the numbers are known to all models, the others to half of them.
    known = np.random.default_rng(1).random((2, model_set.campaigns, NUMBERS)) < 0.5
    known[:, :, ::2] = True
    head = {"format": "valuation-model/1", "kind": "logistic", "version": "1", "categorical": {}}
    head |= {"intercept": -3, "negative_sampling_rate": 1}
    weight = {"mean": 0, "std": 1, "weight": 0.1}
    with (folder / "models.jsonl").open("w") as file:
        for target, own in zip(TARGETS, known, strict=True):
            for campaign, places in enumerate(own):
                numeric = {names[place]: weight for place in np.flatnonzero(places)}
                document = head | {"campaign": str(campaign), "target": target, "numeric": numeric}
                file.write(json.dumps(document) + "\n")
    data = model_set.load()
    keys = np.zeros(LABELS, np.uint64)
    with valuation.Engine() as engine:
        keys[:NUMBERS] = [engine.number_key(name) for name in names]
    labels = np.tile(np.arange(NUMBERS, dtype=np.int32), (REQUESTS, 1))
    data = dataclasses.replace(data, label_keys=keys, features=labels)
    rows = {name: np.zeros(LABELS) for name in ROWS}
    lengths = known.sum(axis=1)
    steps = np.where(lengths < model_set.campaigns, np.floor(np.log2(lengths)) + 1, 1)
    rows["number_steps"][:NUMBERS], rows["number_weights"][:NUMBERS] = steps.sum(axis=0), lengths.sum(axis=0)
    with Native(f"{NAMES[0]}, {instructions}", model_set, data, folder=folder) as native:
        return [
            row
            for candidates in CANDIDATES
            for row in measure_point(
                native, instructions, (ScoringPath(), ScoringPath(numbers=True)), rows, 0, NUMBERS, candidates
            )
        ]


def measure_point(
    native: Native,
    instructions: str,
    paths: Sequence[ScoringPath],
    rows: dict[str, np.ndarray],
    size: int,
    features: int,
    candidates: int,
) -> list[Row]:
    """Measure the paths of requests of one size; ``rows`` are those of each label, ``size`` the weights' bytes."""
    native.prepare(candidates, 0, features=features)
    table = PriceTable(library(), instructions)
    count = REQUESTS if candidates < 1_000 else REQUESTS // 4
    labels = native.data.features[:count, :features]
    means = {name: f"{np.mean(own[labels].sum(axis=1)):.6g}" for name, own in rows.items()}
    times = measure(native, table, paths, 2, count)
    least = min(own.sum() for own in times.values())
    hopeful = [path for path, own in times.items() if own.sum() < HOPELESS * least]
    total = sum(times[path].sum() for path in hopeful) / 1e9
    turns = int(np.clip(SECONDS / total, LEAST_TURNS, MOST_TURNS))
    known = {
        "processor": processor().partition(" (cpu")[0],
        "set": instructions,
        "campaigns": str(native.model_set.campaigns),
        "weight_bytes": str(size),
        "features": str(features),
        "candidates": str(candidates),
        **means,
    }
    return [
        known | {"path": name_of(path), "nanoseconds": f"{own.mean():.5g}"}
        for path, own in measure(native, table, hopeful, turns, count).items()
    ]


def main() -> None:
    """Fit, print and write, after measuring if that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", action="store_true", help="measure anew the sets of this machine")
    parser.add_argument("--set", choices=sets(), nargs="+", default=sets(), help="measure these alone")
    options = parser.parse_args()
    if options.measure:
        os.environ.setdefault("VALUATION_LIBRARY_DIRECTORY", str(UNSTRIPPED))
        here = options.set
        kept = [row for row in read() if row["set"] not in here] if MEASUREMENTS.exists() else []
        new = []
        for name in here:
            for model_set in MODEL_SETS:
                new += measure_set(name, model_set)
            for model_set in NUMBER_SETS:
                new += measure_numbers(name, model_set)
            print(f"{name}: measured", flush=True)
        with MEASUREMENTS.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(kept + new)
    measured = read()
    _, error = fit(measured)
    print(f"relative error of the fit: {error:.1%}\n")
    print(table(measured))
    PRICES.write_text(source(measured))


if __name__ == "__main__":
    main()
