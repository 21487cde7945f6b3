# SPDX-License-Identifier: Apache-2.0
"""For any models and request, a probability is within 1e-6 of its formula, from files of any kind."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

import reference
from random_models import AD, NUMERIC, REQUEST, model_sets
from valuation import Engine, compile_models, publish


def known(features: dict[str, Any], models: list[reference.Model]) -> dict[str, Any]:
    """Return the features whose fields some model knows, each as its kind."""
    numbers = {field for model in models for field in model["numeric"]}
    return {field: value for field, value in features.items() if field not in NUMERIC or field in numbers}


@given(model_sets(), REQUEST, AD)
@settings(max_examples=150)
def test_probabilities_agree_with_the_formula(
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


@given(model_sets(), REQUEST, AD)
@settings(max_examples=100)
def test_files_releases_and_compiled_files_give_the_same_bits(
    models: list[reference.Model], features: dict[str, Any], ad: dict[str, Any]
) -> None:
    candidates = [
        {"campaign": campaign, "pricing": "cpa", "bid": 10.0, "features": ad} for campaign in ("1", "2", "other")
    ]
    request = {"features": features, "candidates": candidates}
    answers = []
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        files = reference.write(directory / "models.jsonl", *models)
        publish(files, directory / "releases")
        publish(files, directory / "uncompiled", compiled=False)
        compile_models(files, directory / "models.valuation")
        for path in ("models.jsonl", "releases", "uncompiled", "models.valuation"):
            with Engine() as engine:
                engine.load(directory / path)
                answers.append((engine.score(request)["values"], engine.explain(request)["values"]))
    assert answers == [answers[0]] * 4
