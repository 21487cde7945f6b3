# SPDX-License-Identifier: Apache-2.0
"""Directories of releases that other tools put where they are, by links: git-sync and kubelet."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest

import valuation
from test_following import OF_MONDAY, OF_TUESDAY, OF_WEDNESDAY, expect_status, pctr, write
from valuation import Engine, Status, publish


def point(link: Path, target: str) -> None:
    """Let a link lead elsewhere, at once."""
    beside = link.with_name(f"{link.name}.new")
    beside.symlink_to(target)
    beside.rename(link)


def test_git_sync_flips_the_directory(tmp_path: Path) -> None:
    """`current` is a link to a worktree; the worktree before is removed soon after."""
    trees = tmp_path / "git" / ".worktrees"
    publish(write(tmp_path / "monday.json", 0), tmp_path / "repository", id="monday")
    shutil.copytree(tmp_path / "repository", trees / "aaa")
    publish(write(tmp_path / "tuesday.json", 1), tmp_path / "repository", id="tuesday")
    shutil.copytree(tmp_path / "repository", trees / "bbb")
    current = tmp_path / "git" / "current"
    point(current, ".worktrees/aaa")
    with Engine() as engine:
        engine.load(current)
        assert not engine.refresh()
        point(current, ".worktrees/bbb")
        shutil.rmtree(trees / "aaa")
        assert pctr(engine) == OF_MONDAY
        assert engine.refresh()
        assert pctr(engine) == OF_TUESDAY
        engine.roll_back("monday")
        assert pctr(engine) == OF_MONDAY


class ConfigMap:
    """A volume as kubelet makes it: each file is a link to ..data/file, and ..data to a directory that is replaced."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._version = folder, 0
        folder.mkdir()

    def write(self, name: str, text: str) -> None:
        self._version += 1
        version = f"..2026_11_30_{self._version}"
        (self._folder / version).mkdir()
        (self._folder / version / name).write_text(text)
        before = (self._folder / "..data").resolve()
        point(self._folder / "..data", version)
        if self._version == 1:
            (self._folder / name).symlink_to(f"..data/{name}")
        else:
            shutil.rmtree(before)


def test_a_config_map_says_what_serves_and_a_secret_has_the_secret(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for day, intercept in (("tuesday", 1), ("monday", 0)):
        publish(write(tmp_path / f"{day}.json", intercept), root, id=day)
    latest, secret = ConfigMap(tmp_path / "latest"), ConfigMap(tmp_path / "secret")
    latest.write("LATEST", "monday\n")
    secret.write("SECRET", (root / "SECRET").read_text())
    for name, volume in (("LATEST", "latest"), ("SECRET", "secret")):
        (root / name).unlink()
        (root / name).symlink_to(tmp_path / volume / name)
    with Engine() as engine:
        engine.load(root)
        assert pctr(engine) == OF_MONDAY
        assert not engine.refresh()
        latest.write("LATEST", "tuesday")
        assert engine.refresh()
        assert pctr(engine) == OF_TUESDAY
        latest.write("LATEST", "no release")
        with pytest.raises(valuation.UnknownReleaseError, match="one line"):
            engine.refresh()
        # A publisher replaces the link by a file, and gives the compiled file the readers of what SECRET leads to.
        (tmp_path / "secret" / "SECRET").resolve().chmod(0o400)
        publish(write(tmp_path / "wednesday.json", 2), root, id="wednesday")
        assert not (root / "LATEST").is_symlink()
        assert (root / "SECRET").is_symlink()
        compiled = root / "releases" / "wednesday" / "index.valuation"
        assert stat.S_IMODE(compiled.stat().st_mode) == 0o400
        assert engine.refresh()
        assert pctr(engine) == OF_WEDNESDAY


def test_a_secret_that_leads_nowhere_is_not_taken_for_none(tmp_path: Path) -> None:
    root = tmp_path / "root"
    publish(write(tmp_path / "monday.json", 0), root, id="monday")
    (root / "SECRET").unlink()
    (root / "SECRET").symlink_to("nowhere")
    with Engine() as engine, pytest.raises(valuation.SecretError, match="leads nowhere"):
        engine.load(root)
    with pytest.raises(valuation.SecretError, match="leads nowhere"):
        publish(tmp_path / "monday.json", root, id="again")


@pytest.mark.parametrize("place", ["releases", "releases/monday", "releases/monday/index.valuation"])
def test_no_other_link_is_followed(tmp_path: Path, place: str) -> None:
    root = tmp_path / "root"
    publish(write(tmp_path / "monday.json", 0), root, id="monday")
    moved = tmp_path / "moved"
    (root / place).rename(moved)
    (root / place).symlink_to(moved)
    with Engine() as engine:
        expect_status(Status.READ_FAILED, engine.load, root)
