# SPDX-License-Identifier: Apache-2.0
"""A refused release is not read again at every refresh."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from .model_files import MODELS, many_models, write_models
from .programs import SECONDS, Toolchain

# The seconds that the library's clock is ahead of the machine's, which make a change recent or old.
AT_ONCE, LATER = -3600, 3600


@dataclass
class Answer:
    """What a refresh reported, and how many bytes of files it looked at."""

    status: str
    bytes_seen: int
    file: str
    message: str


class Engine:
    """An engine that follows a directory of releases, in a process of its own."""

    def __init__(self, toolchain: Toolchain, root: Path) -> None:
        program = toolchain.program("refresh_again")
        self._process = subprocess.Popen(
            [program.path, root], env=program.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def refresh(self, seconds_ahead: int) -> Answer:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{seconds_ahead}\n")
        self._process.stdin.flush()
        status, seen, file, message = self._process.stdout.readline().rstrip("\n").split("\t")
        return Answer(status.removeprefix("VALUATION_").removeprefix("ERROR_"), int(seen), file, message)

    def close(self) -> None:
        self._process.communicate(timeout=SECONDS)


@pytest.fixture
def root(toolchain: Toolchain, tmp_path: Path) -> Path:
    """A directory with release "first"."""
    models = write_models(tmp_path / "first.jsonl", MODELS)
    toolchain.program("publish").run(models, tmp_path / "root", "first")
    return tmp_path / "root"


@pytest.fixture
def engine(toolchain: Toolchain, root: Path) -> Iterator[Engine]:
    engine = Engine(toolchain, root)
    # Its first answer comes after it has loaded the first release.
    assert engine.refresh(LATER).status == "OK"
    yield engine
    engine.close()


def overwrite(path: Path, contents: bytes) -> None:
    """Writes to a file until its modification time changes; file clocks tick only some times a second."""
    before = path.stat().st_ctime_ns
    path.chmod(0o644)
    while path.stat().st_ctime_ns == before:
        path.write_bytes(contents)
    path.write_bytes(contents)


def test_a_refused_release_is_read_again_only_after_it_has_changed(
    toolchain: Toolchain, root: Path, engine: Engine, tmp_path: Path
):
    models = write_models(tmp_path / "second.jsonl", many_models(extend=False))
    toolchain.program("publish").run(models, root, "second")
    compiled = root / "releases" / "second" / "index.valuation"
    sound = compiled.read_bytes()
    damaged = bytearray(sound)
    damaged[-1] ^= 1
    overwrite(compiled, damaged)
    for _ in range(2):
        first = engine.refresh(AT_ONCE)
        assert first.status == "CHECKSUM"
        assert first.bytes_seen >= len(sound), "the file has just changed, so a remembered error may be out of date"
    first = engine.refresh(LATER)
    assert first.bytes_seen >= len(sound), "an error found just after a change must not be remembered"
    for _ in range(3):
        again = engine.refresh(LATER)
        assert (again.status, again.file, again.message) == ("CHECKSUM", str(compiled), first.message)
        assert again.bytes_seen < 4096, "the refresh read more than LATEST and the manifest"
    overwrite(compiled, sound)
    assert engine.refresh(LATER).status == "OK"


def test_a_release_that_cannot_be_read_is_tried_again(toolchain: Toolchain, root: Path, engine: Engine, tmp_path: Path):
    models = write_models(tmp_path / "second.jsonl", many_models(extend=False))
    toolchain.program("publish").run(models, root, "second")
    compiled = root / "releases" / "second" / "index.valuation"
    compiled.rename(compiled.with_suffix(".away"))
    assert [engine.refresh(LATER).status for _ in range(3)] == ["FILE_NOT_FOUND"] * 3
    compiled.with_suffix(".away").rename(compiled)
    assert engine.refresh(LATER).status == "OK"
