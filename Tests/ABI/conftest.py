# SPDX-License-Identifier: Apache-2.0
"""The C ABI as a C programmer uses it: an installed library, its header, pkg-config and a C compiler.

The tests run `make install` on build/ into a directory of their own. To test another installation, name it in the
environment variable VALUATION_PREFIX.
"""

import os
import subprocess
from pathlib import Path

import pytest

from .model_files import ANSWERED, BETTER, MODELS, write_models
from .programs import REPOSITORY, SECONDS, Toolchain


@pytest.fixture(scope="session")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the library is installed."""
    if given := os.environ.get("VALUATION_PREFIX"):
        return Path(given)
    prefix = tmp_path_factory.mktemp("prefix")
    subprocess.run(["make", "-C", REPOSITORY, "install", f"PREFIX={prefix}", "DESTDIR="], check=True, timeout=900)
    return prefix


@pytest.fixture(scope="session")
def toolchain(prefix: Path, tmp_path_factory: pytest.TempPathFactory) -> Toolchain:
    """Compiles each program of this folder once against the installed library."""
    return Toolchain(prefix, tmp_path_factory.mktemp("programs"))


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the models that this folder's programs score with: three files of three kinds."""
    directory = tmp_path_factory.mktemp("models")
    write_models(directory / "click.jsonl.gz", [model for model in MODELS if model["target"] == "click"])
    conversions = [model for model in MODELS if model["target"] == "conversion"]
    write_models(directory / "conversion.jsonl", conversions[:-1])
    write_models(directory / "last.json", conversions[-1:])
    return directory


@pytest.fixture(scope="session")
def better_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The next day's models: other weights and one more campaign."""
    return write_models(tmp_path_factory.mktemp("better") / "better.jsonl", BETTER)


@pytest.fixture(scope="session")
def request_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A JSON request with fractions, text beyond ASCII and features for every kind of weight."""
    path = tmp_path_factory.mktemp("request") / "request.json"
    path.write_text(ANSWERED, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def locale_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of compiled locales for LOCPATH, so that the machine itself needs none."""
    directory = tmp_path_factory.mktemp("locales")
    for name in ("de_DE", "ps_AF"):
        source = Path("/usr/share/i18n/locales", name)
        assert source.exists(), "this machine lacks the sources of locales; install them: apt-get install locales"
        command = ["localedef", "-i", name, "-f", "UTF-8", str(directory / f"{name}.UTF-8")]
        subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)
    return directory
