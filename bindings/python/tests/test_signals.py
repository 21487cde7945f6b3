# SPDX-License-Identifier: Apache-2.0
"""A signal handler that raises, such as an alarm that bounds a request, leaves everything usable."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

from conftest import REQUEST
from valuation import Batch, Candidates, Engine, Features, Scorer, list_releases


class InterruptedCallError(Exception):
    """What the signal handler raises."""


#: Makes a signal pending, as if it had just arrived. It is a C function with a trace function's parameters, so CPython
#: handles the signal in the traced code, the next time it handles any.
set_interrupt = ctypes.PYFUNCTYPE(None, ctypes.py_object, ctypes.py_object, ctypes.py_object)(
    ("PyErr_SetInterrupt", ctypes.pythonapi)
)


@pytest.fixture
def _interrupts_raise() -> Iterator[None]:
    def handle(*_: object) -> None:
        sys.settrace(None)
        raise InterruptedCallError

    before = signal.signal(signal.SIGINT, handle)
    yield
    signal.signal(signal.SIGINT, before)


def interrupted(call: Callable[[], Any], moment: int) -> bool:
    """Make a call and send a signal after so many of its bytecodes; return whether it was interrupted."""
    left = moment

    def trace(frame: FrameType, *_: object) -> Any:
        nonlocal left
        frame.f_trace_opcodes = True
        left -= 1
        return trace if left >= 0 else set_interrupt

    try:
        try:
            sys.settrace(trace)
            call()
        finally:
            sys.settrace(None)
    except InterruptedCallError:
        return True
    return False


def interrupt_everywhere(call: Callable[[], Any], check: Callable[[], None]) -> int:
    """Interrupt a call after each of its bytecodes, and check each time; return the number of interruptions."""
    moment = 0
    while interrupted(call, moment):
        check()
        moment += 1
    return moment


CALLS: dict[str, Callable[[Scorer, Batch], Any]] = {
    "score": lambda scorer, _: scorer.score(REQUEST),
    "score_batch": lambda scorer, batch: scorer.score_batch(batch),
    "explore": lambda scorer, batch: scorer.explore(batch),
    "rank": lambda scorer, batch: scorer.rank(batch, 1)[:2],
}


@pytest.mark.usefixtures("_interrupts_raise")
@pytest.mark.parametrize("name", CALLS)
def test_a_scorer_is_free_again_wherever_a_call_was_interrupted(engine: Engine, name: str) -> None:
    call = CALLS[name]
    ads = Candidates([engine.campaign_key("1042")], "cpc", 0.5).take(np.zeros(2, np.intp))
    batch = Batch(Features.from_columns(engine, {"slot": ["12"]}), ads, [0, 2])
    with engine.scorer() as scorer:
        expected = str(call(scorer, batch))

        def check() -> None:
            assert str(call(scorer, batch)) == expected

        assert interrupt_everywhere(lambda: call(scorer, batch), check) > 50


@pytest.mark.usefixtures("_interrupts_raise")
def test_an_engine_is_usable_wherever_a_threads_first_call_was_interrupted(models_path: Path) -> None:
    with Engine() as engine:
        engine.load(models_path)
        expected = engine.score(REQUEST)

        def check() -> None:
            assert engine.score(REQUEST) == expected
            del engine._of_thread.scorer

        check()
        assert interrupt_everywhere(lambda: engine.score(REQUEST), check) > 100


@pytest.mark.usefixtures("_interrupts_raise")
def test_interrupted_reports_are_read_again(releases: Path) -> None:
    expected = list_releases(releases)

    def check() -> None:
        assert list_releases(releases) == expected

    assert interrupt_everywhere(lambda: list_releases(releases), check) > 50


def test_thousands_of_alarms_leave_each_request_answered(models_path: Path) -> None:
    # About half of the requests are interrupted, however fast the machine. An uninterrupted one follows each.
    program = """
import random, signal, sys, valuation
class Timeout(Exception): pass
def handle(*_):
    global is_bounded
    if is_bounded:  # else the alarm comes late, as it may on a busy machine
        is_bounded = False
        raise Timeout
signal.signal(signal.SIGALRM, handle)
engine = valuation.Engine()
engine.load(sys.argv[1])
request = b'{"features":{"slot":"12"},"candidates":[{"campaign":"1042","pricing":"cpc","bid":1}]}'
expected = engine.score(request)
chance, most, timeouts = random.Random(1), 1e-5, 0
while timeouts < 3000:
    is_bounded = True
    try:
        signal.setitimer(signal.ITIMER_REAL, chance.uniform(1e-6, most))
        engine.score(request)
        most = max(most * 0.9, 1e-5)
    except Timeout:
        timeouts += 1
        most = min(most * 1.1, 1.0)
    is_bounded = False
    assert engine.score(request) == expected
print(timeouts)
"""
    result = subprocess.run([sys.executable, "-c", program, models_path], check=False, capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ("3000\n", "")
