# SPDX-License-Identifier: Apache-2.0
"""`make install` in a directory with nothing but the sources. It builds the library, which takes minutes."""

import shutil
from pathlib import Path

from .building import REPOSITORY, make, output_of

MADE = shutil.ignore_patterns("build", ".build-*", ".venv", ".git", "__pycache__", ".*_cache")


def test_it_builds_the_library_without_the_command_and_with_the_same_bytes(tmp_path: Path):
    sources, prefix = tmp_path / "elsewhere", tmp_path / "prefix"
    shutil.copytree(REPOSITORY, sources, ignore=MADE)
    make("install", "install-debug", directory=sources, PREFIX=prefix)
    assert {path.name for path in sources.glob(".build-*")} == {".build-library"}
    assert not (sources / "build/bin").exists()
    for name in ("libvaluation.so", "libvaluation.a", "debug"):
        output_of("diff", "--recursive", REPOSITORY / "build/lib" / name, sources / "build/lib" / name)
    assert (prefix / "lib/libvaluation.so").read_bytes() == (REPOSITORY / "build/lib/libvaluation.so").read_bytes()
