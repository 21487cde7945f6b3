# SPDX-License-Identifier: Apache-2.0
"""A small set of models on disk, releases of them, and an engine that has loaded them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

import reference
from valuation import Engine, publish

settings.register_profile("valuation", deadline=None)  # a busy machine is not a failure
settings.load_profile("valuation")

EVERYBODY = reference.model(
    "*",
    rate=0.02,
    categorical={"slot": {"12": 0.5, "77": -0.25}, "os": {"ios": 0.125}},
    numeric={"days_since_visit": {"mean": 3.0, "std": 1.5, "weight": -0.4}},
)
CLICK = reference.model(
    "1042",
    intercept=-1.93,
    rate=0.02,
    extends="*",
    categorical={"slot": {"12": 0.31}, "segments": {"sports": 0.2, "travel": 0.7}, "creative": {"55": 0.9}},
    crosses=[{"fields": ["slot", "creative"], "weights": [["12", "55", 0.4]]}],
    training={"rows": 124878, "positives": 512, "base_rate": 0.0041, "auc": 0.71, "log_loss": 0.021},
)
CONVERSION = reference.model("1042", "conversion", intercept=-3.1, categorical={"creative": {"55": 1.1}})
ALONE = reference.model("2000", intercept=0.25, categorical={"logged_in": {"true": 0.75}})
MODELS = [EVERYBODY, CLICK, CONVERSION, ALONE]

REQUEST_FEATURES = {
    "slot": "12",
    "os": "ios",
    "segments": ["sports", "travel"],
    "days_since_visit": 2.5,
    "logged_in": True,
}


#: A request for the expected revenue of one ad with models for both targets.
REQUEST = {
    "features": REQUEST_FEATURES,
    "candidates": [{"campaign": "1042", "pricing": "cpa", "bid": 35.0, "features": {"creative": "55"}}],
}


@pytest.fixture
def models_path(tmp_path: Path) -> Path:
    """A directory of model files, each model with a self-test."""
    example = REQUEST_FEATURES | {"creative": "55", "logged_in": "true"}
    tested = [reference.with_self_test(subject, MODELS, example, {}) for subject in MODELS]
    clicks = [subject for subject in tested if subject["target"] == "click"]
    conversions = [subject for subject in tested if subject["target"] == "conversion"]
    reference.write(tmp_path / "models" / "click.jsonl.gz", *clicks)
    reference.write(tmp_path / "models" / "conversion.json", *conversions)
    return tmp_path / "models"


@pytest.fixture
def engine(models_path: Path) -> Iterator[Engine]:
    """An engine that has loaded the models."""
    with Engine() as engine:
        engine.load(models_path)
        yield engine


@pytest.fixture
def releases(models_path: Path, tmp_path: Path) -> Path:
    """A directory of two releases, Monday's and Tuesday's, which LATEST names; Tuesday's has a higher pCTR."""
    publish(models_path, tmp_path / "releases", id="monday")
    tuesday = reference.write(tmp_path / "tuesday.jsonl", EVERYBODY, CLICK | {"intercept": -1.5}, CONVERSION)
    publish(tuesday, tmp_path / "releases", id="tuesday")
    return tmp_path / "releases"


@pytest.fixture
def follower(releases: Path) -> Iterator[Engine]:
    """An engine that has loaded the directory of releases, and so has its secret."""
    with Engine() as engine:
        engine.load(releases)
        yield engine


def release_of(engine: Engine) -> str:
    """The id of the serving release."""
    release = engine.describe()["release"]
    assert release is not None
    return release["id"]


def latest(directory: Path) -> str:
    """The content of LATEST."""
    return (directory / "LATEST").read_text()
