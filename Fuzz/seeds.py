# SPDX-License-Identifier: Apache-2.0
"""Sound inputs to start from, so that the fuzzers need not find the formats by chance."""

from __future__ import annotations

import ctypes
import gzip
import json
import tempfile
from pathlib import Path

LIBRARY = Path(__file__).resolve().parent.parent / "build/lib/libvaluation.so.1"

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
    "training": {"rows": 124878, "positives": 512, "base_rate": 0.0041, "trainer": "x", "auc": 0.71, "log_loss": 0.02},
    "self_test": [{"features": {"slot": "12", "os": "ios", "age": 2}, "probability": 0.00416623139378675}],
    "advertiser": "77",
    "variance": {
        "intercept": 0.01,
        "categorical": {"slot": {"12": 0.002}},
        "numeric": {"age": 0.001},
        "crosses": [{"fields": ["slot", "creative"], "weights": [["12", "55", 0.003]]}],
    },
}

CAMPAIGN = {
    "format": "valuation-campaign/1",
    "campaign": "3001",
    "advertiser": "77",
    "extends": "1042",
    "impressions": 81234,
    "clicks": 512,
    "conversions": 31,
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


# Where a compiled file's header ends and its index begins; the harness adds the zeros between them.
HEADER_BYTES, INDEX_BYTE = 256, 4096

MANIFEST = {
    "format": "valuation-release/1",
    "id": "2026-11-21T030000Z",
    "created": "2026-11-21T03:00:00Z",
    "trainer": "scikit-learn",
    "publisher": "valuation 0.1.0",
    "files": [{"name": "click.jsonl.gz", "bytes": 512, "xxh128": "0123456789abcdef" * 2}],
    "compiled": {"name": "index.valuation", "bytes": 8192, "xxh128": "fedcba9876543210" * 2, "format": 4},
    "counts": {"campaigns": 2, "click_models": 2, "conversion_models": 1, "weights": 12},
    "priors": {"click": 0.0041, "conversion": None},
    "checksum": "0" * 32,
}

POLICY = {
    "format": "valuation-policy/1",
    "version": "1",
    "comment": "a seed",
    "placement": "slot",
    "predictors": {
        "production": {"release": "LATEST"},
        "curious": {"release": "LATEST", "exploration": 0.5},
        "safe": {"naive": {"impressions": 1000, "clicks": 50}},
        "house": {"constant": {"pctr": 0.001, "pcvr": 0.05}},
        "old": {"retired": "why"},
    },
    "default": "production",
    "overrides": [
        {"scope": {"campaigns": ["2077"]}, "predictor": "safe", "reason": "why", "expires": "2026-12-01T00:00:00Z"},
        {"scope": {"advertisers": ["77"], "placements": ["77"]}, "predictor": "house", "reason": "why"},
    ],
    "experiments": [
        {
            "name": "bagging",
            "layer": "model",
            "salt": "bagging-1",
            "unit": "user",
            "scope": {},
            "variants": [
                {"name": "control", "share": 4000},
                {"name": "curious", "share": 4000, "predictor": "curious"},
            ],
            "holdout": 1000,
            "start": "2026-11-20T00:00:00Z",
            "end": "2026-12-20T00:00:00Z",
        },
        {"name": "same", "salt": "s", "variants": [{"name": "a", "share": 1}, {"name": "b", "share": 9999}]},
    ],
    "campaigns": {"1042": {"multiplier": 2, "floor": 0.0001, "cap": 0.02}, "3": {"cap": 0}},
}
#: Releases other than LATEST are not opened, but their names are read.
POLICY_OF_RELEASES = POLICY | {
    "predictors": POLICY["predictors"]
    | {"candidate": {"release": "2026-11-21T030000Z"}, "bag": {"ensemble": ["LATEST", "second"], "mean": "logit"}}
}


def many() -> bytes:
    """Return models whose rows of weights have every shape."""
    documents: list[dict[str, object]] = [MODEL]
    for number in range(70):
        categorical = {"slot": {"77": 0.1 + number / 1000}, "rare": {}}
        if number % 2:
            categorical["slot"]["12"] = -0.3
        if number % 6 == 0:
            categorical["rare"] = {"1": 0.5, "2": 0.25}
        if number == 5:
            categorical["rare"] = {"3": 1.0}
        members = {
            "campaign": f"c{number}",
            "categorical": categorical,
            "crosses": [],
            "self_test": [],
            "variance": None,
        }
        extends = {"extends": f"c{number - 1}"} if number % 3 else {}
        documents.append(MODEL | members | extends)
        if number % 4:
            documents.append(MODEL | members | {"target": "conversion"})
    return b"\n".join(json.dumps(document).encode() for document in [*documents, CAMPAIGN]) + b"\n"


def compile_models(lines: bytes) -> bytes:
    """Compile models with the library of build/."""
    library = ctypes.CDLL(str(LIBRARY))
    library.valuation_compile.argtypes = [ctypes.c_char_p, ctypes.c_size_t] * 2 + [ctypes.c_void_p]
    with tempfile.TemporaryDirectory() as folder:
        source, compiled = Path(folder) / "models.jsonl", Path(folder) / "models.valuation"
        source.write_bytes(lines)
        names = bytes(source), bytes(compiled)
        status = library.valuation_compile(names[0], len(names[0]), names[1], len(names[1]), None)
        if status != 0:
            raise RuntimeError(f"the seeds' models cannot be compiled: status {status}")
        return compiled.read_bytes()


def write(target: str, folder: Path) -> None:
    """Write the seeds of a target into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if target == "manifest":
        for name, members in {"whole": {}, "bare": {"trainer": None, "compiled": None, "priors": None}}.items():
            text = json.dumps(MANIFEST | members, indent=2).encode()
            (folder / f"{name}-summed").write_bytes(b"\x01" + text)
            (folder / f"{name}-as-it-is").write_bytes(b"\x00" + text)
        return
    if target == "policy":
        for name, policy in {"whole": POLICY, "releases": POLICY_OF_RELEASES}.items():
            (folder / name).write_text(json.dumps(policy))
        least = {"format": POLICY["format"], "predictors": {"p": {"release": "LATEST"}}, "default": "p"}
        (folder / "least").write_text(json.dumps(least))
        return
    if target == "request":
        (folder / "request").write_text(json.dumps(REQUEST))
        (folder / "escaped").write_text(json.dumps(REQUEST, ensure_ascii=False, indent=1))
        return
    if target == "flat":
        # With each output, without draws and with them: 40 features, 4 of the request, and 6 candidates of 3 each.
        for wishes in (0x00, 0x01, 0x08, 0x09, 0x32, 0x33, 0x05):
            candidates = b"".join(bytes([kind, 3]) for kind in (8, 13, 4, 9, 14, 12))
            (folder / f"wishes-{wishes:02x}").write_bytes(bytes([wishes, 3, 40, *range(40), 4]) + candidates)
        return
    if target == "solver":
        # The bytes' own values: rows that name a column or two, with weights and an offset, or with numbers.
        for flags in (0x00, 0x06, 0x2A, 0x70):
            (folder / f"flags-{flags:02x}").write_bytes(bytes([flags, 11, 4, flags % 3]) + bytes(range(1, 200)))
        return
    conversion = MODEL | {"target": "conversion", "self_test": []}
    correction = MODEL | {"campaign": "7", "extends": "1042", "self_test": [], "crosses": [], "variance": None}
    one = json.dumps(MODEL).encode()
    lines = b"\n".join(json.dumps(model).encode() for model in (MODEL, conversion, correction, CAMPAIGN)) + b"\n"
    if target == "compiled":
        for name, models in {"one": one, "three": lines, "many": many()}.items():
            compiled = compile_models(models)
            # Unchanged; and with everything repaired, trusted, and checked against a manifest.
            for wishes in (0, 7, 15, 23):
                content = bytes([wishes]) + compiled[:HEADER_BYTES] + compiled[INDEX_BYTE:]
                (folder / f"{name}_{wishes}").write_bytes(content)
        return
    for kind, text in enumerate((one, lines, gzip.compress(one, mtime=0), gzip.compress(lines, mtime=0))):
        (folder / f"kind_{kind}").write_bytes(bytes([kind]) + text)
