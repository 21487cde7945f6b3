# SPDX-License-Identifier: Apache-2.0
"""Time how columns of a log become features, by their container, and print the medians as a table.

    columns.py [--rows N] [--turns N] [DIRECTORY...]

The log has ten columns of texts with 50 to 500 distinct ones each, and one of numbers. Each measurement runs in a
process of its own and takes processor time. A DIRECTORY holds another build of the package `valuation`, which is
measured in turns with the installed one; ratios are to the installed one. A dash means that a build refuses the column.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FIELDS = [f"f{number}" for number in range(10)]


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("builds", nargs="*", type=Path, metavar="DIRECTORY")
    parser.add_argument("--rows", type=int, default=300_000, metavar="N")
    parser.add_argument("--turns", type=int, default=3, metavar="N")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.rows)))
        return
    builds = [None, *(path.resolve() for path in options.builds)]
    runs: list[list[dict[str, float | None]]] = [[] for _ in builds]
    for _ in range(options.turns):
        for build, found in zip(builds, runs, strict=True):
            command = [sys.executable, __file__, "--measure", "--rows", str(options.rows)]
            path = {} if build is None else {"PYTHONPATH": str(build)}
            with tempfile.TemporaryDirectory() as folder:  # not this file's folder: its modules have common names
                output = subprocess.run(
                    command, env=os.environ | path, cwd=folder, check=True, stdout=subprocess.PIPE, text=True
                ).stdout
            found.append(json.loads(output))
    names = ["installed", *map(str, options.builds)]
    print(f"| {options.rows:,} rows, seconds of processor | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
    for row in runs[0][0]:
        medians = [median([run[row] for run in found]) for found in runs]
        print(f"| {row} | {' | '.join(cell(found, medians[0]) for found in medians)} |")


def median(seconds: list[float | None]) -> float | None:
    """Return the median, or None if a build refused the column."""
    known = [value for value in seconds if value is not None]
    return statistics.median(known) if len(known) == len(seconds) else None


def cell(seconds: float | None, installed: float | None) -> str:
    """Return seconds, and the ratio to the installed build."""
    if seconds is None or installed is None:
        return "-"
    ratio = "" if seconds == installed else f" ({seconds / installed:.1f} times)"
    return f"{seconds:.2f}{ratio}"


def measure(rows: int) -> dict[str, float | None]:
    """Return the processor time that each container takes."""
    import numpy as np
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from valuation import Batch, Candidates, Engine, Features, buckets

    random = np.random.default_rng(0)
    lists: dict[str, Any] = {
        field: np.char.add("v", random.integers(0, 50 * (number + 1), rows).astype(str)).tolist()
        for number, field in enumerate(FIELDS)
    }
    lists["x"] = random.normal(size=rows).tolist()
    table, frame = pa.table(lists), pl.DataFrame(lists)
    coded = pa.table({name: table[name].dictionary_encode() if name in FIELDS else table[name] for name in lists})
    objects = pd.DataFrame({name: pd.Series(lists[name], dtype=object if name in FIELDS else float) for name in lists})
    columns: dict[str, Any] = {
        "lists": lists,
        "NumPy, texts of one width": {name: np.array(lists[name]) for name in lists},
        "pandas, objects": objects,
        "pandas, `str` on Arrow": table.to_pandas(types_mapper=pd.ArrowDtype),
        "pandas, categories": objects.astype(dict.fromkeys(FIELDS, "category")),
        "polars, `String`": frame,
        "polars, `Categorical`": frame.with_columns(pl.col(FIELDS).cast(pl.Categorical)),
        "Arrow, `string`": table,
        "Arrow, dictionaries": coded,
    }
    ids = [f"imp-{number}" for number in range(rows)]
    model = {"format": "valuation-model/1", "kind": "logistic", "campaign": "1", "target": "click", "version": "1"}
    weights = {"intercept": -3.0, "negative_sampling_rate": 1.0, "categorical": {"f0": {"v1": 0.5}}}
    with tempfile.TemporaryDirectory() as folder, Engine() as engine:
        file = Path(folder, "model.json")
        file.write_text(json.dumps(model | weights))
        engine.load(file)
        found: dict[str, float | None] = {}
        for name, held in columns.items():
            found[name] = timed(Features.from_columns, engine, held, numeric=["x"])
        features = Features.from_columns(engine, columns["lists"], numeric=["x"])
        ads = Candidates(np.full(rows, engine.campaign_key("1"), np.uint64), "cpc", 1.0)
        return found | {
            "keys of as many different ids, a list": timed(engine.campaign_keys, ids),
            "buckets of as many different ids, a list": timed(buckets, "salt", ids),
            "units of a batch, as many different ids": timed(Batch, features, ads, units={"user": ids}),
            "for comparison: the first column, value by value": timed(
                lambda: [engine.feature_key("f0", value) for value in lists["f0"]]
            ),
            "for comparison: scoring the rows": timed(engine.score_batch, Batch(features, ads)),
        }


def timed(call: Callable[..., Any], *arguments: Any, **named: Any) -> float | None:
    """Return the processor time of a call, or None if it is refused."""
    start = time.process_time()
    try:
        call(*arguments, **named)
    except (AttributeError, TypeError):
        return None
    return time.process_time() - start


if __name__ == "__main__":
    main()
