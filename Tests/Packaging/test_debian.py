# SPDX-License-Identifier: Apache-2.0
"""The Debian packages: what they say, what is in them, and their whole life on a machine."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from ABI.programs import HERE as PROGRAMS
from ABI.programs import SECONDS

from .building import ABI, HERE, REPOSITORY, VERSION, output_of
from .debugging import GDB, assert_named, may_debug

DEBIAN = REPOSITORY / "Packaging/debian"


def field(package: Path, name: str) -> str:
    return output_of("dpkg-deb", "--field", package, name).strip()


def contents(package: Path) -> set[str]:
    """Paths of a package's files and links, without documents and notes to Debian's tools."""
    lines = [line.split() for line in output_of("dpkg-deb", "--contents", package).splitlines()]
    paths = {line[5].removeprefix("./") for line in lines if line[0][0] != "d"}
    return {path for path in paths if not path.startswith(("usr/share/doc/", "usr/share/lintian/"))}


def test_the_changelog_is_about_the_version_of_the_header():
    newest = (DEBIAN / "changelog").read_text().split("\n", 1)[0]
    assert re.match(rf"valuation \({re.escape(VERSION)}-\d+\) ", newest)


def test_the_list_of_symbols_is_that_of_the_library():
    head, *symbols = [
        line for line in (DEBIAN / "libvaluation1.symbols").read_text().splitlines() if not line.startswith("*")
    ]
    assert head == f"libvaluation.so.{ABI} libvaluation{ABI} #MINVER#"
    assert [re.fullmatch(r" (\w+)@Base [0-9.]+", line)[1] for line in symbols] == (
        PROGRAMS / "symbols.txt"
    ).read_text().splitlines()


def test_each_package_has_its_files_and_no_others(packages: dict[str, Path]):
    place = "usr/lib/" + output_of("dpkg-architecture", "--query", "DEB_HOST_MULTIARCH").strip()
    headers = {path.name for path in (REPOSITORY / "Include").glob("*.h")} - {"valuation_solver.h"}
    assert {name: contents(package) for name, package in packages.items() if "dbgsym" not in name} == {
        "libvaluation1": {f"{place}/libvaluation.so.{ABI}", f"{place}/libvaluation.so.{VERSION}"},
        "libvaluation-dev": {
            *(f"usr/include/{name}" for name in headers),
            f"{place}/libvaluation.so",
            f"{place}/libvaluation.a",
            f"{place}/pkgconfig/valuation.pc",
            f"{place}/cmake/valuation/valuation-config.cmake",
            f"{place}/cmake/valuation/valuation-config-version.cmake",
        },
        "valuation": {"usr/bin/valuation"},
    }
    (symbols,) = contents(packages["libvaluation1-dbgsym"])
    assert re.fullmatch(r"usr/lib/debug/\.build-id/[0-9a-f]{2}/[0-9a-f]{38}\.debug", symbols)


def test_they_depend_on_what_they_need(packages: dict[str, Path]):
    version = field(packages["libvaluation1"], "Version")
    depended = {name: set(field(package, "Depends").split(", ")) for name, package in packages.items()}
    # Only libc6, and none newer than the oldest supported one.
    assert depended["libvaluation1"] == {"libc6 (>= 2.34)"}
    assert depended["libvaluation-dev"] == {f"libvaluation1 (= {version})"}
    assert depended["libvaluation1-dbgsym"] == {f"libvaluation1 (= {version})"}
    assert f"libvaluation1 (>= {VERSION})" in depended["valuation"]


def test_the_library_in_the_package_is_the_one_that_the_tests_use(packages: dict[str, Path], tmp_path: Path):
    output_of("dpkg-deb", "--extract", packages["libvaluation1"], tmp_path)
    (packaged,) = tmp_path.rglob(f"libvaluation.so.{VERSION}")
    for section in (".note.gnu.build-id", ".text", ".rodata", ".dynsym"):
        parts = []
        for library in (packaged, REPOSITORY / "build/lib/libvaluation.so"):
            output_of("objcopy", f"--only-section={section}", "--output-target=binary", library, tmp_path / "part")
            parts.append((tmp_path / "part").read_bytes())
        assert parts[0] == parts[1] != b"", section


def on_a_copy_of_the_machine(folder: Path, *command: object) -> subprocess.CompletedProcess[str]:
    """Runs a command as root on a copy of this machine, which is thrown away; see throwaway_machine.sh."""
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    whole = [*as_root, "unshare", "--mount", HERE / "throwaway_machine.sh", folder, *command]
    return subprocess.run(whole, capture_output=True, text=True, timeout=SECONDS, check=False)


@pytest.fixture(scope="module")
def needs_a_copy_of_the_machine(tmp_path_factory: pytest.TempPathFactory) -> None:
    tried = on_a_copy_of_the_machine(tmp_path_factory.mktemp("copy"), "true")
    if tried.returncode != 0:
        pytest.skip(f"this machine cannot be copied: {tried.stderr.strip()}")


@pytest.mark.usefixtures("needs_a_copy_of_the_machine")
def test_installed_used_and_removed_they_leave_nothing_behind(
    packages: dict[str, Path], models: Path, shortest_output: str, tmp_path: Path
):
    for name in ("copy", "packages", "sources"):
        (tmp_path / name).mkdir()
    for package in packages.values():
        shutil.copy(package, tmp_path / "packages")
    for source in (PROGRAMS / "shortest.c", HERE / "cmake_host/CMakeLists.txt", HERE / "use_packages.sh"):
        shutil.copy(source, tmp_path / "sources")
    shutil.copy(models, tmp_path)
    command = ["/mnt/sources/use_packages.sh", "/mnt/packages", "/mnt/sources", f"/mnt/{models.name}", *GDB]
    used = on_a_copy_of_the_machine(tmp_path / "copy", *command)
    assert used.returncode == 0, used.stderr
    parts = re.split(r"^== (\S+)\n", used.stderr, flags=re.MULTILINE)
    printed = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert printed["command"].startswith(f"valuation {VERSION},")
    for name in ("pkg-config", "static", "cmake", "cmake-static"):
        assert printed[name] == shortest_output, name
    if may_debug():
        assert_named(printed["gdb"])
    assert printed["left"] == ""

    changed = set(used.stdout.splitlines())
    assert "./var/lib/dpkg/status" in changed
    # What dpkg and ldconfig write at every turn.
    records = re.compile(r"\./(etc/ld\.so\.cache|var/(cache/ldconfig|lib/dpkg|log)/.*)")
    assert {name for name in changed if not records.fullmatch(name)} == set()
    files = {f".{name}" for name in printed["files"].split()}
    assert {"./usr/include/valuation.h", "./usr/bin/valuation"} <= files
    assert files & changed == set()
