# SPDX-License-Identifier: Apache-2.0
"""One run at a time for a folder; a run that is refused learns who holds the lock."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from valuation_pipeline.files import write_json
from valuation_pipeline.workflow.errors import LockedError

#: In seconds: how long the children of a killed run may take to die; they hold its lock until then.
PATIENCE = 2.0


@contextmanager
def locked(folder: Path, what: str, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock of a folder, which the kernel releases when its process ends, however it ends.

    Parameters
    ----------
    folder : Path
        Created if it is missing. ``.lock`` in it is locked with flock(2), which on some network file systems binds only
        the processes of one machine; ``.lock.holder`` names the holder.
    what : str
        What the holder is doing, for the message to others.
    patience : float, optional
        How many seconds to wait for another holder.

    Raises
    ------
    LockedError
        If another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock", mode=0o644)
    holder = folder / ".lock.holder"
    try:
        lock.acquire(timeout=patience)
    except Timeout as error:
        raise LockedError(f"{folder}: {_told(holder)}; wait for its end, or stop it") from error
    try:
        since = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        write_json(holder, {"process": os.getpid(), "host": socket.gethostname(), "since": since, "what": what})
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _told(holder: Path) -> str:
    """Describe the holder of a lock, as far as it is known: the holder may just be writing that, or be gone."""
    try:
        known = json.loads(holder.read_text(encoding="utf-8"))
        return "process {process} on {host} has been at {what} since {since}".format_map(known)
    except (OSError, ValueError, KeyError):
        return "another process holds its lock"
