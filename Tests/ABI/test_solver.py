# SPDX-License-Identifier: Apache-2.0
"""libvaluation_solver as a C programmer uses it. pipeline/tests/solver tests its results."""

import re
from pathlib import Path

import pytest

from .programs import HERE, REPOSITORY, Toolchain
from .test_binary import NEWEST_GLIBC, UNWELCOME, dynamic_entries, output_of

BUILT = REPOSITORY / "build"
LIBRARY = BUILT / "lib" / "libvaluation_solver.so"
MAXIMUM_BYTES = 60_000


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """The functions of other libraries that it calls, with their versions."""
    lines = output_of("nm", "--dynamic", "--undefined-only", LIBRARY).splitlines()
    return {line.split()[-1] for line in lines if line.split()[0] != "w"}


@pytest.mark.parametrize(("compiler", "standard"), [("gcc", "c11"), ("gcc", "c17"), ("g++", "c++17")])
def test_the_header_compiles_alone(compiler: str, standard: str, toolchain: Toolchain, tmp_path: Path):
    source = tmp_path / ("alone.cpp" if compiler == "g++" else "alone.c")
    source.write_text('#include "valuation_solver.h"\nint main() { return valuation_solver_abi_version() != 1; }\n')
    options = (f"-I{BUILT}/include", f"-Wl,-rpath,{BUILT}/lib")
    program = toolchain.compile_source(
        source, compiler=compiler, standard=standard, options=options, libraries=(str(LIBRARY),)
    )
    program.run()


def test_the_example_of_the_header_does_what_it_says(toolchain: Toolchain, tmp_path: Path):
    text = (REPOSITORY / "Include" / "valuation_solver.h").read_text()
    example = text.split("THE WHOLE LIBRARY IN ONE EXAMPLE")[1].split("CONVENTIONS")[0]
    lines = [line.removeprefix(" *").strip() for line in example.splitlines()]
    check = "for (int i = 0; i < 3; i++) if (!fits[i].converged || fits[i].penalty <= 0) return 1;"
    includes = "#include <stdio.h>\n#include <valuation_solver.h>\n"
    source = tmp_path / "example.c"
    source.write_text(
        f"{includes}int main(void) {{\n{chr(10).join(lines)}\n{check}\nreturn coefficients[0] != 0;\n}}\n"
    )
    options = (f"-I{BUILT}/include", f"-Wl,-rpath,{BUILT}/lib")
    assert toolchain.compile_source(source, options=options, libraries=(str(LIBRARY),)).run() == ""


def test_a_c_program_fits_meets_errors_and_runs_out_of_memory(toolchain: Toolchain):
    program = toolchain.compile_source(
        HERE / "solver.c",
        options=("-D_GNU_SOURCE", f"-I{BUILT}/include", f"-Wl,-rpath,{BUILT}/lib"),
        libraries=(str(LIBRARY), "-lm"),
    )
    assert program.run() == "0.1.0\n"


def test_the_exported_symbols_are_those_of_the_header():
    code = re.sub(r"/\*.*?\*/", "", (REPOSITORY / "Include" / "valuation_solver.h").read_text(), flags=re.DOTALL)
    declared = set(re.findall(r"\b(valuation_solver_\w+)\((?!\*)", code))
    lines = output_of("nm", "--dynamic", "--defined-only", "--format=posix", LIBRARY).splitlines()
    assert {line.split()[0]: line.split()[1] for line in lines} == dict.fromkeys(declared, "T")
    assert len(declared) == 6


def test_it_needs_only_the_c_library(imported: set[str]):
    entries = dynamic_entries(LIBRARY)
    needed = {value for tag, value in entries if tag == "NEEDED"}
    assert needed == {f"Shared library: [{name}]" for name in ("libc.so.6", "libm.so.6")}
    assert [value for tag, value in entries if tag == "SONAME"] == ["Library soname: [libvaluation_solver.so.1]"]
    versions = [tuple(map(int, found.split("."))) for found in re.findall(r"@GLIBC_([0-9.]+)", " ".join(imported))]
    assert len(versions) == len(imported), "the library would call the host's functions of these names"
    assert max(versions) <= NEWEST_GLIBC


def test_it_is_a_guest_and_small(imported: set[str]):
    names = {name.split("@")[0] for name in imported}
    assert "calloc" in names
    assert {name for name in names if UNWELCOME.match(name)} == set()
    assert LIBRARY.stat().st_size <= MAXIMUM_BYTES
    assert str(REPOSITORY).encode() not in LIBRARY.read_bytes()


def test_it_is_hardened():
    flags = " ".join(value for tag, value in dynamic_entries(LIBRARY) if tag in ("FLAGS", "FLAGS_1"))
    assert "NOW" in flags
    assert "TEXTREL" not in flags
    segments = output_of("readelf", "--segments", "--wide", LIBRARY)
    assert "GNU_RELRO" in segments
    assert re.search(r"GNU_STACK.* RW ", segments), "the stack is executable"


def test_no_loop_of_the_descent_calls_anything():
    """The loops that run millions of times only read, add and write: no runtime call, no allocation."""
    library = REPOSITORY / ".build-solver" / "release" / "libvaluation_solver.so"
    listing = output_of("objdump", "--disassemble", "--no-show-raw-insn", library)
    functions = re.findall(r"^\w+ <(\S*Fitter\S*descend\S*)>:\n(.*?)\n\n", listing, re.MULTILINE | re.DOTALL)
    assert len(functions) == 1
    assert re.findall(r"\bcall\b.*", functions[0][1]) == []
