# SPDX-License-Identifier: Apache-2.0
"""Pulls that are killed, or whose calls fail, at each call by which they or curl read or change files."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
from pathlib import Path

from .campaign import Findings, Reader, Tools
from .failing_calls import FAULTS
from .killed_writer import FIRST, SECOND, check_readers

#: After so many pulls in turn to which nothing happened, there is no further call.
UNTOUCHED = 4
SECONDS = 900


def break_pulls(tools: Tools, faults: list[str]) -> Findings:
    """Break each call in every way of `faults`, and expect the next pull to complete the release."""
    findings = Findings("Pulls whose calls fail, or that are killed at them")
    folder = tools.folder("broken-pulls")
    tools.must("publish", tools.first, folder / "sound", "first")
    tools.must("publish", tools.second, folder / "store", "second")
    with tools.reader(tools.first, tools.second) as reader:
        for fault in faults:
            number = untouched = 0
            while untouched < UNTOUCHED:
                is_broken = break_pull(tools, folder, (number, FAULTS.get(fault, fault)), reader, findings)
                untouched = 0 if is_broken else untouched + 1
                number += 1
    return findings


def break_pull(tools: Tools, folder: Path, turn: tuple[int, str], reader: Reader, findings: Findings) -> bool:
    """Breaks one call of a pull, and of its curl. Returns whether there was such a call."""
    root = folder / "root"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(folder / "sound", root)
    number, fault = turn
    finished = pull(tools, folder, {"LD_PRELOAD": str(tools.preload()), "FAULTY_CALL": str(number), "FAULT": fault})
    when = f"{fault} at call {number}, {finished.returncode}: {finished.stderr.strip()}"
    findings.expect(finished.returncode in (0, 2, -signal.SIGKILL), when)
    findings.count({0: "completed", 2: "failed with a reason"}.get(finished.returncode, "killed"))
    seen = check_readers(root, reader, findings, FIRST, SECOND, when=when)
    findings.expect(finished.returncode != 0 or seen == SECOND, f"{when}: LATEST was not replaced")
    findings.count("readers saw the old release" if seen == FIRST else "readers saw the new release")
    wait_for_curl(root)
    again = pull(tools, folder, {})
    findings.expect(again.returncode == 0, f"{when}: the next pull says {again.stderr}")
    findings.expect(reader.load(root).serves == str(SECOND), f"{when}: the next pull does not complete the release")
    left = [path.name for path in root.glob(".pull/releases/*")]
    findings.expect(left == [], f"{when}: the next pull leaves {left} behind")
    return finished.stderr != "" or finished.returncode != 0


def pull(tools: Tools, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Pulls from one directory into another."""
    command = [tools.toolchain.prefix / "bin/valuation", "pull", f"file://{folder}/store", folder / "root"]
    environment = tools.toolchain.environment | {"SWIFT_BACKTRACE": "enable=no"} | environment
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False
    )


def wait_for_curl(root: Path) -> None:
    """Waits until a curl that outlived its pull has ended."""
    if not (root / ".pull").exists():
        return
    descriptor = os.open(root / ".pull", os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.close(descriptor)
