# SPDX-License-Identifier: Apache-2.0
"""Threads may share engines but not scorers, and closing is safe in any order."""

from __future__ import annotations

import contextlib
import gc
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reference
from conftest import CLICK, EVERYBODY
from valuation import Batch, Candidates, Engine, Features, Scorer, select_release
from valuation.answers import Value

REQUEST = {
    "features": {"slot": "12", "segments": ["sports"]},
    "candidates": [{"campaign": campaign, "pricing": "cpc", "bid": 0.5} for campaign in ("1042", "2000", "*")],
}


#: How often to try something until it happens.
MANY = 1000


def long_batch(engine: Engine) -> Batch:
    """Return work that keeps a thread inside the library for a while."""
    creative = Features.from_columns(engine, {"creative": ["55"]})
    ads = Candidates([engine.campaign_key("1042")], "cpc", 0.5, creative)
    requests = Features.from_columns(engine, {"slot": ["12"], "segments": [["sports", "travel"]]})
    return Batch(requests, ads.take(np.zeros(3_000_000, np.intp)), [0, 3_000_000])


def in_threads(count: int, work: Callable[[], Any]) -> list[Any]:
    """Start ``work`` in so many threads at the same moment; return what each returned."""
    start = threading.Barrier(count)

    def begin() -> Any:
        start.wait()
        return work()

    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(begin) for _ in range(count)]]


def answers_seen_during(change: Callable[[], None], engine: Engine, answers: list[list[Value]]) -> set[int]:
    """Score while the models change 30 times, or until each of the answers has occurred; return those seen."""
    seen: set[int] = set()
    done = threading.Event()

    def score() -> None:
        while not done.is_set():
            seen.add(answers.index(engine.score(REQUEST)["values"]))

    with ThreadPoolExecutor(2) as pool:
        scoring = [pool.submit(score) for _ in range(2)]
        try:
            changes = 0
            while changes < 30 or (len(seen) < len(answers) and changes < MANY):
                change()
                changes += 1
        finally:
            done.set()
        for future in scoring:
            future.result()
    return seen


def test_threads_that_share_an_engine_get_the_same_bits(engine: Engine) -> None:
    batch = long_batch(engine)
    expected_answer, expected_values = engine.score(REQUEST), engine.score_batch(batch)

    def work() -> bool:
        same = all(engine.score(REQUEST) == expected_answer for _ in range(200))
        return same and engine.score_batch(batch).tobytes() == expected_values.tobytes()

    assert in_threads(4, work) == [True] * 4


def test_python_runs_while_the_library_scores(engine: Engine) -> None:
    batch = long_batch(engine)
    entered, ran = threading.Event(), threading.Event()
    calls = 0

    def work() -> None:
        nonlocal calls
        entered.set()
        while not ran.is_set() and calls < MANY:
            engine.score_batch(batch)
            calls += 1

    thread = threading.Thread(target=work)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)  # from here on a thread yields only when it waits or is inside C
    try:
        thread.start()
        entered.wait()
        ran.set()
        thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert calls < MANY


def test_scoring_goes_on_while_models_are_loaded(engine: Engine, models_path: Path, tmp_path: Path) -> None:
    other = reference.write(tmp_path / "other.jsonl", CLICK | {"intercept": 0.5}, EVERYBODY)
    answers = []
    for path in (models_path, other):
        engine.load(path)
        answers.append(engine.score(REQUEST)["values"])

    def load() -> None:
        for path in (models_path, other):
            engine.load(path)

    assert answers_seen_during(load, engine, answers) == {0, 1}


def test_scoring_goes_on_while_releases_are_followed_and_rolled_back(releases: Path, follower: Engine) -> None:
    answers = [follower.score(REQUEST)["values"]]
    select_release(releases, "monday")
    assert follower.refresh()
    answers.append(follower.score(REQUEST)["values"])

    def switch() -> None:
        for id_ in ("tuesday", "monday"):
            select_release(releases, id_)
            follower.refresh()
            follower.roll_back()

    assert answers_seen_during(switch, follower, answers) == {0, 1}


