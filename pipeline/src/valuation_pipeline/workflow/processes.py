# SPDX-License-Identifier: Apache-2.0
"""How the processes of a run end: children with their parents, and in good order when they are asked to."""

from __future__ import annotations

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1


class TerminatedError(KeyboardInterrupt):
    """The process was asked to end by SIGTERM, as systemd and containers do."""


def end_in_order_when_terminated() -> None:
    """Have SIGTERM end this process as Ctrl-C does, by TerminatedError; its children still die of it at once."""

    def end(number: int, frame: object) -> None:
        raise TerminatedError

    signal.signal(signal.SIGTERM, end)
    os.register_at_fork(after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))


def let_children_die_with_their_parents() -> None:
    """Make the kernel kill every process that is forked from now on when its parent ends (prctl(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    parent = 0

    def remember() -> None:
        nonlocal parent
        parent = os.getpid()

    def follow() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it was gone before that
            os.kill(os.getpid(), signal.SIGKILL)

    os.register_at_fork(before=remember, after_in_child=follow)
