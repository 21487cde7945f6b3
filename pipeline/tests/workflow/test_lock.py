# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from valuation_pipeline.workflow.errors import LockedError
from valuation_pipeline.workflow.lock import locked

HOLDER = """
import sys, time
from pathlib import Path
from valuation_pipeline.workflow.lock import locked
with locked(Path(sys.argv[1]), "2026-11-29"):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(folder: Path) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_second_process_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    with hold(tmp_path / "day") as holder:
        with pytest.raises(LockedError) as refused, locked(tmp_path / "day", "2026-11-29", patience=0):
            pass
        holder.communicate()
    told = str(refused.value)
    assert told.startswith(
        f"{tmp_path}/day: process {holder.pid} on {socket.gethostname()} has been at 2026-11-29 since 20"
    )
    assert refused.value.exit_code == 5


def test_a_released_lock_can_be_taken(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path, "2026-11-29", patience=0):
            assert (tmp_path / ".lock.holder").exists()
        assert not (tmp_path / ".lock.holder").exists()


def test_the_lock_of_a_killed_process_does_not_block(tmp_path: Path) -> None:
    with hold(tmp_path) as holder:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        assert (tmp_path / ".lock.holder").exists()
        with locked(tmp_path, "2026-11-29", patience=0):
            assert str(os.getpid()) in (tmp_path / ".lock.holder").read_text()


def test_a_waiting_process_gets_the_lock_when_the_holder_ends(tmp_path: Path) -> None:
    with hold(tmp_path) as holder:
        assert holder.stdin is not None
        holder.stdin.close()
        with locked(tmp_path, "2026-11-29", patience=60):
            pass
