# SPDX-License-Identifier: Apache-2.0
"""Writers that work in one directory of releases at the same time."""

from __future__ import annotations

import threading

from .campaign import Findings, Tools, leftovers, status_of

FIRST, SECOND = "0", "1"


def run_rivals(tools: Tools, rounds: int) -> Findings:
    """Publish, select and prune at once, each so often: all succeed or get BUSY, and readers see sound releases."""
    findings = Findings("Writers in each other's way")
    root = tools.folder("rivals") / "models"
    tools.must("publish", tools.first, root, "kept")
    deeds = [
        ("publish", tools.first, root, "-"),
        ("publish-json", tools.second, root, "-"),
        ("prune", root, "3"),
        ("select", root, "kept"),
    ]
    lock = threading.Lock()

    def repeat(deed: tuple[object, ...]) -> None:
        for _ in range(rounds):
            finished = tools.act(*deed)
            status = status_of(finished)
            with lock:
                findings.count(f"{deed[0]}: {status.lower()}")
                # The release to select may have been pruned.
                is_pruned = deed[0] == "select" and status == "ERROR_UNKNOWN_RELEASE"
                findings.expect(status in ("OK", "ERROR_BUSY") or is_pruned, f"{deed[0]}: {finished.stdout}")

    threads = [threading.Thread(target=repeat, args=(deed,)) for deed in deeds]
    tools.program("act")
    for thread in threads:
        thread.start()
    with tools.reader(tools.first, tools.second) as reader:
        while any(thread.is_alive() for thread in threads):
            answer = reader.load(root)
            findings.count("loads")
            # The release that LATEST named may have been pruned before the reader opened it.
            is_late = answer.is_refusal and answer.status in ("ERROR_UNKNOWN_RELEASE", "ERROR_FILE_NOT_FOUND")
            findings.expect(answer.serves in (FIRST, SECOND) or is_late, f"a reader meets {answer}")
        for thread in threads:
            thread.join()
        answer = reader.load(root)
        findings.expect(answer.serves in (FIRST, SECOND), f"at the end: {answer}")
    findings.expect(leftovers(root) == [], f"{leftovers(root)} is left behind")
    return findings
