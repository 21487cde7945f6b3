# SPDX-License-Identifier: Apache-2.0
"""Writers that are killed: at each call by which they read or change files, and at any moment."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

from ABI.model_files import many_models, write_models

from .campaign import Findings, Reader, Tools, leftovers

FIRST, SECOND = 0, 1


def check_readers(root: Path, reader: Reader, findings: Findings, *sound: int, when: str) -> int:
    """Expect readers to see whole releases, and under LATEST one of `sound`. Returns which one LATEST names."""
    answer = reader.load(root)
    found = answer.status == "OK" and answer.serves in map(str, sound)
    findings.expect(found, f"{when}: loading LATEST gives {answer}")
    for release in (root / "releases").iterdir():
        if release.name.startswith("."):
            continue
        whole = reader.load(release)
        findings.expect(whole.serves in ("0", "1"), f"{when}: {release.name} is not whole: {whole}")
    return int(answer.serves) if found else -1


def check_next(tools: Tools, root: Path, reader: Reader, findings: Findings, when: str, is_pruned: bool) -> None:
    """Expect the next pruner or publisher to remove the leftovers, and publishing to succeed."""
    if is_pruned:
        finished = tools.act("prune", root, "9")
        findings.expect(finished.returncode == 0, f"{when}: the next prune says {finished.stdout}")
        findings.expect(leftovers(root) == [], f"{when}: the next prune leaves {leftovers(root)} behind")
    finished = tools.act("publish", tools.second, root, "-")
    findings.expect(finished.returncode == 0, f"{when}: the next publish says {finished.stdout}")
    answer = reader.load(root)
    findings.expect(answer.serves == str(SECOND), f"{when}: after the next publish, loading LATEST gives {answer}")
    findings.expect(leftovers(root) == [], f"{when}: the next publish leaves {leftovers(root)} behind")


def kill_at_each_call(tools: Tools, step: int = 1) -> Findings:
    """Kill publishers at every `step`th call, until one gets through."""
    findings = Findings("Publishers killed at each system call")
    sound = tools.folder("killed-at-calls") / "sound"
    tools.must("publish", tools.first, sound, "first")
    with tools.reader(tools.first, tools.second) as reader:
        number = 0
        while True:
            root = sound.with_name(f"root-{number}")
            shutil.copytree(sound, root)
            finished = tools.act("publish", tools.second, root, "second", fault=(number, "kill"))
            if finished.returncode == 0:
                break
            findings.expect(finished.returncode == -signal.SIGKILL, f"call {number}: {finished}")
            findings.count("killed")
            when = f"killed at call {number}, {finished.stderr.strip()}"
            seen = check_readers(root, reader, findings, FIRST, SECOND, when=when)
            findings.count("readers saw the old release" if seen == FIRST else "readers saw the new release")
            check_next(tools, root, reader, findings, when, is_pruned=number // step % 2 == 1)
            shutil.rmtree(root)
            number += step
    return findings


def kill_at_any_moment(tools: Tools, count: int, seed: int = 1) -> Findings:
    """Kill `count` publishers of larger models, at moments spread over the duration of one publication."""
    findings = Findings("Publishers killed at any moment")
    folder = tools.folder("killed")
    larger = write_models(folder / "models.jsonl", many_models(extend=True))
    sound = folder / "sound"
    tools.must("publish", tools.first, sound, "first")
    duration = min(time_of_publishing(tools, larger, folder / f"measured-{number}") for number in range(3))
    chance = random.Random(seed)
    program = tools.program("act")
    with tools.reader(tools.first, larger) as reader, tools.reader(tools.first, tools.second) as next_reader:
        while findings.figures.get("killed", 0) < count:
            root = folder / "root"
            shutil.copytree(sound, root)
            process = subprocess.Popen(
                [program.path, "publish", larger, root, "second"], env=program.environment, stdout=subprocess.DEVNULL
            )
            moment = chance.random() * duration
            time.sleep(moment)
            process.kill()
            was_killed = process.wait() != 0
            findings.count("killed" if was_killed else "had ended before")
            when = f"killed after {1000 * moment:.1f} of {1000 * duration:.0f} ms"
            sound_ones = (FIRST, SECOND) if was_killed else (SECOND,)
            seen = check_readers(root, reader, findings, *sound_ones, when=when)
            findings.count("readers saw the old release" if seen == FIRST else "readers saw the new release")
            shutil.rmtree(root / "releases" / "second", ignore_errors=True)
            check_next(tools, root, next_reader, findings, when, is_pruned=chance.random() < 0.5)
            shutil.rmtree(root)
    return findings


def time_of_publishing(tools: Tools, models: Path, root: Path) -> float:
    """The seconds that a publication takes."""
    start = time.monotonic()
    tools.must("publish", models, root, "-")
    return time.monotonic() - start
