# SPDX-License-Identifier: Apache-2.0
"""What every part of the campaign uses: releases to damage, a reader to load them, and the findings."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from ABI.model_files import BETTER, MODELS, model, write_models
from ABI.programs import REPOSITORY, Program, Toolchain

HERE = Path(__file__).resolve().parent
STANDARD_SECRET = "243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89"
#: Seconds of silence after which a reader counts as hung.
ANSWER_SECONDS = 900


def installed(directory: Path) -> Path:
    """Where the library is installed: in VALUATION_PREFIX, otherwise from build/ into this directory."""
    if given := os.environ.get("VALUATION_PREFIX"):
        return Path(given)
    targets = ["install", "install-command"]
    subprocess.run(["make", "-C", REPOSITORY, *targets, f"PREFIX={directory}", "DESTDIR="], check=True, timeout=900)
    return directory


@dataclass
class Findings:
    """The counts of one part of the campaign, and the faults it found."""

    title: str
    figures: dict[str, int | float | str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def count(self, what: str, number: int = 1) -> None:
        """Add to a count."""
        self.figures[what] = self.figures.get(what, 0) + number

    def expect(self, holds: bool, otherwise: str) -> None:
        """Record a fault unless something holds."""
        if not holds:
            self.faults.append(otherwise)


@dataclass(frozen=True)
class Answer:
    """The result of a load: `serves` is "before", "other", or the position of known models."""

    status: str
    serves: str
    most_memory: int = 0
    file: str = ""
    message: str = ""

    @property
    def is_refusal(self) -> bool:
        """Whether the load failed correctly: with a reason, and without a change."""
        return self.status.startswith("ERROR_") and self.serves == "before" and self.message != ""

    def is_sound(self, *known: int) -> bool:
        """Whether the load was refused, or gave the values of one of the known models."""
        return self.is_refusal or (self.status == "OK" and self.serves in map(str, known))


class Reader:
    """A process that loads the paths given to it; its end or hanging is noticed. See reader.c."""

    def __init__(self, program: Program, before: Path, *known: Path, under: tuple[str, ...] = ()) -> None:
        self._command = [*under, *map(os.fspath, (program.path, before, *known))]
        self._environment = program.environment
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            self._command, env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> int:
        self._process.kill()
        self._process.communicate()
        return self._process.returncode

    def load(self, path: Path | str) -> Answer:
        """Loads a path; a reader that dies or hangs is started anew, and its answer says so."""
        self._process.stdin.write(os.fsencode(path) + b"\n")
        line = b""
        while not line.endswith(b"\n"):
            if not select.select([self._process.stdout], [], [], ANSWER_SECONDS)[0]:
                self._end()
                self._start()
                return Answer("HUNG", "nothing")
            part = os.read(self._process.stdout.fileno(), 65536)
            if not part:
                code = self._process.wait()
                self._start()
                return Answer(f"CRASHED {code}", "nothing")
            line += part
        status, serves, memory, file, message = line.decode(errors="replace").rstrip("\n").split("\t")
        return Answer(status.removeprefix("VALUATION_"), serves, int(memory), file, message)


class Tools:
    """The programs of this folder, the models to try them with, and a directory to work in."""

    def __init__(self, toolchain: Toolchain, directory: Path) -> None:
        self.toolchain = toolchain
        self._made: dict[str, Program] = {}
        self.directory = directory
        self.first = self._models("first", MODELS)
        self.second = self._models("second", BETTER)
        self.before = write_models(directory / "before.jsonl", [model("9", intercept=-3.0)])

    def _models(self, name: str, documents: list[dict]) -> Path:
        """A directory of models in files of three kinds."""
        directory = self.directory / name
        directory.mkdir()
        write_models(directory / "click.jsonl.gz", [one for one in documents if one["target"] == "click"])
        conversions = [one for one in documents if one["target"] == "conversion"]
        write_models(directory / "conversion.jsonl", conversions[:-1])
        write_models(directory / "last.json", conversions[-1:])
        return directory

    def program(self, name: str, *more_libraries: str) -> Program:
        """A program of this folder, compiled once."""
        libraries = (*self.toolchain.package_flags("--libs"), *more_libraries) if more_libraries else None
        return self._compiled(name, ("-D_GNU_SOURCE", "-pthread"), libraries)

    def preload(self) -> Path:
        """The library that makes calls fail."""
        return self._compiled("faulty_calls", ("-shared", "-fPIC"), ("-ldl",)).path

    def _compiled(self, name: str, options: tuple[str, ...], libraries: tuple[str, ...] | None) -> Program:
        if name not in self._made:
            source = HERE / f"{name}.c"
            self._made[name] = self.toolchain.compile_source(source, options=options, libraries=libraries)
        return self._made[name]

    def reader(self, *known: Path, under: tuple[str, ...] = ()) -> Reader:
        """A reader that knows models, run `under` another program if one is given."""
        return Reader(self.program("reader"), self.before, *known, under=under)

    def act(self, *words: object, fault: tuple[int, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Performs one operation on releases, with a failing system call if one is given; see act.c."""
        environment = {}
        if fault is not None:
            environment = {"LD_PRELOAD": str(self.preload()), "FAULTY_CALL": str(fault[0]), "FAULT": fault[1]}
        return self.program("act").start(*words, environment=environment)

    def must(self, *words: object) -> str:
        """Performs one operation on releases that must succeed; returns the output before the status.

        Directories of releases have the standard secret, so that readers can load them beside other models.
        """
        if str(words[0]).startswith("publish") and not (root := Path(words[2])).exists():
            root.mkdir()
            (root / "SECRET").write_text(STANDARD_SECRET + "\n")
        finished = self.act(*words)
        assert finished.returncode == 0, f"{words}: {finished.stdout}{finished.stderr}"
        return finished.stdout.rsplit("\n", 2)[0]

    def folder(self, name: str) -> Path:
        """An empty directory of this name."""
        directory = self.directory / name
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        return directory


def status_of(finished: subprocess.CompletedProcess[str]) -> str:
    """The status that act.c printed, without "VALUATION_"; "KILLED" if it printed none."""
    lines = finished.stdout.splitlines()
    return lines[-1].split("\t")[0].removeprefix("VALUATION_") if lines else "KILLED"


def leftovers(root: Path) -> list[str]:
    """Files that do not belong in a directory of releases."""
    return sorted(str(path.relative_to(root)) for path in root.rglob(".*"))
