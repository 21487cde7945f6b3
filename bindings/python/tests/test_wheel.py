# SPDX-License-Identifier: Apache-2.0
"""The installed package is the library itself, ready to use: nothing to compile, nothing to find on the machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile

import valuation
from valuation import _library

#: The function that returns a library's ABI version.
NEWER = "valuation_abi_version"

PROJECT = Path(__file__).resolve().parents[1]

#: What every Linux machine with glibc has.
ALLOWED = re.compile(r"(libc|libm|libpthread|libdl|ld-linux-.*)\.so\.\d+(\.\d+)*")

if _library.ENVIRONMENT_VARIABLE in os.environ:
    pytest.skip("VALUATION_LIBRARY is set, so these tests would not test the wheel", allow_module_level=True)


@pytest.fixture(scope="module")
def installed() -> Distribution:
    return distribution("valuation")


def dynamic_entries(library: Path, kind: str) -> list[str]:
    """Return the entries of the library's dynamic section under one tag, for example DT_NEEDED."""
    with library.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".dynamic")
        assert isinstance(section, DynamicSection)
        return [str(getattr(tag, kind.removeprefix("DT_").lower())) for tag in section.iter_tags(kind)]


def test_the_library_in_the_package_is_the_one_in_use() -> None:
    assert valuation.library_file() == Path(valuation.__file__).with_name("libvaluation.so.1")
    mapped = Path("/proc/self/maps").read_text()
    assert f"{valuation.library_file().resolve()}\n" in mapped


def test_the_file_has_the_name_that_programs_load() -> None:
    assert dynamic_entries(valuation.library_file(), "DT_SONAME") == [valuation.library_file().name]


def test_the_library_needs_only_the_c_library() -> None:
    needed = dynamic_entries(valuation.library_file(), "DT_NEEDED")
    assert needed
    assert [name for name in needed if not ALLOWED.fullmatch(name)] == []


def test_the_wheel_serves_any_python_3_of_a_common_linux(installed: Distribution) -> None:
    text = installed.read_text("WHEEL")
    assert text is not None
    tags = re.findall(r"^Tag: (.*)$", text, flags=re.MULTILINE)
    assert "Root-Is-Purelib: false" in text
    versions = [re.fullmatch(r"py3-none-manylinux_(\d+)_(\d+)_(x86_64|aarch64)", tag) for tag in tags]
    numbers = [(int(found[1]), int(found[2])) for found in versions if found]
    assert min(numbers) <= (2, 34)


def test_the_wheel_holds_nothing_to_compile_and_nothing_to_spare(installed: Distribution) -> None:
    files = [str(file) for file in installed.files or [] if "__pycache__" not in str(file)]
    package = {Path(file).suffix for file in files if file.startswith("valuation/")}
    assert package == {".py", ".typed", ".1"}
    assert {file.split("/")[0] for file in files} == {
        "valuation",
        f"valuation-{valuation.__version__}.dist-info",
    }


def test_the_wheel_carries_the_licences(installed: Distribution) -> None:
    names = {Path(str(file)).name for file in installed.files or []}
    assert {"LICENSE", "jansson.txt", "xxhash.txt", "zlib.txt"} <= names


def test_building_without_the_library_says_what_to_do(tmp_path: Path) -> None:
    command: list[str | Path] = [sys.executable, PROJECT / "build_wheel.py", tmp_path, tmp_path / "wheel"]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert result.returncode == 1
    assert "libvaluation.so is missing; run `make build` first" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "wheel").exists()


@pytest.mark.parametrize(
    ("library", "message"),
    [
        ("nowhere.so", "is missing. Install the valuation wheel, or set VALUATION_LIBRARY"),
        ("text.so", "is not a libvaluation that this machine can load"),
        ("other.so", "is not a libvaluation that this machine can load"),
        ("newer.so", "has ABI version 2, this package needs 1"),
    ],
)
def test_importing_with_a_wrong_library_says_what_to_do(library: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "text.so").write_text("no library")
    functions = "".join(f"void {name}(void) {{}}\n" for name in _library.library.__dict__ if name != NEWER)
    for name, source in {"other.so": "", "newer.so": f"{functions} unsigned {NEWER}(void) {{ return 2; }}"}.items():
        compiler: list[str | Path] = ["cc", "-shared", "-x", "c", "-o", tmp_path / name, "-"]
        subprocess.run(compiler, input=source, text=True, check=True)
    environment = os.environ | {"VALUATION_LIBRARY": str(tmp_path / library)}
    command = [sys.executable, "-c", "import valuation"]
    result = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert result.returncode == 1
    assert "ImportError" in result.stderr
    assert message in result.stderr