def test_a_scorer_in_use_refuses_a_second_thread_and_goes_on(engine: Engine) -> None:
    batch = long_batch(engine)
    with engine.scorer() as scorer:
        expected = scorer.score_batch(batch).tobytes()
        refused = threading.Event()
        results: list[bytes] = []

        def work() -> None:
            while not refused.is_set() or not results:
                with contextlib.suppress(RuntimeError):  # the other thread may be the one inside
                    results.append(scorer.score_batch(batch).tobytes())

        def score_until_refused() -> None:
            while True:
                assert scorer.score(REQUEST) == engine.score(REQUEST)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            with pytest.raises(RuntimeError, match="used by another thread; make one Scorer per thread"):
                score_until_refused()
        finally:
            refused.set()
            thread.join()
        assert set(results) == {expected}
        assert scorer.score_batch(batch).tobytes() == expected


def test_a_scorer_may_move_from_thread_to_thread(engine: Engine) -> None:
    with engine.scorer() as scorer:
        expected = scorer.score(REQUEST)
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(scorer.score, REQUEST).result() == expected


def test_a_threads_scorer_is_freed_when_the_thread_ends(engine: Engine) -> None:
    in_threads(8, lambda: engine.score(REQUEST))
    gc.collect()
    assert len(engine._scorers) == 0
    engine.score(REQUEST)
    engine.score(REQUEST)
    assert len(engine._scorers) == 1


def test_closed_objects_say_so(models_path: Path) -> None:
    engine = Engine()
    engine.load(models_path)
    engine.score(REQUEST)
    scorer = engine.scorer()
    scorer.close()
    engine.close()
    assert engine.closed
    assert scorer.closed
    for call in (
        lambda: engine.score(REQUEST),
        lambda: engine.describe(),
        lambda: engine.load(models_path),
        lambda: engine.refresh(),
        lambda: engine.roll_back(),
        lambda: engine.scorer(),
        lambda: Scorer(engine),
    ):
        with pytest.raises(RuntimeError, match="this Engine is closed"):
            call()
    with pytest.raises(RuntimeError, match="this Scorer is closed"):
        scorer.score(REQUEST)
    engine.close()
    scorer.close()


def test_closing_an_engine_frees_the_scorers_of_all_its_threads(engine: Engine) -> None:
    start, end = threading.Barrier(3), threading.Event()

    def work() -> None:
        engine.score(REQUEST)
        start.wait()
        end.wait()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    start.wait()
    scorers = list(engine._scorers.values())
    engine.close()
    end.set()
    for thread in threads:
        thread.join()
    assert [scorer.closed for scorer in scorers] == [True, True]


def test_a_scorer_outlives_its_engine(models_path: Path) -> None:
    engine = Engine()
    engine.load(models_path)
    scorer = engine.scorer()
    expected = scorer.score(REQUEST)
    engine.close()
    del engine
    gc.collect()
    assert scorer.score(REQUEST) == expected
    scorer.close()


def test_closing_lets_calls_under_way_finish(engine: Engine, models_path: Path) -> None:
    batch = long_batch(engine)
    for _ in range(3):
        engine = Engine()
        engine.load(models_path)
        scorer = engine.scorer()
        expected = engine.score_batch(batch).tobytes()
        results: list[bytes] = []

        def work(caller: Engine | Scorer, results: list[bytes] = results) -> None:
            try:
                while True:
                    results.append(caller.score_batch(batch).tobytes())
            except RuntimeError as refusal:
                assert "is closed" in str(refusal)  # noqa: PT017

        threads = [threading.Thread(target=work, args=(caller,)) for caller in (engine, engine, scorer)]
        for thread in threads:
            thread.start()
        while len(results) < 3:
            time.sleep(0.001)
        engine.close()
        scorer.close()
        for thread in threads:
            thread.join()
        assert set(results) == {expected}


