# SPDX-License-Identifier: Apache-2.0
"""Fits are the same on every run, also side by side in threads, and can be stopped."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from solver.problems import Kind, make
from valuation_pipeline.solver import FitStopped, Stop, fit_path

#: A problem of some size.
LARGE = """
import resource
import numpy as np
from valuation_pipeline.solver import Problem, fit_path

random = np.random.default_rng(0)
n, k, p = 300_000, 30, 3_000
problem = Problem(k * np.arange(n + 1), random.integers(0, p, n * k), p, (random.random(n) < 0.3) * 1.0)
"""


def test_every_run_gives_the_same_bits() -> None:
    problems = [make(Kind(seed, rows=400, numbers=2, has_weights=True, has_offset=True)) for seed in range(16)]

    def fit(index: int) -> bytes:
        path = fit_path(problems[index], ratios=[0.5, 0.1, 0.01])
        return path.coefficients.tobytes() + path.intercepts.tobytes() + path.objective.tobytes()

    in_turn = [fit(index) for index in range(16)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(fit, range(16))) == in_turn
        # Also with the same problem in all threads at once.
        assert list(pool.map(fit, [0] * 16)) == [in_turn[0]] * 16


def test_a_path_ends_when_the_caller_says_so() -> None:
    problem = make(Kind(1))
    whole = fit_path(problem, ratios=[0.5, 0.1, 0.01])
    seen = []

    def proceed(penalty: float, intercept: float, coefficients: np.ndarray) -> bool:
        seen.append((penalty, intercept, coefficients.copy()))
        return len(seen) < 2

    path = fit_path(problem, ratios=[0.5, 0.1, 0.01], proceed=proceed)
    assert path.penalties.tolist() == whole.penalties[:2].tolist() == [penalty for penalty, _, _ in seen]
    assert path.intercepts.tolist() == whole.intercepts[:2].tolist() == [intercept for _, intercept, _ in seen]
    assert path.coefficients.tobytes() == whole.coefficients[:2].tobytes() == b"".join(c.tobytes() for *_, c in seen)


def test_an_exception_of_the_callers_function_is_passed_on() -> None:
    def proceed(*_: object) -> bool:
        raise ZeroDivisionError("theirs")

    with pytest.raises(ZeroDivisionError, match="theirs"):
        fit_path(make(Kind(1)), ratios=[0.5, 0.1], proceed=proceed)


def test_a_stop_ends_a_fit_in_the_main_thread_and_in_others() -> None:
    problem = make(Kind(1))
    stop = Stop()
    reached = threading.Event()

    def proceed(*_: object) -> bool:
        reached.set()
        stop.set()
        return True

    with pytest.raises(FitStopped):
        fit_path(problem, ratios=[0.5, 0.1], stop=stop, proceed=proceed)
    assert reached.is_set()
    with ThreadPoolExecutor(1) as pool, pytest.raises(FitStopped):
        pool.submit(fit_path, problem, ratios=[0.5], stop=stop).result()


def run(code: str, interrupt: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; once it has written a line, send it the signal of Ctrl-C."""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    if interrupt:
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=300)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def test_ctrl_c_ends_a_fit() -> None:
    # The path has more penalties than a day suffices for.
    finished = run(
        LARGE
        + """
def proceed(*_):
    print("begun", flush=True)
    return True
fit_path(problem, ratios=np.linspace(0.5, 1e-4, 100_000), tolerance=1e-14, proceed=proceed)
""",
        interrupt=True,
    )
    assert finished.returncode != 0
    assert "KeyboardInterrupt" in finished.stderr


def test_without_memory_there_is_an_error_and_the_process_goes_on() -> None:
    finished = run(
        LARGE
        + """
taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
_, hard = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (taken + 30_000_000, hard))
try:
    fit_path(problem, ratios=[0.9])
except MemoryError as reason:
    print(reason)
resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
print(fit_path(problem, ratios=[0.9]).converged)
"""
    )
    assert finished.stdout == "Out of memory; nothing was kept.\n[ True]\n", finished.stderr
