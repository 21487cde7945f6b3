# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
import uuid
from pathlib import Path
from typing import get_args

import pytest

from valuation_pipeline.workflow.day import Step
from workflow.conftest import Finished
from workflow.runs import FIRST, command, die_at, new_models, processes_with, released, run_quietly, start


@pytest.mark.thorough
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_that_is_killed_at_every_step_ends_in_the_same_release(
    place: Path, finished: Finished, tmp_path: Path, when: str
) -> None:
    models = new_models(tmp_path / "models", finished.models)
    for step in get_args(Step):
        # Of two steps that wait for the same one, either may have been finished before the other was killed.
        made = tmp_path / "work" / str(FIRST) / step
        shutil.rmtree(made, ignore_errors=True)
        process = start(die_at, step, when, place, tmp_path / "work", models, FIRST)
        process.join(600)
        assert process.exitcode == -signal.SIGKILL, step
    process = start(run_quietly, place, tmp_path / "work", models, FIRST)
    process.join(600)
    assert process.exitcode == 0
    assert released(models, str(FIRST)) == released(finished.models, str(FIRST))
    assert (models / "LATEST").read_text() == f"{FIRST}\n"


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in range(1, 20))])
def test_a_run_killed_at_a_random_moment_leaves_no_process_behind_and_ends_in_the_same_release(
    place: Path, finished: Finished, tmp_path: Path, seed: int
) -> None:
    models = new_models(tmp_path / "models", finished.models)
    mark = f"VALUATION_TEST={uuid.uuid4()}"
    environment = os.environ | dict([mark.split("=")])
    words = command(place, tmp_path / "work", models, "--date", str(FIRST), "--workers", "2")
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        time.sleep(random.Random(seed).uniform(0.1, 0.8) * finished.seconds)
        process.kill()
    for _ in range(100):
        if not processes_with(mark):
            break
        time.sleep(0.1)
    assert processes_with(mark) == []
    again = start(run_quietly, place, tmp_path / "work", models, FIRST)
    again.join(600)
    assert again.exitcode == 0
    assert released(models, str(FIRST)) == released(finished.models, str(FIRST))
    assert (models / "LATEST").read_text() == f"{FIRST}\n"
