# SPDX-License-Identifier: Apache-2.0
"""Whatever models, requests and policies hold, answers are JSON: numbers are numbers or null, texts are texts."""

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from .command import run

TINY = [5e-324, 1e-320, 2.3e-308, 1e-300, 1e-46, 1e-30]
HUGE = [1e16, 1e18, 1e300, 1.7976931348623157e308]
TEXTS = ["1", "*", 'a "quoted" name', "back\\slash", "ctrl\u0001\u001f\t", "ä😀\u2028\u202e\ufffd", "x" * 200]


def numbers(least: float, largest: float) -> st.SearchStrategy[float]:
    """Numbers of a range, the extremes first."""
    extremes = [sign * number for number in [*TINY, *HUGE, 0.0, 1.0, 100.0] for sign in (1, -1)]
    chosen = [number for number in [*extremes, least, largest] if least <= number <= largest]
    return st.sampled_from(chosen) | st.floats(least, largest)


def some(members: dict[str, st.SearchStrategy]) -> st.SearchStrategy[dict]:
    return st.fixed_dictionaries({}, optional=members)


WEIGHTS = numbers(-100, 100)
TRAINING = some(
    {
        "rows": numbers(0, 1.7e308),
        "positives": numbers(0, 1.7e308),
        "base_rate": numbers(0, 1),
        "auc": numbers(0, 1),
        "log_loss": numbers(0, 1.7e308),
        "trainer": st.sampled_from(TEXTS),
    }
)
MODELS = st.fixed_dictionaries(
    {
        "format": st.just("valuation-model/1"),
        "kind": st.just("logistic"),
        "target": st.sampled_from(["click", "conversion"]),
        "version": st.sampled_from(TEXTS),
        "intercept": WEIGHTS,
        "negative_sampling_rate": numbers(5e-324, 1),
        "categorical": st.dictionaries(
            st.sampled_from(["slot", "\u0001"]), st.dictionaries(st.sampled_from(TEXTS), WEIGHTS)
        ),
    },
    optional={
        "numeric": st.dictionaries(
            st.just("age"),
            st.fixed_dictionaries({"mean": numbers(-1e18, 1e18), "std": numbers(5e-324, 1e18), "weight": WEIGHTS}),
        ),
        "variance": some({"intercept": numbers(0, 1e6)}),
        "training": TRAINING,
    },
)
COUNTS = st.fixed_dictionaries(
    {"format": st.just("valuation-campaign/1"), "impressions": numbers(0, 1e308), "clicks": numbers(0, 1e308)},
    optional={"conversions": numbers(0, 1e308), "advertiser": st.sampled_from(TEXTS[2:])},
)
REQUESTS = st.fixed_dictionaries(
    {
        "id": st.sampled_from(TEXTS),
        "features": some({"slot": st.sampled_from(TEXTS), "age": numbers(-1.7e308, 1.7e308)}),
        "candidates": st.lists(
            st.fixed_dictionaries(
                {
                    "ad": st.sampled_from(TEXTS),
                    "campaign": st.sampled_from(TEXTS),
                    "pricing": st.sampled_from(["cpm", "cpc", "cpa"]),
                    "bid": numbers(-1.7e308, 1.7e308),
                }
            ),
            max_size=4,
        ),
    }
)
ADJUSTMENTS = st.dictionaries(
    st.sampled_from(TEXTS[2:4]),
    some({"multiplier": numbers(0, 1e6), "floor": numbers(0, 1), "cap": numbers(1, 1e12), "comment": st.just("")}),
)


@st.composite
def models(draw: st.DrawFn) -> list[dict]:
    """Documents of different campaigns; a load may refuse some of them."""
    campaigns = draw(st.lists(st.sampled_from(TEXTS), unique=True, min_size=1, max_size=3))
    return [{"campaign": campaign} | draw(MODELS | COUNTS) for campaign in campaigns]


def model(**members: Any) -> dict:
    plain = {"format": "valuation-model/1", "kind": "logistic", "campaign": "1", "target": "click", "version": "1"}
    return plain | {"intercept": -4, "negative_sampling_rate": 1, "categorical": {}} | members


def steep(*signs: int) -> dict:
    """A model of numbers with valid weights, whose sum at numbers of 0 is out of range."""
    return {f"n{sign}": {"mean": sign * 1e18, "std": 1e-295, "weight": 100} for sign in signs}


def refuse(name: str) -> Any:
    raise AssertionError(f"{name} is not JSON")


def strict(text: bytes) -> Any:
    return json.loads(text.decode("utf-8", errors="strict"), parse_constant=refuse)


def loads(path: Path) -> bool:
    """Whether the models can be loaded; what is wrong with them does not matter here."""
    return run("inspect", path).status == 0


def write(path: Path, documents: list[dict]) -> Path:
    path.mkdir()
    # Leave out documents that are refused on their own: the extremes that can be loaded are what matters.
    kept = []
    for document in documents:
        (path / "models.jsonl").write_text(json.dumps(document) + "\n")
        if run("validate", path).status == 0:
            kept.append(json.dumps(document) + "\n")
    (path / "models.jsonl").write_text("".join(kept))
    return path


@example([model()], [model(numeric=steep(1))], [{"candidates": []}], {}, 0)
@example([model(numeric=steep(1))], [model(numeric=steep(1, -1))], [{"candidates": []}], {}, 0)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(models(), models(), st.lists(REQUESTS, min_size=1, max_size=3), ADJUSTMENTS, numbers(0, 100))
def test_every_answer_is_json(before: list, after: list, requests: list, adjustments: dict, exploration: float):
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        old, new = write(directory / "old", before), write(directory / "new", after)
        if not loads(old):
            return
        text = "".join(json.dumps(request) + "\n" for request in requests)
        policy = directory / "policy.json"
        document = {
            "format": "valuation-policy/1",
            "version": 'p "1"\\',
            "predictors": {"p": {"release": "LATEST", "exploration": exploration}, "q": {"constant": {"pctr": 5e-324}}},
            "default": "p",
            "experiments": [
                {"name": 'e "1"', "salt": "s", "variants": [{"name": "a\\b", "share": 5000, "predictor": "q"}]}
            ],
            "campaigns": adjustments,
        }
        policy.write_text(json.dumps(document))
        commands: list[tuple[object, ...]] = [
            ("inspect", "--format", "jsonl", old),
            ("publish", old, "--to", directory / "root", "--format", "jsonl"),
            ("releases", directory / "root", "--format", "jsonl"),
            ("score", "--models", old),
            ("explain", "--models", old),
            ("score", "--models", old, "--policy", policy),
            ("explain", "--models", old, "--policy", policy),
            ("policy", "check", policy, "--models", old, "--format", "jsonl"),
            ("policy", "show", "--models", old, "--policy", policy, "--format", "jsonl"),
            ("assign", "--models", old, "--policy", policy, "--format", "jsonl"),
            ("diff", old, new, "--format", "jsonl"),
        ]
        for command in commands:
            finished = run(*command, given=text)
            assert finished.status in (0, 1, 2), (command, finished.errors)
            for line in finished.output.split("\n")[:-1]:
                strict(line.encode())
