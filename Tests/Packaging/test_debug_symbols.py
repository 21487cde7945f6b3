# SPDX-License-Identifier: Apache-2.0
"""Debugging symbols come apart from the library, and debuggers find them."""

import re
import subprocess
from pathlib import Path

import pytest
from ABI.programs import HERE as PROGRAMS
from ABI.programs import SECONDS, Toolchain

from .building import REPOSITORY, make, output_of
from .debugging import GDB, assert_named, frames, may_debug


@pytest.fixture(scope="module", autouse=True)
def needs_a_debugger() -> None:
    if not may_debug():
        pytest.skip("there is no gdb, or the machine does not let it debug")


def backtrace(toolchain: Toolchain, models: Path) -> str:
    program = toolchain.compile_source(PROGRAMS / "shortest.c")
    command = [*GDB, program.path, models]
    finished = subprocess.run(
        command, env=program.environment, capture_output=True, text=True, check=True, timeout=SECONDS
    )
    return finished.stdout + finished.stderr


def test_with_them_the_debugger_names_every_call_of_the_library(toolchain: Toolchain, models: Path):
    assert_named(backtrace(toolchain, models))


def test_without_them_it_does_not(tmp_path: Path, models: Path):
    make("install", PREFIX=tmp_path / "prefix")
    calls = frames(backtrace(Toolchain(tmp_path / "prefix", tmp_path), models))
    assert any("??" in call for call in calls)


def test_they_belong_to_the_library_and_name_no_file_of_the_machine_that_built_it(prefix: Path, tmp_path: Path):
    (symbols,) = (prefix / "lib/.debug").iterdir()
    library = prefix / "lib/libvaluation.so"
    notes = [output_of("readelf", "--notes", file) for file in (library, symbols)]
    identities = [re.search(r"Build ID: (\w+)", note) for note in notes]
    assert identities[0] and identities[1] and identities[0][1] == identities[1][1]
    output_of("objcopy", "--dump-section", f".gnu_debuglink={tmp_path}/link", library, tmp_path / "copy")
    assert (tmp_path / "link").read_bytes().startswith(symbols.name.encode() + b"\0")
    plain = tmp_path / "uncompressed"
    output_of("objcopy", "--decompress-debug-sections", symbols, plain)
    assert b"Sources/Valuation/Engine" in plain.read_bytes()
    assert str(REPOSITORY).encode() not in plain.read_bytes()
