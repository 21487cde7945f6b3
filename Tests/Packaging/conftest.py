# SPDX-License-Identifier: Apache-2.0
"""Installations and packages of what is in build/, as whoever installs it gets them."""

import shutil
import subprocess
from pathlib import Path

import pytest
from ABI.model_files import MODELS, find, probability, write_models
from ABI.programs import Toolchain

from .building import REPOSITORY, SECONDS, make


@pytest.fixture(scope="session")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Library, command and debugging symbols under one directory."""
    prefix = tmp_path_factory.mktemp("prefix")
    make("install", "install-command", "install-debug", PREFIX=prefix)
    return prefix


@pytest.fixture(scope="session")
def toolchain(prefix: Path, tmp_path_factory: pytest.TempPathFactory) -> Toolchain:
    """Compiles programs against that installation."""
    return Toolchain(prefix, tmp_path_factory.mktemp("programs"))


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of models."""
    return write_models(tmp_path_factory.mktemp("models") / "models.jsonl", MODELS)


@pytest.fixture(scope="session")
def shortest_output() -> str:
    """What Tests/ABI/shortest.c prints of these models."""
    click = find(MODELS, "1042", "click")
    assert click is not None
    pctr = probability(MODELS, click, {"slot": "12"})
    return f"{0.5 * pctr:.6f} per impression, pCTR {pctr:.6f}\n"


@pytest.fixture(scope="session")
def packages() -> dict[str, Path]:
    """The Debian packages by name."""
    if shutil.which("dpkg-buildpackage") is None:
        pytest.skip("needs Debian's tools")
    make("deb")
    found = {path.name.split("_")[0]: path for path in (REPOSITORY / "build/deb").glob("*.deb")}
    for package in found.values():
        subprocess.run(["dpkg-deb", "--info", package], check=True, capture_output=True, timeout=SECONDS)
    return found
