# SPDX-License-Identifier: Apache-2.0
"""Runs make and other tools, and looks into what they leave."""

import os
import re
import subprocess
from pathlib import Path

from ABI.programs import REPOSITORY, SECONDS

HERE = Path(__file__).resolve().parent
HEADER = (REPOSITORY / "Include/valuation.h").read_text()


def defined(name: str) -> str:
    """What the header defines a name as, without quotes."""
    found = re.search(rf'^#define {name} "?([^"\n]+)"?$', HEADER, re.MULTILINE)
    assert found, name
    return found[1]


VERSION = defined("VALUATION_VERSION")
ABI = defined("VALUATION_ABI_VERSION")


def output_of(*command: object, **options) -> str:
    """The output of a command. Fails with its messages unless it exits with 0."""
    arguments = [str(argument) for argument in command]
    finished = subprocess.run(arguments, capture_output=True, text=True, timeout=SECONDS, check=False, **options)
    assert finished.returncode == 0, f"{' '.join(arguments)}\n{finished.stdout[-5000:]}\n{finished.stderr[-5000:]}"
    return finished.stdout


def make(*targets: str, tools: Path | None = None, directory: Path = REPOSITORY, **variables: object) -> str:
    """Runs make in the repository or a copy of it; programs in `tools` come before those of the machine."""
    # Not what another make, which runs the tests, would pass on.
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    if tools:
        environment["PATH"] = f"{tools}:{environment['PATH']}"
    settings = [f"{name}={value}" for name, value in ({"DESTDIR": ""} | variables).items()]
    return output_of("make", "-C", directory, *targets, *settings, env=environment)


def files_below(directory: Path) -> set[str]:
    """Names of all files and links, from the directory on."""
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_symlink() or not path.is_dir()}
