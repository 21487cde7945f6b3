# SPDX-License-Identifier: Apache-2.0
"""Directories of releases for the tests of the command."""

import json
import os
from pathlib import Path

from .command import CLICK, CONVERSION, DEFAULT_CLICK, Result, run

WITHOUT_SELF_TEST = {name: value for name, value in CLICK.items() if name != "self_test"}


def write_models(directory: Path, *documents: dict) -> Path:
    """A directory with one file for each document."""
    directory.mkdir()
    for position, document in enumerate(documents):
        (directory / f"{position}.json").write_text(json.dumps(document))
    return directory


def changed_models(directory: Path) -> Path:
    """The next batch of the models that the other tests use.

    In the click model one weight moves, one is added and one is dropped. The conversion model has another intercept.
    There is one new campaign.
    """
    click = WITHOUT_SELF_TEST | {
        "categorical": {"slot": {"12": 1.5, "80": 0.25}, "os": {"ios": 0.125}, "creative": {"55": -0.75}}
    }
    new = DEFAULT_CLICK | {"campaign": "no-such-campaign", "intercept": -1.0}
    return write_models(directory, click, CONVERSION | {"intercept": -2.5}, DEFAULT_CLICK, new)


def publish(models: Path, root: Path, identifier: str, *options: object) -> Result:
    """Publishes models; fails the test if that fails."""
    result = run("publish", models, "--to", root, "--id", identifier, *options)
    assert (result.status, result.errors) == (0, "")
    return result


def latest(root: Path) -> str:
    return (root / "LATEST").read_text()


def contents(root: Path) -> dict[str, bytes]:
    """The contents of every file below a directory."""
    return {
        str(Path(folder, name).relative_to(root)): Path(folder, name).read_bytes()
        for folder, _, names in os.walk(root)
        for name in names
    }
