# SPDX-License-Identifier: Apache-2.0
"""Carries out a plan: the grid with all contenders, the JSON calls, threads, and loading."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from agreement import Reference
from contenders.contender import Contender
from contenders.numpy_rows import NumPy
from contenders.onnx_runtime import OnnxRuntime
from contenders.scikit_learn import ScikitLearn
from contenders.scipy_sparse import SciPy
from contenders.vowpal_wabbit import VowpalWabbit
from measure import figures, rounds
from native import JSON_NAMES, Native, measure_load
from plan import FAST, FEWER_REQUESTS, MAIN, OURS, SLOW, Plan, Point, fits
from workload import REQUESTS, Data, ModelSet

PYTHON = {kind.name: kind for kind in (NumPy, OnnxRuntime, SciPy, ScikitLearn, VowpalWabbit)}

# Called with a description of each step.
Progress = Callable[[str], None]
Row = dict[str, Any]


@contextmanager
def made(names: tuple[str, ...], model_set: ModelSet, data: Data) -> Iterator[list[Contender]]:
    """Make contenders by name; free them at the end."""
    contenders: list[Contender] = []
    try:
        for name in names:
            contenders.append(PYTHON[name](data) if name in PYTHON else Native(name, model_set, data))
        yield contenders
    finally:
        for contender in contenders:
            contender.close()
        gc.collect()


def measure_grid(plan: Plan, progress: Progress) -> list[Row]:
    """Measure all points of a plan; return a row for each point and contender.

    Raises
    ------
    AssertionError
        If a contender's answers differ from the reference.
    """
    rows: list[Row] = []
    for model_set, points in plan.model_sets.items():
        title = f"{model_set.campaigns:,} campaigns, {model_set.fields} request features"
        progress(f"{title}: generating")
        data = model_set.load()
        progress(f"{title}: computing the reference")
        reference = Reference(data)
        headline = [point for point in points if point in plan.headline]
        everybody = tuple(name for group in SLOW for name in group)
        # All in turns, so that ratios compare like with like; if memory does not suffice, in groups that each include
        # ours.
        together = fits(everybody, model_set)
        progress(f"{title}: making {', '.join(FAST)}")
        with made(FAST, model_set, data) as fast:
            for point in points:
                if point not in headline or not together:
                    progress(f"{title}: {point.candidates:,} candidates, {point.ad_features} ad features")
                    rows += measure_point(plan, point, fast, reference)
            for names in (everybody,) if together else SLOW:
                if not headline or not fits(names, model_set):
                    continue
                progress(f"{title}: {', '.join(names)}")
                with made(names, model_set, data) as slow:
                    for point in headline:
                        taking_part = [*fast, *slow] if together else [fast[0], *slow]
                        measured = measure_point(plan, point, taking_part, reference)
                        rows += measured if together else measured[1:]
    return rows


def measure_point(plan: Plan, point: Point, contenders: list[Contender], reference: Reference) -> list[Row]:
    """Check and measure contenders, ours among them, at a point; return a row for each."""
    seconds = plan.headline_seconds if point in plan.headline else plan.seconds
    disagreements = {}
    for contender in contenders:
        requests = FEWER_REQUESTS.get(contender.name, REQUESTS)
        contender.prepare(point.candidates, point.ad_features, requests=requests)
        disagreements[contender.name] = reference.disagreement(contender, point, requests, seconds)
    times = rounds(contenders, plan.turns, seconds)
    return [
        {
            **vars(point),
            "contender": contender.name,
            **figures(times[contender.name], times[OURS], point.candidates),
            "bytes": contender.bytes,
            "disagreement": disagreements[contender.name],
        }
        for contender in contenders
    ]


def measure_json(plan: Plan, progress: Progress) -> list[Row]:
    """Measure the JSON call, and jansson's reading of the same texts, against the struct call.

    Raises
    ------
    AssertionError
        If the JSON call's answers differ from the struct call's in any bit.
    """
    progress("JSON calls")
    requests = FEWER_REQUESTS[JSON_NAMES[0]]
    data = MAIN.model_set.load()
    with made((OURS, *JSON_NAMES), MAIN.model_set, data) as contenders:
        for contender in contenders:
            contender.prepare(MAIN.candidates, MAIN.ad_features, requests=requests)
        struct, call, _ = contenders
        for request in range(requests):
            if not all(map(np.array_equal, struct.score(request), call.score(request))):
                raise AssertionError(f"{call.name} differs from {struct.name} in request {request}")
        texts = [MAIN.model_set.json(data, request, MAIN.candidates, MAIN.ad_features) for request in range(requests)]
        times = rounds(contenders, plan.turns, plan.headline_seconds)
    return [
        {
            "contender": name,
            "text_bytes": round(statistics.mean(map(len, texts))),
            **figures(times[name], times[OURS], MAIN.candidates),
        }
        for name in times
    ]


def measure_threads(plan: Plan, progress: Progress) -> Row:
    """Measure requests per second of one thread, two, and one again, turn by turn; medians.

    The ratio is each turn's two threads to its single thread before and after, because other load comes and goes.
    """
    progress("threads")
    data = MAIN.model_set.load()
    rates: dict[int, list[float]] = {1: [], 2: []}
    with made((OURS,), MAIN.model_set, data) as contenders:
        engine = contenders[0]
        assert isinstance(engine, Native)
        engine.prepare(MAIN.candidates, MAIN.ad_features)
        for _ in range(2 * plan.turns):
            before, two, after = (
                engine.throughput(threads, plan.headline_seconds / plan.turns) for threads in (1, 2, 1)
            )
            rates[1].append((before + after) / 2)
            rates[2].append(two)
    ratio = statistics.median(two / one for one, two in zip(rates[1], rates[2], strict=True))
    return {
        "requests_per_second": {str(threads): statistics.median(rates[threads]) for threads in rates},
        "ratio": ratio,
    }


def measure_loading(plan: Plan, progress: Progress) -> Row:
    """Time loading a set of files three times, each in a new process; return medians."""
    progress("loading")
    runs = [measure_load(plan.load) for _ in range(3)]
    answer: Row = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    return {
        "campaigns": plan.load.campaigns,
        **answer,
        "megabytes_packed": sum(path.stat().st_size for path in (plan.load.folder / "models").iterdir()) / 1e6,
        "peak_to_index": answer["peak_bytes"] / answer["index_bytes"],
    }
