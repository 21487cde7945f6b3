# SPDX-License-Identifier: Apache-2.0
"""Inputs to begin with: sound ones, so that the fuzzers need not find the format by chance."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

MODEL = {
    "format": "valuation-model/1",
    "kind": "logistic",
    "campaign": "1042",
    "target": "click",
    "version": "2026-11-21T03:00:00Z",
    "intercept": -1.93,
    "negative_sampling_rate": 0.02,
    "categorical": {"slot": {"12": 0.31, "77": -0.2}, "os": {"ios": 0.11}},
    "numeric": {"age": {"mean": 3.2, "std": 1.1, "weight": 0.05}},
    "crosses": [{"fields": ["slot", "creative"], "weights": [["12", "55", 0.4]]}],
    "training": {"rows": 81234, "positives": 512, "base_rate": 0.0041, "trainer": "x", "auc": 0.71, "log_loss": 0.02},
    "self_test": [{"features": {"slot": "12", "os": "ios", "age": 2}, "probability": 0.00416623139378675}],
}

REQUEST = {
    "id": "imp-1",
    "features": {"slot": "12", "os": ["ios", "android"], "segments": ["sports", True, 1.5], "age": 2.5, "x": None},
    "candidates": [
        {"ad": "9", "campaign": "1042", "pricing": "cpa", "bid": 35.0, "features": {"creative": "55"}},
        {"ad": 10, "campaign": "7", "pricing": "cpc", "bid": 1e-3},
        {"ad": "\u00fc\n", "campaign": "*", "pricing": "cpm", "bid": 2},
    ],
    "top": 2,
    "budget_us": 1000000,
}


def write(target: str, folder: Path) -> None:
    """Write the seeds of a target into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if target == "request":
        (folder / "request").write_text(json.dumps(REQUEST))
        (folder / "escaped").write_text(json.dumps(REQUEST, ensure_ascii=False, indent=1))
        return
    conversion = MODEL | {"target": "conversion", "self_test": []}
    correction = MODEL | {"campaign": "7", "extends": "1042", "self_test": [], "crosses": []}
    one = json.dumps(MODEL).encode()
    lines = b"\n".join(json.dumps(model).encode() for model in (MODEL, conversion, correction)) + b"\n"
    for kind, text in enumerate((one, lines, gzip.compress(one, mtime=0), gzip.compress(lines, mtime=0))):
        (folder / f"kind_{kind}").write_bytes(bytes([kind]) + text)
