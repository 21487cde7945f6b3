# SPDX-License-Identifier: Apache-2.0
"""Whatever the models and the request, a probability is within 1e-6 of its formula in float64."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from valuation import Engine

WEIGHT = st.floats(-3, 3, allow_subnormal=False)
VALUES = st.sampled_from(["a", "b", "c", "d", "ü", "", "12"])
CATEGORICAL = ["slot", "os", "segments"]
NUMERIC = ["age", "days"]
LABELS = st.fixed_dictionaries({}, optional={field: st.dictionaries(VALUES, WEIGHT) for field in CATEGORICAL})
SCALE = st.fixed_dictionaries({"mean": st.floats(-50, 50), "std": st.floats(0.1, 50), "weight": WEIGHT})
CROSSES = st.lists(st.tuples(VALUES, VALUES, WEIGHT), unique_by=lambda weight: weight[:2], max_size=4).map(
    lambda weights: [{"fields": ["slot", "creative"], "weights": [list(weight) for weight in weights]}]
)


@st.composite
def model_sets(draw: st.DrawFn) -> list[reference.Model]:
    """Draw models of two campaigns and of everybody for both targets; some extend that of everybody."""
    models = []
    for target in ("click", "conversion"):
        for campaign in ("*", "1", "2"):
            members: dict[str, Any] = {
                "intercept": draw(st.floats(-5, 2)),
                "rate": draw(st.floats(1e-4, 1)),
                "categorical": draw(LABELS),
                "numeric": draw(st.fixed_dictionaries({}, optional=dict.fromkeys(NUMERIC, SCALE))),
                "crosses": draw(CROSSES),
            }
            if campaign != "*" and draw(st.booleans()):
                members["extends"] = "*"
            models.append(reference.model(campaign, target, **members))
    return models


REQUEST = st.fixed_dictionaries(
    {},
    optional={
        "slot": VALUES,
        "os": VALUES,
        "segments": st.lists(VALUES, unique=True),
        "age": st.floats(-100, 100),
        "days": st.floats(-100, 100),
    },
)
AD = st.fixed_dictionaries({}, optional={"creative": VALUES})


def known(features: dict[str, Any], models: list[reference.Model]) -> dict[str, Any]:
    """Return the features whose fields some model knows as what they are."""
    numbers = {field for model in models for field in model["numeric"]}
    return {field: value for field, value in features.items() if field not in NUMERIC or field in numbers}


@given(model_sets(), REQUEST, AD)
@settings(max_examples=150)
def test_probabilities_are_those_of_the_formula(
    models: list[reference.Model], features: dict[str, Any], ad: dict[str, Any]
) -> None:
    request = known(features, models)
    example = request | ad
    with tempfile.TemporaryDirectory() as directory, Engine() as engine:
        tested = [reference.with_self_test(model, models, example, {}) for model in models]
        engine.load(reference.write(Path(directory, "models.jsonl.gz"), *tested))
        candidates = [
            {"campaign": campaign, "pricing": "cpa", "bid": 10.0, "features": ad} for campaign in ("1", "2", "other")
        ]
        values = engine.score({"features": request, "candidates": candidates})["values"]
    for value, campaign in zip(values, ("1", "2", "*"), strict=True):
        click, conversion = (
            next(model for model in models if (model["campaign"], model["target"]) == (campaign, target))
            for target in ("click", "conversion")
        )
        pctr = reference.probability(click, models, request, ad)
        pcvr = reference.probability(conversion, models, request, ad)
        assert value["pctr"] == pytest.approx(pctr, rel=1e-6, abs=0)
        assert value["pcvr"] == pytest.approx(pcvr, rel=1e-6, abs=0)
