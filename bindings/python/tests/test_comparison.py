# SPDX-License-Identifier: Apache-2.0
"""A comparison reports what changed in each model and each of its weights."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

import reference
from conftest import CLICK, EVERYBODY, MODELS
from random_models import model_sets
from valuation import compare_models


def test_a_comparison_names_what_moved_farthest(models_path: Path, tmp_path: Path) -> None:
    moved: dict[str, Any] = CLICK | {
        "intercept": -1.43,
        "extends": None,
        "categorical": {"slot": {"12": 0.31, "77": 0.5}, "segments": {"sports": 0.9, "travel": 0.75}},
    }
    after = reference.write(tmp_path / "after.jsonl", EVERYBODY, moved, reference.model("new"))
    comparison = compare_models(models_path, after, most=2)
    assert {(model["campaign"], model["target"]): model["change"] for model in comparison["models"]} == {
        ("1042", "click"): "changed",
        ("new", "click"): "added",
        ("1042", "conversion"): "dropped",
        ("2000", "click"): "dropped",
    }
    click = next(model for model in comparison["models"] if model["change"] == "changed")
    assert click["extends"] == {"before": "*", "after": None}
    before, now = click["constant"]["before"], click["constant"]["after"]
    assert before is not None
    assert now is not None
    assert now - before == pytest.approx(0.5)
    assert (click["added"], click["dropped"], click["moved"], click["unchanged"]) == (1, 1, 2, 2)
    assert click["most"] == [
        {"weight": "creative=55", "before": 0.9, "after": None},
        {"weight": "segments=sports", "before": 0.2, "after": 0.9},
    ]
    assert (comparison["added_models"], comparison["dropped_models"]) == (1, 2)
    assert (comparison["changed_models"], comparison["unchanged_models"]) == (1, 1)


def test_a_release_compared_with_its_source_shows_no_change(models_path: Path, releases: Path) -> None:
    comparison = compare_models(models_path, releases / "releases" / "monday")
    assert comparison["models"] == []
    assert comparison["unchanged_models"] == len(MODELS)


@given(model_sets(), model_sets())
@settings(max_examples=100)
def test_a_comparison_of_any_models_finds_each_weight_that_differs(
    before: list[reference.Model], after: list[reference.Model]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        first = reference.write(Path(name, "before.jsonl"), *before)
        second = reference.write(Path(name, "after.jsonl"), *after)
        comparison = compare_models(first, second, most=1000)
    compared = {(model["campaign"], model["target"]): model for model in comparison["models"]}
    for old, new in zip(before, after, strict=True):
        weights, now = weights_of(old), weights_of(new)
        differing = {weight for weight in weights.keys() | now.keys() if weights.get(weight) != now.get(weight)}
        model = compared.get((old["campaign"], old["target"]))
        if model is None:
            assert not differing
            continue
        most = model["most"]
        assert {move["weight"] for move in most} == differing
        assert [move["before"] for move in most] == [approximately(weights.get(move["weight"])) for move in most]
        assert [move["after"] for move in most] == [approximately(now.get(move["weight"])) for move in most]
        assert (model["added"], model["dropped"]) == (
            len(now.keys() - weights.keys()),
            len(weights.keys() - now.keys()),
        )
        distances = [abs((move["after"] or 0) - (move["before"] or 0)) for move in most]
        assert distances == sorted(distances, reverse=True)
        assert model["distance"] == pytest.approx(math.fsum(distances))


def approximately(number: float | None) -> Any:
    return None if number is None else pytest.approx(number)


def weights_of(model: reference.Model) -> dict[str, float]:
    """Return a model's weights as a comparison names them; for a number, the weight for one unit of it."""
    weights = {f"{field}={value}": weight for field, of in model["categorical"].items() for value, weight in of.items()}
    weights |= {field: scale["weight"] / scale["std"] for field, scale in model["numeric"].items()}
    for cross in model["crosses"]:
        first, second = cross["fields"]
        weights |= {f"{first}={a} x {second}={b}": weight for a, b, weight in cross["weights"]}
    return weights
