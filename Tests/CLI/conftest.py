# SPDX-License-Identifier: Apache-2.0
"""Files for the tests of the command."""

import json
from pathlib import Path

import pytest

from .command import CLICK, CONVERSION, DEFAULT_CLICK, REQUEST, request_line
from .policies import write_policy
from .releases import changed_models, publish
from .store import serving


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory with the files that the help texts name."""
    models = tmp_path / "models"
    models.mkdir()
    (models / "1042.json").write_text(json.dumps(CLICK, indent=2))
    (models / "1042-conversion.json").write_text(json.dumps(CONVERSION, indent=2))
    (models / "default.jsonl").write_text(json.dumps(DEFAULT_CLICK) + "\n")
    (tmp_path / "request.json").write_text(json.dumps(REQUEST, indent=2))
    (tmp_path / "requests.jsonl").write_text("".join(request_line(f"imp-{i}") for i in range(1, 4)))
    write_policy(tmp_path / "policy.json")
    return tmp_path


@pytest.fixture
def models(directory: Path) -> Path:
    return directory / "models"


@pytest.fixture
def published(directory: Path) -> Path:
    """The same directory, with its models in `batch`, and with three releases and a policy in `models`."""
    batch = (directory / "models").rename(directory / "batch")
    changed = changed_models(directory / "changed")
    publish(batch, directory / "models", "2026-11-21T030000Z")
    publish(batch, directory / "models", "monday")
    publish(changed, directory / "models", "tuesday")
    write_policy(directory / "models" / "policy.json")
    return directory


@pytest.fixture
def policy(directory: Path) -> Path:
    """The file of a policy that fits the models."""
    return directory / "policy.json"


@pytest.fixture
def root(published: Path) -> Path:
    """A directory of the releases 2026-11-21T030000Z, monday and tuesday; LATEST names the last."""
    return published / "models"


@pytest.fixture
def store(root: Path):
    """A web server on a directory of releases; LATEST names tuesday."""
    with serving(root) as store:
        yield store
