# SPDX-License-Identifier: Apache-2.0
"""Downloads the Open Bandit Dataset: the sample log in the wheel of the package obp 0.4.1.

The wheel is downloaded with pip and unpacked, never installed: installing it would pull in torch.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

REQUIREMENT = "obp==0.4.1"
WHEEL = "obp-0.4.1-py3-none-any.whl"
WHEEL_SHA256 = "87dec9caf4283c25ab13036532e0a24566f1c7bdcad1653a8ded43b2f5ef8208"
DATASET_IN_WHEEL = "obp/dataset/obd/"


class FetchError(Exception):
    """The log could not be downloaded; the message says what to do next."""


def fetch(cache: Path) -> Path:
    """Returns the folder of the log (``random/`` and ``bts/`` in it), downloading the wheel if it is not in ``cache``.

    Does nothing if the folder exists. Raises FetchError if pip cannot download, or if the wheel is not the expected
    one.
    """
    folder = cache / "open_bandit_dataset"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    wheel = cache / WHEEL
    if not wheel.is_file():
        _download(cache, wheel)
    _check(wheel)
    _unpack(wheel, folder)
    return folder


def _download(cache: Path, wheel: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary", ":all:", "--retries", "2", "--timeout", "20"]
    command += ["--dest", str(cache), REQUIREMENT]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode == 0 and wheel.is_file():
        return
    reason = answer.stderr.strip().splitlines() or [f"exit status {answer.returncode}"]
    raise FetchError(
        f"pip could not download {REQUIREMENT}: {reason[-1]}\n"
        "Next: see that this machine reaches a Python package index and try again, or, on a machine that does, run\n"
        f"    python3 -m pip download --no-deps {REQUIREMENT}\n"
        f"put {WHEEL} into {cache}, and try again."
    )


def _check(wheel: Path) -> None:
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != WHEEL_SHA256:
        raise FetchError(
            f"{wheel} has the SHA-256 {found}, not {WHEEL_SHA256}: a broken download or another file.\n"
            "Next: remove it and try again."
        )


def _unpack(wheel: Path, folder: Path) -> None:
    """Unpacks to a temporary folder and renames it, so that an existing folder is complete."""
    aside = folder.with_name(folder.name + ".part")
    shutil.rmtree(aside, ignore_errors=True)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(aside, [name for name in archive.namelist() if name.startswith(DATASET_IN_WHEEL)])
    (aside / DATASET_IN_WHEEL).rename(folder)
    shutil.rmtree(aside)
