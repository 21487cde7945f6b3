# SPDX-License-Identifier: Apache-2.0
"""What the shipped library promises the linker, the loader and programs compiled years ago."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from .programs import HERE, REPOSITORY, SECONDS, Toolchain

HEADER = (REPOSITORY / "Include" / "valuation.h").read_text()
# Including jansson and zlib.
MAXIMUM_BYTES = 800_000
# RHEL 9, Debian 12 and Ubuntu 22.04 have this glibc or a newer one.
NEWEST_GLIBC = (2, 34)
# What a guest library has no use for. Publishing writes files; guest.c checks that nothing is printed.
UNWELCOME = re.compile(
    r"^(_?exit|abort|raise|kill|signal|sigaction|sigaltstack|pthread_create|pthread_sigmask|clone|fork|vfork|execve?|system|"
    r"setlocale|uselocale|localeconv|strtod|gmtime_r|localtime_r|tzset|setenv|unsetenv|putenv|chdir|umask|atexit|on_exit|__cxa_atexit|srand|rand|getenv|secure_getenv|"
    r"v?f?printf|puts|putchar|fputs|fputc|fwrite|std(in|out|err)|perror|syslog|socket|dlopen)$"
)


def output_of(*command: object) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=SECONDS).stdout


def dynamic_entries(library: Path) -> list[tuple[str, str]]:
    """The tags of the dynamic section with their values."""
    return re.findall(r"\((\w+)\)\s+(.*)", output_of("readelf", "--dynamic", "--wide", library))


def declared_functions() -> set[str]:
    code = re.sub(r"/\*.*?\*/", "", HEADER, flags=re.DOTALL)
    return set(re.findall(r"\b(valuation_\w+)\(", code))


def test_the_exported_symbols_are_those_of_the_list_and_no_others(toolchain: Toolchain):
    lines = output_of("nm", "--dynamic", "--defined-only", "--format=posix", toolchain.library).splitlines()
    exported = {line.split()[0]: line.split()[1] for line in lines}
    listed = (HERE / "symbols.txt").read_text().splitlines()
    assert sorted(exported) == sorted(listed)
    assert set(exported.values()) == {"T"}, "the library exports data; it may export functions only"


def test_the_list_of_symbols_is_what_the_header_declares():
    assert sorted(declared_functions()) == (HERE / "symbols.txt").read_text().splitlines()


def test_it_needs_only_the_c_library_and_is_named_by_its_abi_version(toolchain: Toolchain):
    entries = dynamic_entries(toolchain.library)
    needed = {value for tag, value in entries if tag == "NEEDED"}
    assert needed == {f"Shared library: [{name}]" for name in ("libc.so.6", "libm.so.6")}
    assert [value for tag, value in entries if tag == "SONAME"] == ["Library soname: [libvaluation.so.1]"]


def test_it_carries_no_path_of_the_machine_that_built_it(toolchain: Toolchain):
    entries = dynamic_entries(toolchain.library)
    paths = [value for tag, value in entries if tag in ("RPATH", "RUNPATH")]
    assert all(value.endswith("[$ORIGIN]") for value in paths)
    content = toolchain.library.read_bytes()
    for path in (str(REPOSITORY), "/usr/bin/swift", "swift/usr/lib"):
        assert path.encode() not in content


def test_it_is_small(toolchain: Toolchain, tmp_path: Path):
    stripped = tmp_path / "stripped.so"
    output_of("strip", "--strip-unneeded", "-o", stripped, toolchain.library)
    assert stripped.stat().st_size <= MAXIMUM_BYTES
    assert toolchain.library.resolve().stat().st_size <= MAXIMUM_BYTES, "it is installed with its debugging symbols"


def test_it_runs_on_distributions_of_2021(toolchain: Toolchain):
    symbols = output_of("readelf", "--dyn-syms", "--wide", toolchain.library)
    versions = [tuple(map(int, version.split("."))) for version in re.findall(r"@GLIBC_([0-9.]+)", symbols)]
    assert versions, "no glibc symbol found: this test looks in the wrong place"
    assert max(versions) <= NEWEST_GLIBC


def test_it_imports_nothing_that_a_guest_should_not_use(toolchain: Toolchain):
    lines = output_of("nm", "--dynamic", "--undefined-only", "--format=posix", toolchain.library).splitlines()
    imported = {line.split()[0].split("@")[0] for line in lines}
    assert "malloc" in imported
    assert b"/dev/" not in toolchain.library.read_bytes(), "a host may have no devices"
    assert {name for name in imported if UNWELCOME.match(name)} == set()


def test_it_imports_from_the_c_library_only(toolchain: Toolchain):
    lines = output_of("nm", "--dynamic", "--undefined-only", toolchain.library).splitlines()
    # Weak symbols are those that the linker puts into every shared object for the loader.
    unversioned = {line.split()[-1] for line in lines if "@GLIBC_" not in line and line.split()[0] != "w"}
    assert unversioned == set(), "the library would call the host's functions of these names"


@pytest.mark.parametrize(
    ("shared", "libraries"), [("0", [":libjansson.a", ":libz.a", "m"]), ("1", ["jansson", "z", "m"])]
)
def test_distributors_may_link_with_the_shared_libraries(shared: str, libraries: list[str], tmp_path: Path):
    environment = os.environ | {"VALUATION_BUILD": "library", "VALUATION_SHARED": shared}
    # A copy, so that the test never waits for another use of the package.
    shutil.copy(REPOSITORY / "Package.swift", tmp_path)
    command = ["swift", "package", "--package-path", tmp_path, "dump-package"]
    dumped = subprocess.run(command, env=environment, capture_output=True, check=True, timeout=SECONDS)
    targets = {target["name"]: target for target in json.loads(dumped.stdout)["targets"]}
    kinds = [setting["kind"] for setting in targets["Valuation"]["settings"]]
    assert [kind["linkedLibrary"]["_0"] for kind in kinds if "linkedLibrary" in kind] == libraries
    assert ("CStandIns" in targets) == (shared == "0")


def test_it_is_hardened(toolchain: Toolchain):
    entries = dynamic_entries(toolchain.library)
    tags = {tag for tag, _ in entries}
    flags = " ".join(value for tag, value in entries if tag in ("FLAGS", "FLAGS_1"))
    assert "BIND_NOW" in flags and "NOW" in flags
    assert "NODELETE" in flags, "unloading it while scorers run would be fatal"
    assert "TEXTREL" not in tags and "TEXTREL" not in flags
    segments = re.findall(
        r"^\s+(\w+)\s+0x\S+ 0x\S+ 0x\S+ 0x\S+ 0x\S+ ([R ][W ][E ])",
        output_of("readelf", "--segments", "--wide", toolchain.library),
        re.MULTILINE,
    )
    rights = dict(segments)
    assert "E" not in rights["GNU_STACK"], "the stack is executable"
    assert "GNU_RELRO" in rights
    assert [name for name, right in segments if "W" in right and "E" in right] == []


def test_the_layout_of_structs_and_numbers_never_changes(toolchain: Toolchain):
    toolchain.program("layout")


def test_the_layout_covers_the_whole_header():
    layout = (HERE / "layout.c").read_text()
    numbers = re.findall(
        r"\b(VALUATION_(?:OK|ERROR_\w+|PRICING_\w+|FLAG_\w+|SWITCH_\w+|PUBLISH_\w+|PREDICTOR_\w+)) =", HEADER
    )
    assert len(numbers) == 32 + 3 + 20 + 7 + 2 + 4
    assert [name for name in numbers if f"NUMBER({name}, " not in layout] == []
    structs = re.findall(r"^typedef struct (valuation_\w+) \{(.*?)^\} \1;", HEADER, re.MULTILINE | re.DOTALL)
    assert len(structs) == 12
    for struct, body in structs:
        members = re.findall(r"(\w+)(?:\[\d+\])?;", re.sub(r"/\*.*?\*/", "", body, flags=re.DOTALL))
        assert members
        assert [name for name in members if f"MEMBER({struct}, {name}, " not in layout] == []
