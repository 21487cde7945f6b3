# SPDX-License-Identifier: Apache-2.0
"""`make install` and its companions put files where they are told to, and take back exactly these."""

from pathlib import Path

import pytest

from .building import ABI, REPOSITORY, VERSION, files_below, make, output_of

#: Every public header, but that of the pipeline's solver.
HEADERS = {path.name for path in (REPOSITORY / "Include").glob("*.h")} - {"valuation_solver.h"}
LICENSES = {"LICENSE", "jansson.txt", "xxhash.txt", "zlib.txt"}
ALL = ("install", "install-command", "install-debug")


def installed_files(prefix: str, libraries: str, headers: str, documents: str) -> set[str]:
    """What `make install` installs."""
    return {
        *(f"{headers}/{name}" for name in HEADERS),
        f"{libraries}/libvaluation.so",
        f"{libraries}/libvaluation.so.{ABI}",
        f"{libraries}/libvaluation.so.{VERSION}",
        f"{libraries}/libvaluation.a",
        f"{libraries}/pkgconfig/valuation.pc",
        f"{libraries}/cmake/valuation/valuation-config.cmake",
        f"{libraries}/cmake/valuation/valuation-config-version.cmake",
        *(f"{documents}/{name}" for name in LICENSES),
    }


def package_flags(directory: Path, *wanted: str) -> list[str]:
    """pkg-config's answer about an installation."""
    environment = {"PATH": "/usr/bin:/bin", "PKG_CONFIG_PATH": str(directory)}
    return output_of("pkg-config", *wanted, "valuation", env=environment).split()


def test_the_library_is_staged_without_the_command_and_names_the_place_where_it_will_be(tmp_path: Path):
    make("install", DESTDIR=tmp_path, PREFIX="/opt/v")
    assert files_below(tmp_path) == installed_files("opt/v", "opt/v/lib", "opt/v/include", "opt/v/share/doc/valuation")
    libraries = tmp_path / "opt/v/lib"
    assert (libraries / "libvaluation.so").readlink() == Path(f"libvaluation.so.{ABI}")
    assert (libraries / f"libvaluation.so.{ABI}").readlink() == Path(f"libvaluation.so.{VERSION}")
    assert "prefix=/opt/v\n" in (libraries / "pkgconfig/valuation.pc").read_text()
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or str(tmp_path).encode() not in path.read_bytes(), f"{path} names the staging directory"


def test_every_folder_can_be_chosen(tmp_path: Path):
    folders = {
        "PREFIX": "/opt/v",
        "LIBDIR": "lib/x86_64-linux-gnu",
        "INCLUDEDIR": "/srv/include/valuation",
        "BINDIR": "tools",
        "DOCDIR": "/srv/doc",
    }
    make(*ALL, DESTDIR=tmp_path, **folders)
    assert files_below(tmp_path) == {
        *installed_files("opt/v", "opt/v/lib/x86_64-linux-gnu", "srv/include/valuation", "srv/doc"),
        "opt/v/tools/valuation",
        f"opt/v/lib/x86_64-linux-gnu/.debug/libvaluation.so.{VERSION}.debug",
    }
    packages = tmp_path / "opt/v/lib/x86_64-linux-gnu/pkgconfig"
    assert package_flags(packages, "--modversion") == [VERSION]
    assert package_flags(packages, "--cflags") == ["-I/srv/include/valuation"]
    assert package_flags(packages, "--libs") == ["-L/opt/v/lib/x86_64-linux-gnu", "-lvaluation"]
    assert package_flags(packages, "--libs", "--static") == ["-L/opt/v/lib/x86_64-linux-gnu", "-lvaluation", "-lm"]


@pytest.mark.parametrize("folders", [{}, {"LIBDIR": "lib/x86_64-linux-gnu"}, {"BINDIR": "deep/down/bin"}])
def test_the_command_finds_the_library_wherever_it_is(tmp_path: Path, folders: dict[str, str]):
    make("install", "install-command", PREFIX=tmp_path, **folders)
    command = tmp_path / folders.get("BINDIR", "bin") / "valuation"
    loaded = output_of("ldd", command, env={"PATH": "/usr/bin:/bin"})
    library = tmp_path / folders.get("LIBDIR", "lib") / f"libvaluation.so.{ABI}"
    found = next(line.split()[2] for line in loaded.splitlines() if "libvaluation.so" in line)
    assert Path(found).samefile(library)
    assert VERSION in output_of(command, "--version", env={})


@pytest.mark.parametrize("library_folder", ["lib", "lib/x86_64-linux-gnu"])
def test_uninstalling_leaves_what_is_of_others(tmp_path: Path, library_folder: str):
    folders = {"PREFIX": tmp_path, "LIBDIR": library_folder}
    make(*ALL, **folders)
    directories = [path for path in tmp_path.rglob("*") if path.is_dir()]
    others = {str(directory.relative_to(tmp_path) / "libother.so.1") for directory in directories}
    make("uninstall", **folders)
    own = [tmp_path / library_folder / "cmake/valuation", tmp_path / library_folder / ".debug"]
    assert [path for path in [*own, tmp_path / "share/doc/valuation"] if path.exists()] == []
    assert files_below(tmp_path) == set()

    make(*ALL, **folders)
    for name in others:
        (tmp_path / name).touch()
    make("uninstall", **folders)
    assert files_below(tmp_path) == others


def test_root_installs_what_another_user_built_with_no_compiler_at_hand(tmp_path: Path):
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("swift", "cc", "gcc", "clang", "ld", "objcopy", "strip", "ar"):
        (tools / name).write_text(f"#!/bin/sh\necho {name} was called >&2\nexit 1\n")
        (tools / name).chmod(0o755)
    built = {path: path.stat().st_mtime_ns for path in (REPOSITORY / "build/lib").iterdir()}
    for _ in range(2):
        make(*ALL, tools=tools, PREFIX=tmp_path / "prefix")
    assert built == {path: path.stat().st_mtime_ns for path in (REPOSITORY / "build/lib").iterdir()}
