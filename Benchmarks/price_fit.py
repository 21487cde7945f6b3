# SPDX-License-Identifier: Apache-2.0
"""From measurements of forced paths to prices: a least-squares fit, and Sources/CKernels/prices.c.

A request's time is a constant of the request plus counts times prices, e.g. candidates x dense rows x the price of a
lookup. ScoringPaths of one request differ in these counts alone, so that the constant cancels out.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
from price_table import LEVELS, MEMBERS, TABLES
from scipy.optimize import nnls

MEASUREMENTS = Path(__file__).resolve().parent / "prices.csv"
PRICES = Path(__file__).resolve().parent.parent / "Sources" / "CKernels" / "prices.c"
# What the members are called in the table of Documentation/performance.md.
NAMES = (
    "a weight of a dense row, summed",
    "setting a sum",
    "a list, added",
    "… each of its weights",
    "a weight of a number, added",
    "a dense row, looked up",
    "a weight of a short list, looked up",
    "a longer list, looked up",
    "a step of searching a number",
    "reading a candidate's sum",
    "a candidate's probability",
    "a model's probability",
)
# The levels as in kernels.h and Cost.swift: upper bounds in bytes, and the bytes of a model in a request's rows.
BOUNDS = (1 << 21, 1 << 25)
REQUEST_BYTES = 256
# The rows of a request in prices.csv: their number by kind, and their weights; the steps of searching numbers.
ROWS = ("dense", "short", "short_weights", "long", "long_weights", "number_steps", "number_weights")
REQUEST = ("processor", "set", "campaigns", "weight_bytes", "features", "candidates")
COLUMNS = (*REQUEST, "path", *ROWS, "nanoseconds")
# Prices of loops in Swift, which are the same for all sets that one processor measured; and those that do not depend
# on the level.
IN_SWIFT = ("list", "list_weight", "number_weight", "number_step", "candidate")
ANYWHERE = ("number_weight", "number_step", "candidate_probability", "model_probability")

Row = dict[str, str]
# The prices of a set: at each level one of each of the members.
Prices = tuple[tuple[int, ...], ...]


def level(campaigns: int, weight_bytes: int) -> int:
    """Return the level at which the data of requests lies (Cost.swift)."""
    both = sum(size > bound for size in (campaigns * REQUEST_BYTES, weight_bytes) for bound in BOUNDS)
    return min(max(both - 1, 0), len(LEVELS) - 1)


def counts(row: Row) -> np.ndarray:
    """Return how often a request pays each of the prices, both targets together."""
    campaigns, candidates = int(row["campaigns"]), int(row["candidates"])
    rows = {name: float(row[name]) for name in ROWS}
    summed = set(row["path"].split("+"))
    paid = dict.fromkeys(MEMBERS, 0.0)
    if "dense" in summed:
        paid |= {"dense_weight": campaigns * rows["dense"], "sum": 2 * campaigns}
    else:
        paid["dense_lookup"] = candidates * rows["dense"]
    if "short" in summed:
        paid["list"] += rows["short"]
        paid["list_weight"] += rows["short_weights"]
    else:
        paid["short_lookup"] = candidates * rows["short_weights"]
    if "long" in summed:
        paid["list"] += rows["long"]
        paid["list_weight"] += rows["long_weights"]
    else:
        paid["list_lookup"] = candidates * rows["long"]
    if "numbers" in summed:
        paid["number_weight"] = rows["number_weights"]
    else:
        paid["number_step"] = candidates * rows["number_steps"]
    if "all models" in summed:
        paid["model_probability"] = 2 * campaigns
    else:
        paid["candidate_probability"] = 2 * candidates
        paid["candidate"] = 2 * candidates if row["path"] else 0
    return np.array([*paid.values()])


def columns(processor: str, instructions: str, at: int) -> list[tuple[str, str, int, str]]:
    """Return for each member what the fit knows its price by: one price may serve several sets or levels."""
    return [
        (processor, "" if name in IN_SWIFT else instructions, 0 if name in ANYWHERE else at, name) for name in MEMBERS
    ]


def fit(measured: list[Row]) -> tuple[dict[str, Prices], float]:
    """Fit the prices of the measured sets.

    Returns
    -------
    tuple
        By set the prices in picoseconds, none negative, and the root mean square of the relative errors.
    """
    processors = {row["set"]: row["processor"] for row in measured}
    known = sorted(
        {column for name, own in processors.items() for at in range(len(LEVELS)) for column in columns(own, name, at)}
    )
    places = {column: place for place, column in enumerate(known)}
    requests: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in measured:
        requests[tuple(row[name] for name in REQUEST)].append(row)
    weighted, answers = [], []
    for paths in requests.values():
        at = level(int(paths[0]["campaigns"]), int(paths[0]["weight_bytes"]))
        times = np.array([float(row["nanoseconds"]) * 1e3 for row in paths])
        paid = np.zeros((len(paths), len(known)))
        own = columns(paths[0]["processor"], paths[0]["set"], at)
        paid[:, [places[column] for column in own]] = [counts(row) for row in paths]
        # The weighted mean over the paths stands for the constant of the request.
        shares = times**-2 / np.sum(times**-2)
        weighted.append((paid - shares @ paid) / times[:, None])
        answers.append((times - shares @ times) / times)
    matrix, answer = np.concatenate(weighted), np.concatenate(answers)
    sizes = np.linalg.norm(matrix, axis=0)
    found, residual = nnls(matrix / sizes, answer)
    prices = {column: rounded(price) for column, price in zip(known, found / sizes, strict=True)}
    by_set = {
        name: tuple(tuple(prices[column] for column in columns(own, name, at)) for at in range(len(LEVELS)))
        for name, own in processors.items()
    }
    return by_set, float(residual / np.sqrt(len(answer)))


def rounded(price: float) -> int:
    """Round to two digits: more are noise. Nothing is free."""
    return max(1, int(float(f"{price:.2g}")))


def read() -> list[Row]:
    """Return the stored measurements."""
    with MEASUREMENTS.open(newline="") as file:
        return list(csv.DictReader(file))


def source(measured: list[Row]) -> str:
    """Return the text of Sources/CKernels/prices.c."""
    tables = []
    found, _ = fit(measured)
    for name in TABLES:
        prices = found[name]
        lines = [f"const valuation_prices valuation_prices_{TABLES[name]}[VALUATION_LEVELS] = {{"]
        for own, at in zip(prices, LEVELS, strict=True):
            members = [f".{member} = {price}," for member, price in zip(MEMBERS, own, strict=True)]
            lines += [f"    // {at}", "    {", *(f"        {member}" for member in members), "    },"]
        tables.append("\n".join([*lines, "};"]))
    baseline, avx2, avx512 = tables
    return f"""\
// SPDX-License-Identifier: Apache-2.0
// Written by Benchmarks/prices.py from the measurements in Benchmarks/prices.csv; kernels.h names the members.
#include "kernels.h"
#include "sets.h"

{baseline}

#if defined(__x86_64__)
{avx2}

{avx512}
#endif
"""


def table(measured: list[Row]) -> str:
    """Return the fitted prices in nanoseconds, as a table in Markdown."""
    found, _ = fit(measured)
    heads = [f"{name}: {LEVELS[0]}, {LEVELS[1]}, {LEVELS[2]}" for name in TABLES]
    lines = [f"| ns | {' | '.join(heads)} |", f"|---|{'---|' * len(heads)}"]
    for place, name in enumerate(NAMES):
        cells = [", ".join(f"{own[place] / 1e3:g}" for own in found[instructions]) for instructions in TABLES]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)
