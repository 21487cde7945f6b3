# SPDX-License-Identifier: Apache-2.0
"""Compiles C programs against the shipped library, and counts their instructions with valgrind's callgrind."""

import os
import re
import subprocess
from pathlib import Path

from .conftest import REPOSITORY

#: Seconds after which a program counts as hung, even on a busy machine.
SECONDS = 900


class Programs:
    """Compiles C programs against the shipped library, and counts the instructions of one of its functions."""

    def __init__(self, library: Path, directory: Path) -> None:
        self._library, self._directory = library, directory

    def output(self, source: Path, *arguments: object) -> str:
        """The program's output."""
        return self._run([], source, arguments)

    def count(self, function: str, source: Path, *arguments: object, options: tuple[str, ...] = ()) -> int:
        """The instructions of all calls of `function` and what it calls, over the program's run."""
        counts = self._directory / f"{source.stem}.callgrind"
        self._run([*callgrind(function, counts), *options], source, arguments)
        total = totals(counts)
        assert total, f"callgrind counted nothing in {function}"
        return total

    def count_between(self, function: str, mark: str, source: Path, *arguments: object) -> list[int]:
        """The instructions of `function` up to the first call of `mark`, from there to the next, and so on."""
        counts = self._directory / f"{source.stem}.parts"
        for former in self._directory.glob(f"{counts.name}*"):
            former.unlink()
        self._run([*callgrind(function, counts), f"--dump-before={mark}"], source, arguments)
        numbered = sorted(self._directory.glob(f"{counts.name}.*"), key=lambda path: int(path.suffix[1:]))
        return [totals(path) for path in [*numbered, counts]]

    def _run(self, valgrind: list[str], source: Path, arguments: tuple[object, ...]) -> str:
        program = self._directory / source.stem
        command = ["gcc", "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", f"-I{REPOSITORY / 'build' / 'include'}"]
        # The program's own functions replace those that the library calls. Some programs read requests with jansson.
        command += ["-rdynamic", "-o", str(program), str(source), str(self._library), "-ljansson"]
        subprocess.run(command, check=True, timeout=SECONDS)
        finished = subprocess.run(
            [*valgrind, str(program), *map(str, arguments)],
            env=os.environ | {"LD_LIBRARY_PATH": str(self._library.parent)},
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout


def compiled(models: Path) -> Path:
    """The models in a compiled file, which loads quickest: loading takes most of the time under valgrind."""
    path = models.with_suffix(".valuation")
    command = REPOSITORY / "build" / "bin" / "valuation"
    subprocess.run([command, "compile", "--output", path, models], check=True, capture_output=True, timeout=SECONDS)
    return path


def callgrind(function: str, counts: Path) -> list[str]:
    """The command that counts a function's instructions and writes them to a file."""
    return ["valgrind", "--tool=callgrind", f"--callgrind-out-file={counts}", f"--toggle-collect={function}"]


def totals(counts: Path) -> int:
    """The totals in callgrind's output file."""
    total = re.search(r"^totals: (\d+)$", counts.read_text(encoding="utf-8"), re.MULTILINE)
    return int(total[1]) if total else 0
