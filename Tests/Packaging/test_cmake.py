# SPDX-License-Identifier: Apache-2.0
"""find_package(valuation) finds the library, wherever it was installed or moved to, and minds versions."""

import shutil
from pathlib import Path

import pytest
from ABI.programs import HERE as PROGRAMS

from .building import HERE, VERSION, make, output_of


@pytest.fixture(autouse=True)
def needs_cmake() -> None:
    if shutil.which("cmake") is None:
        pytest.skip("needs cmake")


def outputs_of_hosts(directory: Path, prefix: Path, models: Path) -> list[str]:
    """Builds the project of this folder against an installation; what the shared and the static program print."""
    output_of(
        "cmake", "-S", HERE / "cmake_host", "-B", directory, f"-DCMAKE_PREFIX_PATH={prefix}", f"-DPROGRAMS={PROGRAMS}"
    )
    output_of("cmake", "--build", directory)
    return [output_of(directory / name, models, env={}) for name in ("shared", "static")]


@pytest.mark.parametrize("folders", [{}, {"LIBDIR": "lib/x86_64-linux-gnu"}, {"INCLUDEDIR": "include/valuation-0"}])
def test_a_moved_installation_serves_shared_and_static_programs(
    tmp_path: Path, models: Path, shortest_output: str, folders: dict[str, str]
):
    make("install", PREFIX=tmp_path / "first", **folders)
    (tmp_path / "first").rename(tmp_path / "second")
    assert outputs_of_hosts(tmp_path / "build", tmp_path / "second", models) == [shortest_output] * 2
    needed = output_of("readelf", "--dynamic", tmp_path / "build/shared")
    assert "Shared library: [libvaluation.so.1]" in needed
    assert "libvaluation" not in output_of("readelf", "--dynamic", tmp_path / "build/static")


def found_versions(directory: Path, prefix: Path, requests: list[str]) -> list[str]:
    """For each request the version that CMake finds, or nothing."""
    lines = ["cmake_minimum_required(VERSION 3.19)", "project(versions C)"]
    for request in requests:
        lines += [
            "unset(valuation_DIR CACHE)",
            f"find_package(valuation {request} QUIET CONFIG)",
            'message(STATUS "found=${valuation_FOUND}")',
        ]
    directory.mkdir()
    (directory / "CMakeLists.txt").write_text("\n".join(lines))
    output = output_of("cmake", "-S", directory, "-B", directory / "build", f"-DCMAKE_PREFIX_PATH={prefix}")
    return [line.split("=")[1] for line in output.splitlines() if "found=" in line]


def test_a_library_serves_who_asks_for_its_major_version_and_no_newer_one(tmp_path: Path, prefix: Path):
    major, minor, patch = (int(part) for part in VERSION.split("."))
    suitable = [
        "",
        f"{major}",
        f"{major}.{minor}",
        VERSION,
        f"{VERSION} EXACT",
        f"{major}.{minor}...{major}.{minor + 1}",
    ]
    unsuitable = [
        f"{major}.{minor + 1}",
        f"{major}.{minor}.{patch + 1}",
        f"{major + 1}",
        f"{major}.{minor}.{patch + 1} EXACT",
        f"0.0...<{VERSION}",
    ]
    assert found_versions(tmp_path / "suitable", prefix, suitable) == ["1"] * len(suitable)
    assert found_versions(tmp_path / "unsuitable", prefix, unsuitable) == ["0"] * len(unsuitable)


def test_an_incomplete_installation_is_named(tmp_path: Path, prefix: Path):
    shutil.copytree(prefix, tmp_path / "broken", symlinks=True)
    (tmp_path / "broken/lib/libvaluation.a").unlink()
    with pytest.raises(AssertionError, match=r"lib/libvaluation\.a\s+is missing"):
        outputs_of_hosts(tmp_path / "build", tmp_path / "broken", tmp_path)
