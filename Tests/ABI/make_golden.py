# SPDX-License-Identifier: Apache-2.0
"""Makes a folder of Tests/Golden with the library in build/: a published release, requests and the answers to them.

python -m Tests.ABI.make_golden Tests/Golden/NAME
"""

import ctypes
import json
import random
import sys
import tempfile
from pathlib import Path

from .model_files import CANDIDATES, FEATURES, MODELS, many_models, write_models
from .programs import REPOSITORY

REQUESTS = 40
# The standard secret, so that a test can compare the compiled file with one made from the model files alone.
SECRET = "243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89"


# Facts about campaigns besides their models: one with a model, one without, one valued by another's model.
CAMPAIGNS = [
    {"campaign": "1042", "advertiser": "a", "impressions": 81234, "clicks": 512, "conversions": 31},
    {"campaign": "3001", "advertiser": "a", "extends": "500", "impressions": 9000, "clicks": 90, "conversions": 9},
    {"campaign": "3002", "advertiser": "b"},
]


def with_variances(document: dict) -> dict:
    """A document that says how uncertain its weights are."""
    categorical = {
        field: {value: 0.01 * (1 + abs(weight)) for value, weight in weights.items()}
        for field, weights in document["categorical"].items()
    }
    crosses = [
        {"fields": cross["fields"], "weights": [[first, second, 0.03] for first, second, _ in cross["weights"]]}
        for cross in document.get("crosses", [])
    ]
    numeric = dict.fromkeys(document.get("numeric", {}), 0.002)
    variance = {"intercept": 0.01, "categorical": categorical, "numeric": numeric, "crosses": crosses}
    return document | {"variance": variance}


def requests() -> list[dict]:
    """Requests for every kind of weight, row and pricing, and for what is unknown."""
    choice = random.Random(2026)
    campaigns = ["1042", "77", "500", "*", "unheard of", "3001", "3002"]
    campaigns += [f"campaign {number}" for number in range(0, 597, 31)]
    made = []
    for number in range(REQUESTS):
        features = {name: value for name, value in FEATURES.items() if choice.random() < 0.8}
        candidates = [
            {
                "ad": str(position),
                "campaign": choice.choice(campaigns),
                "pricing": choice.choice(["cpm", "cpc", "cpa"]),
                "bid": choice.randrange(1, 400) / 8,
                "features": choice.choice(CANDIDATES).features,
            }
            for position in range(choice.choice([1, 3, 20]))
        ]
        made.append({"id": f"request {number}", "features": features, "candidates": candidates})
    return made


def publish(models: Path, root: Path) -> None:
    """Publish models as release "golden"."""
    library = ctypes.CDLL(str(REPOSITORY / "build/lib/libvaluation.so.1"))

    class Publishing(ctypes.Structure):
        _fields_ = (
            ("struct_size", ctypes.c_uint32),
            ("switches", ctypes.c_uint32),
            ("id", ctypes.c_char_p),
            ("id_length", ctypes.c_size_t),
            ("click_prior", ctypes.c_double),
            ("conversion_prior", ctypes.c_double),
        )

    wishes = Publishing(ctypes.sizeof(Publishing), 0, b"golden", 6, 0, 0)
    source, target = (str(path).encode() for path in (models, root))
    status = library.valuation_publish(
        source, ctypes.c_size_t(len(source)), target, ctypes.c_size_t(len(target)), ctypes.byref(wishes), None, None
    )
    if status:
        sys.exit(f"The models cannot be published: status {status}.")


def main() -> None:
    """Make the folder without the answers; the program answer_requests gives those."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True)
    (folder / "SECRET").write_text(SECRET + "\n")
    documents = [document for document in many_models(extend=True) if document["campaign"] not in ("*", "77")]
    documents += [document for document in MODELS if document["campaign"] in ("*", "77")]
    with tempfile.TemporaryDirectory() as temporary:
        for target in ("click", "conversion"):
            models = [with_variances(document) for document in documents if document["target"] == target]
            write_models(Path(temporary) / f"{target}.jsonl.gz", models)
        campaigns = [{"format": "valuation-campaign/1"} | campaign for campaign in CAMPAIGNS]
        write_models(Path(temporary) / "campaigns.jsonl.gz", campaigns)
        publish(Path(temporary), folder)
    (folder / "requests.jsonl").write_text("".join(json.dumps(request) + "\n" for request in requests()))


if __name__ == "__main__":
    main()