def test_engines_do_not_know_of_each_other(engine: Engine, tmp_path: Path) -> None:
    expected = engine.score(REQUEST)
    with Engine() as other:
        other.load(reference.write(tmp_path / "other.json", CLICK | {"extends": None, "intercept": 3.0}))
        assert other.score(REQUEST) != expected
    assert engine.score(REQUEST) == expected


def test_memory_does_not_grow_with_engines_threads_and_loads(models_path: Path) -> None:
    program = """
import gc, resource, sys, threading, valuation
def once():
    with valuation.Engine() as engine:
        engine.load(sys.argv[1])
        threads = [threading.Thread(target=engine.score, args=({"features": {}, "candidates": []},)) for _ in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        engine.load(sys.argv[1])
    forgotten = valuation.Engine()
    forgotten.load(sys.argv[1])
    forgotten.score({"features": {}, "candidates": []})
def rounds(count):
    for _ in range(count): once()
    gc.collect()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = rounds(200)
print(rounds(800) - before)
"""
    result = subprocess.run([sys.executable, "-c", program, models_path], check=True, capture_output=True, text=True)
    assert int(result.stdout) < 4096  # KiB; a leak of 5 KiB a round would be found


def test_a_process_may_end_with_everything_open_and_a_thread_inside(models_path: Path) -> None:
    program = """
import sys, threading, numpy, valuation
engine = valuation.Engine()
engine.load(sys.argv[1])
ads = valuation.Candidates([engine.campaign_key("1042")], "cpc", 0.5).take(numpy.zeros(2_000_000, int))
batch = valuation.Batch(valuation.Features.empty(1), ads, [0, len(ads)])
def work():
    while True: engine.score_batch(batch)
for _ in range(2): threading.Thread(target=work, daemon=True).start()
scorer = engine.scorer()
scorer.score_batch(batch)
print("end")
"""
    result = subprocess.run([sys.executable, "-c", program, models_path], check=False, capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "end\n", "")


def test_a_forked_child_goes_on_with_its_parents_engine(models_path: Path) -> None:
    program = """
import os, sys, valuation
engine = valuation.Engine()
engine.load(sys.argv[1])
request = {"features": {"slot": "12"}, "candidates": [{"campaign": "1042", "pricing": "cpc", "bid": 0.5}]}
expected = engine.score(request)
child = os.fork()
if child == 0:
    same = engine.score(request) == expected
    engine.close()
    os._exit(0 if same else 1)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status), engine.score(request) == expected)
"""
    result = subprocess.run([sys.executable, "-c", program, models_path], check=True, capture_output=True, text=True)
    assert result.stdout == "0 True\n"


def test_a_child_may_be_forked_at_every_line_of_another_threads_first_call(models_path: Path) -> None:
    """The thread waits at each line that it reaches, in the package or below it, until a child has scored there."""
    program = """
import os, signal, sys, threading, valuation
engine = valuation.Engine()
engine.load(sys.argv[1])
request = {"features": {"slot": "12"}, "candidates": [{"campaign": "1042", "pricing": "cpc", "bid": 0.5}]}
at_line, go_on = threading.Semaphore(0), threading.Semaphore(0)
lines = []
def trace(frame, event, argument):
    if event == "line":
        lines.append((os.path.basename(frame.f_code.co_filename), frame.f_code.co_name))
        at_line.release()
        go_on.acquire()
    return trace
def first_call():
    sys.settrace(trace)
    try:
        engine.score(request)
    finally:
        sys.settrace(None)
        lines.append("end")
        at_line.release()
thread = threading.Thread(target=first_call, daemon=True)
thread.start()
while True:
    at_line.acquire()
    if lines[-1] == "end":
        break
    child = os.fork()
    if child == 0:
        signal.alarm(60)  # ends a child that would wait for ever
        engine.score(request)
        engine.close()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        print(lines[-1], status)
        break
    go_on.release()
print(("engine.py", "_scorer") in lines, ("weakref.py", "__setitem__") in lines)
"""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program, str(models_path)]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    assert result.stdout == "True True\n"


def test_an_engine_cannot_be_sent_to_another_process(engine: Engine) -> None:
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(engine)
