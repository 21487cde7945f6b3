# SPDX-License-Identifier: Apache-2.0
"""The recipes of Documentation/travel.md run as they are printed."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from .command import COMMAND, ENVIRONMENT, PATIENCE, REPOSITORY, run
from .pulls import below, modes
from .releases import latest, publish
from .store import serving

PAGE = (REPOSITORY / "Documentation" / "travel.md").read_text()
SHELL = ENVIRONMENT | {"PATH": f"{Path(COMMAND).parent}{os.pathsep}{ENVIRONMENT['PATH']}"}


def recipe(containing):
    """The printed block that has a text."""
    (block,) = [
        text for text in re.findall(r"^```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL) if containing in text
    ]
    return block


def shell(script, **options):
    """Runs a script; fails the test if that fails."""
    options = {"env": SHELL, "timeout": PATIENCE} | options
    finished = subprocess.run(["sh", "-c", script], capture_output=True, text=True, **options)
    assert (finished.returncode, finished.stderr) == (0, "")


@pytest.fixture
def rsync(root, tmp_path):
    """The recipe, from a directory of this machine to another, and that other one."""
    (tmp_path / "served").mkdir()
    printed = recipe("rsync -a publisher")
    script = printed.replace("publisher:/srv/models", str(root)).replace("/srv/models", str(tmp_path / "served"))
    return script, tmp_path / "served"


def test_rsync_brings_releases_and_their_modes(rsync, root, published):
    script, served = rsync
    shell(script)
    assert below(served) == below(root)
    assert modes(served) == modes(root)
    publish(published / "batch", root, "wednesday")
    shell(script)
    assert latest(served) == "wednesday\n"
    assert run("validate", served).status == 0


def test_a_release_that_is_published_meanwhile_waits_for_the_next_rsync(rsync, root, published):
    script, served = rsync
    first, rest = script.split("\nrsync -a --exclude")
    shell(f"{first}\nvaluation publish {published}/batch --to {root} --id wednesday\nrsync -a --exclude{rest}")
    assert latest(served) == "tuesday\n"
    assert run("validate", served).status == 0
    # It came with the others.
    assert (served / "releases/wednesday").is_dir()


def test_the_commands_at_the_top_of_the_page_bring_a_release_to_a_server(published, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    push, pull = recipe("push --secret models").splitlines()
    with serving(published / "elsewhere") as store:
        environment = SHELL | {"AWS_ENDPOINT_URL": store.url.removesuffix("/ads")}
        shell(push, cwd=published, env=environment)
        (tmp_path / "server").mkdir()
        shell(pull, cwd=tmp_path / "server", env=environment)
    assert run("validate", tmp_path / "server/models").status == 0


@pytest.mark.parametrize(("containing", "pattern"), [("[Service]", r"ExecStart=(.*)"), ("* * * * *", r"\* (/usr.*)")])
def test_timers_run_what_brings_a_release(published, tmp_path, containing, pattern):
    command = re.search(pattern, recipe(containing))[1]
    command = command.replace("/usr/local/bin/valuation", COMMAND).replace("/srv/models", str(tmp_path / "server"))
    with serving(published) as store:
        host = store.url.removesuffix("/ads")
        shell(command.replace("https://models.example", host), env=SHELL | {"AWS_ENDPOINT_URL": host})
    assert run("validate", tmp_path / "server").status == 0
