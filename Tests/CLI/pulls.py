# SPDX-License-Identifier: Apache-2.0
"""What the tests of `valuation pull` and `push` have in common."""

import json
import os
import random
import subprocess
from pathlib import Path

import xxhash

from .command import CLICK, COMMAND, ENVIRONMENT, PATIENCE, Result, run
from .releases import publish

#: The files of the release that `publish_large` makes, compiled.
COMPILED = "index.valuation"


def publish_large(root: Path, identifier: str, seed: int = 1, *options: object) -> Path:
    """Publishes models of some 300 kB in four files. Returns the directory of the release."""
    chance = random.Random(f"{identifier} {seed}")
    batch = root.parent / f"batch-{identifier}-{seed}"
    batch.mkdir()
    for number in range(4):
        weights = {str(slot): round(chance.uniform(-1, 1), 6) for slot in range(1500 * (number + 1))}
        click = CLICK | {"campaign": f"c{number}", "categorical": {"slot": weights}, "crosses": [], "self_test": []}
        (batch / f"c{number}.json").write_text(json.dumps(click))
    publish(batch, root, identifier, *options)
    return root / "releases" / identifier


def sizes(release: Path) -> dict[str, int]:
    """The sizes of the files of a release, without the manifest."""
    return {file.name: file.stat().st_size for file in release.iterdir() if file.name != "manifest.json"}


def below(root: Path) -> dict[str, bytes]:
    """What is in a directory of releases, without what only a pull or an operator needs."""
    return {
        str(file.relative_to(root)): file.read_bytes()
        for file in root.rglob("*")
        if file.is_file() and not file.is_relative_to(root / ".pull") and file.name != "PREVIOUS"
    }


def modes(root: Path) -> dict[str, tuple[int, int]]:
    """The permissions and the group of everything below a directory, but for `.pull`."""
    return {
        str(path.relative_to(root)): (path.stat().st_mode & 0o7777, path.stat().st_gid)
        for path in root.rglob("*")
        if not path.is_relative_to(root / ".pull") and path.name != "PREVIOUS"
    }


def pull(url: str, root: Path, *options: object, **others) -> Result:
    """Pulls; fails the test if that fails."""
    result = run("pull", url, root, *options, **others)
    assert (result.status, result.errors) == (0, "")
    return result


def behind(store, mirror: Path) -> Path:
    """Pulls; then the store moves on to a release `large`. Returns the directory."""
    pull(store.url, mirror)
    publish_large(store.root, "large")
    store.forget()
    return mirror


def begin(*arguments: object, environment: dict[str, str] | None = None) -> subprocess.Popen:
    """Starts the command in a process group of its own, with the curl that it starts."""
    return subprocess.Popen(
        [COMMAND, *map(str, arguments)],
        env=ENVIRONMENT | (environment or {}),
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen) -> Result:
    """Waits for a process that `begin` started."""
    output, errors = process.communicate(timeout=PATIENCE)
    return Result(process.returncode, output, errors)


def forge(manifest: Path, change) -> None:
    """Changes a manifest and gives it the right checksum."""
    contents = json.loads(manifest.read_text())
    del contents["checksum"]
    change(contents)
    text = json.dumps(contents, indent=2)[:-2] + ",\n  "
    checksum = xxhash.xxh3_128_hexdigest(text.encode())
    manifest.chmod(0o644)
    manifest.write_text(f'{text}"checksum": "{checksum}"\n}}\n')


def later(file: Path, seconds: int) -> None:
    """Makes a file look as if it was written so much later; HTTP has whole seconds."""
    time = file.stat().st_mtime + seconds
    os.utime(file, (time, time))
