# SPDX-License-Identifier: Apache-2.0
"""What opening, refreshing and rolling back cost, and whether mapped models score as fast as built ones."""

from __future__ import annotations

import dataclasses
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import valuation
from contenders.contender import Contender
from measure import rounds
from native import Native
from plan import MAIN, OURS, Plan

Row = dict[str, Any]
Progress = Callable[[str], None]

# How often to repeat, for one figure, what takes microseconds and what takes milliseconds.
MANY, SOME, FEW = 2000, 30, 3
# After this many seconds an unchanged LATEST is recognised by its stat alone.
SETTLED = 2.5


def seconds(action: Callable[[], object], times: int) -> float:
    """Return the median time of an action."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def measure_releases(plan: Plan, progress: Progress) -> Row:
    """Measure releases of the models whose loading is timed, and scoring with mapped ones."""
    progress("releases")
    return {"campaigns": plan.load.campaigns, **measure_lives(plan), **measure_mapped(plan)}


def measure_lives(plan: Plan) -> Row:
    """Time publishers and engines with three releases that differ in a prior: an engine has two in memory."""
    plan.load.write()
    models, root = plan.load.folder / "models", plan.load.folder / "releases"
    shutil.rmtree(root, ignore_errors=True)
    measured: Row = {
        "publish": seconds(lambda: valuation.publish(models, root, click_prior=0.01), 1),
    }
    for prior in (0.02, 0.03):
        valuation.publish(models, root, click_prior=prior)
    ids = [release["id"] for release in valuation.list_releases(root)]
    compiled = root / "releases" / ids[0] / "index.valuation"
    measured["compiled_bytes"] = compiled.stat().st_size
    with valuation.Engine(forget_previous=True) as engine:
        measured["load_models"] = seconds(lambda: engine.load(models), FEW)
    with valuation.Engine(forget_previous=True) as engine:
        engine.load(root)  # the compiled file's keys are under this directory's secret
        measured["load_compiled"] = seconds(lambda: engine.load(compiled), SOME)
    with valuation.Engine(trust_compiled=True, forget_previous=True) as engine:
        engine.load(root)
        measured["load_trusted"] = seconds(lambda: engine.load(compiled), SOME)
    with valuation.Engine() as engine:
        engine.load(root)
        time.sleep(SETTLED)
        measured["refresh_unchanged"] = seconds(engine.refresh, MANY)
        others = [ids[(turn + 1) % len(ids)] for turn in range(SOME)]
        measured["refresh_changed"] = statistics.median(refresh_after_select(engine, root, other) for other in others)
        measured["roll_back"] = seconds(engine.roll_back, MANY)
    shutil.rmtree(root)
    return measured


def refresh_after_select(engine: valuation.Engine, root: Path, release: str) -> float:
    """Make LATEST name a release; return the time that the engine takes to follow."""
    (root / "LATEST.new").write_text(release + "\n")
    (root / "LATEST.new").rename(root / "LATEST")
    start = time.perf_counter()
    changed = engine.refresh()
    taken = time.perf_counter() - start
    if not changed:
        raise AssertionError(f"the engine did not follow LATEST to {release}")
    return taken


def measure_mapped(plan: Plan) -> Row:
    """Time requests with built models and with mapped ones, in turns."""
    data = MAIN.model_set.load()
    compiled = MAIN.model_set.folder / "index.valuation"
    valuation.compile_models(data.models, compiled)
    built = Native(OURS, MAIN.model_set, data)
    mapped = Native(OURS, MAIN.model_set, dataclasses.replace(data, models=compiled))
    mapped.name = "mapped"
    contenders: list[Contender] = [built, mapped]
    try:
        for contender in contenders:
            contender.prepare(MAIN.candidates, MAIN.ad_features)
        times = rounds(contenders, plan.turns, plan.headline_seconds)
    finally:
        for contender in contenders:
            contender.close()
        compiled.unlink()
    medians = {name: float(statistics.median(taken)) for name, taken in times.items()}
    return {"mapped_to_built": medians["mapped"] / medians[OURS]}
