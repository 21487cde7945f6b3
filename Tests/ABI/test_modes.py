# SPDX-License-Identifier: Apache-2.0
"""Who may read what is published: whoever may enter the directory of releases, whatever the publisher's umask.

What gives the secret away may be read only by those who may read the secret.
"""

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .model_files import MODELS, write_models
from .programs import SECONDS, Toolchain


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that every user may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def publish(toolchain: Toolchain, root: Path, models: Path, umask: int, release: str = "first") -> None:
    program = toolchain.program("publish")
    command = [program.path, models, root, release]
    subprocess.run(command, env=program.environment, check=True, umask=umask, timeout=SECONDS)


def modes(root: Path) -> dict[str, int]:
    return {str(path.relative_to(root)): stat.S_IMODE(path.stat().st_mode) for path in root.rglob("*")}


@pytest.mark.parametrize("umask", [0o077, 0o027, 0o022])
def test_a_release_can_be_read_whatever_the_umask(toolchain: Toolchain, open_directory: Path, umask: int):
    root = open_directory / "root"
    root.mkdir(mode=0o755)
    publish(toolchain, root, write_models(open_directory / "models.jsonl", MODELS), umask)
    assert modes(root) == {
        "LATEST": 0o644,
        # For the publisher's group only.
        "SECRET": 0o440,
        "releases": 0o755,
        "releases/first": 0o755,
        "releases/first/manifest.json": 0o444,
        "releases/first/models.jsonl": 0o444,
        # For the readers of SECRET only: its keys give the secret away.
        "releases/first/index.valuation": 0o440,
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, which may become any user")
@pytest.mark.parametrize("umask", [0o077, 0o022])
def test_a_server_of_another_user_follows_if_it_is_in_the_group_of_the_secret(
    toolchain: Toolchain, open_directory: Path, umask: int
):
    user, group = 4241, 4242
    root = open_directory / "root"
    root.mkdir(mode=0o755)
    models = write_models(open_directory / "models.jsonl", MODELS)
    publish(toolchain, root, models, umask)
    os.chown(root / "SECRET", -1, group)
    publish(toolchain, root, models, umask, "second")
    program = toolchain.program("refresh_again")
    command = [shutil.copy(program.path, open_directory), root]
    library = {"LD_LIBRARY_PATH": str(shutil.copytree(toolchain.prefix / "lib", open_directory / "lib"))}
    for groups, status in (([group], 0), ([], 2)):
        finished = subprocess.run(
            command, env=library, user=user, group=user, extra_groups=groups, stdin=subprocess.DEVNULL, timeout=SECONDS
        )
        assert finished.returncode == status


def test_a_compiled_file_has_the_readers_of_the_secret(toolchain: Toolchain, open_directory: Path):
    others = [4242] if os.geteuid() == 0 else [group for group in os.getgroups() if group != os.getegid()]
    if not others:
        pytest.skip("needs a user who is in two groups")
    root, models = open_directory / "root", write_models(open_directory / "models.jsonl", MODELS)
    publish(toolchain, root, models, 0o022)
    os.chown(root / "SECRET", -1, others[0])
    for mode in (0o440, 0o400, 0o644):
        (root / "SECRET").chmod(mode)
        publish(toolchain, root, models, 0o022, f"{mode:o}")
        status = (root / "releases" / f"{mode:o}" / "index.valuation").stat()
        assert (status.st_gid, stat.S_IMODE(status.st_mode)) == (others[0], mode & 0o444)


def test_a_group_that_publishes_together_stays_able_to_write(toolchain: Toolchain, open_directory: Path):
    root = open_directory / "root"
    root.mkdir()
    publish(toolchain, root, write_models(open_directory / "models.jsonl", MODELS), 0o002)
    assert modes(root)["releases"] == 0o775


def test_a_new_directory_of_releases_obeys_the_umask(toolchain: Toolchain, open_directory: Path):
    publish(toolchain, open_directory / "root", write_models(open_directory / "models.jsonl", MODELS), 0o077)
    assert stat.S_IMODE((open_directory / "root").stat().st_mode) == 0o700
