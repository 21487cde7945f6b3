# SPDX-License-Identifier: Apache-2.0
"""Full and broken disks, missing permissions, too many open files, interruptions: each call fails in turn."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .campaign import Findings, Reader, Tools, leftovers, status_of

FAULTS = {
    name: str(getattr(errno, name)) for name in ("ENOSPC", "EIO", "EACCES", "EMFILE", "EINTR")
} | {"short": "short"}  # fmt: skip


@dataclass(frozen=True)
class Deed:
    """An operation in a directory of releases `first` and `second`, whose LATEST names `first`."""

    name: str
    words: Callable[[Tools, Path], list[object]]
    #: What LATEST names once the operation is done.
    done: int


DEEDS = [
    Deed("publish", lambda tools, root: ["publish", tools.second, root, "third"], 1),
    Deed("select", lambda _tools, root: ["select", root, "second"], 1),
    Deed("prune", lambda _tools, root: ["prune", root, "1"], 0),
]


def sound_root(tools: Tools, folder: Path) -> Path:
    """A directory of releases to copy."""
    root = folder / "sound"
    tools.must("publish", tools.second, root, "second")
    tools.must("publish", tools.first, root, "first")
    return root


def fail_writers(tools: Tools, faults: list[str], step: int = 1) -> Findings:
    """Make every `step`th call of every writer fail in every way of `faults`."""
    findings = Findings("Writers whose calls fail")
    folder = tools.folder("failing-writers")
    sound = sound_root(tools, folder)
    with tools.reader(tools.first, tools.second) as reader:
        for deed in DEEDS:
            for fault in faults:
                number = 0
                while fail_writer(tools, sound, deed, (number, fault), reader, findings):
                    number += step
    return findings


def fail_writer(
    tools: Tools, sound: Path, deed: Deed, turn: tuple[int, str], reader: Reader, findings: Findings
) -> bool:
    """Makes one call fail. Returns whether there was such a call."""
    number, fault = turn
    root = sound.with_name("root")
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(sound, root)
    finished = tools.act(*deed.words(tools, root), fault=(number, FAULTS[fault]))
    if finished.stderr == "":
        return False
    status = status_of(finished)
    call = finished.stderr.strip()
    when = f"{deed.name}, call {number} ({call}) fails with {fault}: {finished.stdout.strip()}"
    findings.count("calls that failed")
    findings.count(f"{deed.name}: {status}")
    findings.expect(finished.returncode in (0, 1), f"{when}: ended with {finished.returncode}")
    has_reason = status == "OK" or len(finished.stdout.split("\t")[2].strip()) > 10
    findings.expect(has_reason, f"{when}: no reason")
    answer = reader.load(root)
    if status == "OK":
        findings.expect(answer.serves == str(deed.done), f"{when}: loading LATEST gives {answer}")
    elif "LATEST was replaced" in finished.stdout:
        findings.count(f"{deed.name}: refused, and says that LATEST was replaced")
        findings.expect(answer.serves == str(deed.done), f"{when}: loading LATEST gives {answer}")
    else:
        findings.expect(answer.serves == "0", f"{when}: loading LATEST gives {answer}")
    repeated = tools.act(*deed.words(tools, root))
    # The operation may have succeeded before its last call failed.
    is_done = repeated.returncode == 0 or (answer.serves == str(deed.done) and deed.done != 0)
    findings.expect(is_done, f"{when}: the repeated operation says {repeated.stdout}")
    finished = tools.act("publish", tools.second, root, "-")
    findings.expect(finished.returncode == 0, f"{when}: the next publish says {finished.stdout}")
    findings.expect(leftovers(root) == [], f"{when}: the next publish leaves {leftovers(root)} behind")
    return True


def fail_first_publishers(tools: Tools, faults: list[str], step: int = 1) -> Findings:
    """Make a directory's first publisher fail; the next one uses the secret that was written, or draws another."""
    findings = Findings("First publishers whose calls fail")
    root = tools.folder("failing-first") / "root"
    values = tools.must("load", tools.second)
    for fault in faults:
        number = 0
        while True:
            shutil.rmtree(root, ignore_errors=True)
            finished = tools.act("publish", tools.second, root, "first", fault=(number, FAULTS[fault]))
            if finished.stderr == "":
                break
            when = f"the first publish, call {number} ({finished.stderr.strip()}) fails with {fault}"
            findings.count("calls that failed")
            findings.count(status_of(finished))
            findings.expect(finished.returncode in (0, 1), f"{when}: ended with {finished.returncode}")
            secret = root / "SECRET"
            before = secret.read_text() if secret.exists() else None
            again = tools.act("publish", tools.second, root, "-")
            findings.expect(again.returncode == 0, f"{when}: the next publish says {again.stdout}")
            findings.expect(before in (None, secret.read_text()), f"{when}: the secret was replaced")
            findings.expect(leftovers(root) == [], f"{when}: the next publish leaves {leftovers(root)} behind")
            findings.expect(tools.must("load", root) == values, f"{when}: the next publish gives other values")
            number += step
    return findings


def fail_compilers(tools: Tools, faults: list[str], step: int = 1) -> Findings:
    """Make calls of a compiler fail; the existing file stays or is replaced as a whole."""
    findings = Findings("Compilers whose calls fail")
    folder = tools.folder("failing-compilers")
    compiled = folder / "models.valuation"
    with tools.reader(tools.first, tools.second) as reader:
        for fault in faults:
            number = 0
            while True:
                tools.must("compile", tools.first, compiled)
                finished = tools.act("compile", tools.second, compiled, fault=(number, FAULTS[fault]))
                if finished.stderr == "":
                    break
                when = f"compile, call {number} ({finished.stderr.strip()}) fails with {fault}"
                findings.count("calls that failed")
                findings.count(status_of(finished))
                answer = reader.load(compiled)
                is_done = finished.returncode == 0
                findings.expect(not is_done or answer.serves == "1", f"{when}: OK, but the file gives {answer}")
                findings.expect(answer.serves in ("0", "1"), f"{when}: the file gives {answer}")
                tools.must("compile", tools.second, compiled)
                findings.expect(leftovers(folder) == [], f"{when}: {leftovers(folder)} is left")
                number += step
    return findings


def fail_readers(tools: Tools, faults: list[str], step: int = 1) -> Findings:
    """Make calls of loads fail; each load is refused or gives the right values."""
    findings = Findings("Loads whose calls fail")
    folder = tools.folder("failing-readers")
    tools.must("publish", tools.first, folder / "compiled", "first")
    tools.must("publish-json", tools.first, folder / "json", "first")
    tools.must("compile", tools.first, folder / "first.valuation")
    values = tools.must("load", tools.first)
    for path in (folder / "compiled", folder / "json", folder / "first.valuation", tools.first):
        findings.expect(tools.must("load", path) == values, f"{path.name} gives other values")
        for fault in faults:
            number = 0
            while True:
                finished = tools.act("load", path, fault=(number, FAULTS[fault]))
                if finished.stderr == "":
                    break
                status = status_of(finished)
                findings.count("calls that failed")
                findings.count(status)
                is_right = finished.returncode == 1 or finished.stdout.startswith(values)
                findings.expect(
                    finished.returncode in (0, 1) and is_right,
                    f"load of {path.name}, call {number} ({finished.stderr.strip()}) fails with {fault}: {status}",
                )
                number += step
    return findings
