# SPDX-License-Identifier: Apache-2.0
"""pyproject.toml allows the environment that the tests run in, and the one that requirements.lock makes."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

FOLDER = Path(__file__).resolve().parents[2]
LOCK = (FOLDER / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((FOLDER / "pyproject.toml").read_text(encoding="utf-8"))["project"]
#: Built here, from the same revision.
OURS = {"valuation"}
REQUIRED = [requirement for text in PROJECT["dependencies"] if (requirement := Requirement(text)).name not in OURS]


def locked() -> dict[str, str]:
    found = re.findall(r"^([\w.-]+)==([\w.]+)", LOCK, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


@pytest.mark.parametrize("requirement", REQUIRED, ids=str)
def test_installed_versions_are_those_that_pyproject_allows(requirement: Requirement) -> None:
    assert requirement.specifier.contains(metadata.version(requirement.name), prereleases=True)


@pytest.mark.parametrize("requirement", REQUIRED, ids=str)
def test_the_lock_file_has_a_version_that_pyproject_allows(requirement: Requirement) -> None:
    assert requirement.specifier.contains(locked()[canonicalize_name(requirement.name)])


def test_every_package_of_the_lock_file_has_hashes() -> None:
    entries = re.split(r"^(?=[\w.-]+==)", LOCK, flags=re.MULTILINE)[1:]
    assert len(entries) == len(locked()) > len(REQUIRED)
    for entry in entries:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry


def test_the_lock_file_names_no_server_and_no_folder() -> None:
    assert "://" not in LOCK
    assert not re.search(r"^\s*(--(?!hash)|-f|-i|/)", LOCK, re.MULTILINE)
