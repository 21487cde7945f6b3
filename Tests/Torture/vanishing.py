# SPDX-License-Identifier: Apache-2.0
"""Releases that vanish and come back during loads."""

from __future__ import annotations

import random
import shutil
import threading
import time
from pathlib import Path

from .campaign import Findings, Tools


def remove_and_restore(release: Path, kept: Path, has_ended: threading.Event, chance: random.Random) -> None:
    """Removes a release, whole or file by file, and restores it by a rename, as publishers and pruners do."""
    coming = release.with_name(".coming.tmp")
    while not has_ended.is_set():
        shutil.copytree(kept, coming)
        if chance.random() < 0.5:
            for file in sorted(release.iterdir(), key=lambda _: chance.random()):
                file.unlink()
                time.sleep(chance.random() * 1e-3)
            release.rmdir()
        else:
            shutil.rmtree(release)
        time.sleep(chance.random() * 1e-3)
        coming.rename(release)
        time.sleep(chance.random() * 3e-3)


def load_what_vanishes(tools: Tools, loads: int, seed: int = 1) -> Findings:
    """Load so often while releases come and go: each load is refused or gives the right values."""
    findings = Findings("Releases that vanish during loads")
    folder = tools.folder("vanishing")
    with tools.reader(tools.first) as reader:
        for way in ("publish", "publish-json"):
            root = folder / way
            tools.must(way, tools.first, root, "first")
            release, kept = root / "releases/first", folder / f"{way}-kept"
            shutil.copytree(release, kept)
            has_ended = threading.Event()
            arguments = (release, kept, has_ended, random.Random(seed))
            remover = threading.Thread(target=remove_and_restore, args=arguments)
            remover.start()
            for _ in range(loads // 2):
                answer = reader.load(root)
                findings.count("loads")
                findings.count("same values" if answer.status == "OK" else answer.status.removeprefix("ERROR_").lower())
                findings.expect(answer.is_sound(0), f"{way}: {answer}")
            has_ended.set()
            remover.join()
            answer = reader.load(root)
            findings.expect(answer.serves == "0", f"{way}: after the release is back, a load gives {answer}")
    return findings
