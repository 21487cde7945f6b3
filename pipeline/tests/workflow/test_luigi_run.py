# SPDX-License-Identifier: Apache-2.0
# mypy: disable-error-code="no-untyped-call"
from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import ClassVar

import duckdb
import luigi
import pytest
import valuation

from valuation_pipeline.errors import HeldBackError, PipelineError
from valuation_pipeline.training.train import NothingToTrainError
from valuation_pipeline.workflow.errors import LockedError, NotArrivedError
from valuation_pipeline.workflow.luigi_run import logging_to, reason_of, run_task


class Step(luigi.Task):
    folder = luigi.Parameter()
    name = luigi.Parameter()

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(Path(self.folder) / self.name)

    def run(self) -> None:
        Path(self.folder, self.name).write_text(str(os.getpid()))

    def on_failure(self, exception: BaseException) -> str:
        return reason_of(exception)


class Failing(Step):
    error: ClassVar[BaseException] = PipelineError("log/clicks.csv, line 7: no time; mend it")

    def run(self) -> None:
        raise self.error


class Dying(Step):
    def run(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class Tasks(luigi.Parameter[tuple[luigi.Task, ...]]):
    pass


class All(luigi.WrapperTask):
    folder = luigi.Parameter()
    tasks = Tasks(significant=False)

    def requires(self) -> list[luigi.Task]:
        return list(self.tasks)


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path)


def test_required_tasks_run_once(folder: str) -> None:
    task = All(folder=folder, tasks=(Step(folder=folder, name="a"), Step(folder=folder, name="b")))
    run_task(task, 1, None)
    before = Path(folder, "a").read_text()
    Path(folder, "a").write_text("left")
    run_task(task, 1, None)
    assert (before, Path(folder, "a").read_text()) == (str(os.getpid()), "left")


def test_two_at_a_time_run_in_processes_of_their_own(folder: str) -> None:
    run_task(All(folder=folder, tasks=(Step(folder=folder, name="a"), Step(folder=folder, name="b"))), 2, None)
    processes = {Path(folder, name).read_text() for name in "ab"}
    assert len(processes) == 2
    assert str(os.getpid()) not in processes


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize(
    "error",
    [PipelineError("a: mend it"), HeldBackError("two checks\nfailed"), NotArrivedError("b"), LockedError("c")],
)
def test_the_error_of_a_task_is_raised_again(folder: str, processes: int, error: PipelineError) -> None:
    failing = type("Failing", (Failing,), {"error": error})
    with pytest.raises(type(error)) as raised:
        run_task(All(folder=folder, tasks=(failing(folder=folder, name="a"),)), processes, None)
    assert str(raised.value) == str(error)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NothingToTrainError("click: no positives"), "click: no positives"),
        (OSError(28, "No space left on device", "work/a"), "work/a: No space left on device; make room there, and"),
        (PermissionError(13, "Permission denied", "work/a"), "work/a: Permission denied; let this user read and write"),
        (duckdb.IOException("IO Error: Could not write file\nhint"), "IO Error: Could not write file; mend that, and"),
    ],
)
def test_mistakes_of_users_are_reported_without_a_class_name(folder: str, error: Exception, told: str) -> None:
    failing = type("Failing", (Failing,), {"error": error})
    with pytest.raises(PipelineError) as raised:
        run_task(failing(folder=folder, name="a"), 1, None)
    assert str(raised.value).startswith(told)
    assert "report it" not in str(raised.value)


def test_the_engines_error_is_reported_unchanged(folder: str) -> None:
    with valuation.Engine() as engine, pytest.raises(valuation.Error) as refused:
        engine.load(Path(folder, "no-release"))
    failing = type("Failing", (Failing,), {"error": refused.value})
    with pytest.raises(PipelineError) as raised:
        run_task(failing(folder=folder, name="a"), 1, None)
    assert str(raised.value) == str(refused.value)
    assert "no-release" in str(raised.value)


def test_of_two_failures_the_one_with_a_code_of_its_own_is_raised(folder: str) -> None:
    held = type("Held", (Failing,), {"error": HeldBackError("held")})
    with pytest.raises(HeldBackError, match="held"):
        run_task(All(folder=folder, tasks=(Failing(folder=folder, name="a"), held(folder=folder, name="b"))), 1, None)


def test_an_unexpected_failure_is_named_with_its_task(folder: str) -> None:
    failing = type("Odd", (Failing,), {"error": KeyError("campaign")})
    with pytest.raises(PipelineError, match=r"^Odd: KeyError: 'campaign' \(the traceback is in the day's log file\)"):
        run_task(failing(folder=folder, name="a"), 1, None)


def test_the_log_file_has_the_traceback(folder: str, capfd: pytest.CaptureFixture[str]) -> None:
    failing = type("Odd", (Failing,), {"error": KeyError("campaign")})
    with logging_to(Path(folder, "run.log")), pytest.raises(PipelineError):
        run_task(failing(folder=folder, name="a"), 1, None)
    assert "raise self.error" in Path(folder, "run.log").read_text()
    assert capfd.readouterr() == ("", "")


def test_a_process_that_is_killed_is_named(folder: str) -> None:
    with pytest.raises(PipelineError, match=r"^Dying: .*died unexpectedly with exit code -9"):
        run_task(All(folder=folder, tasks=(Dying(folder=folder, name="a"), Step(folder=folder, name="b"))), 2, None)


def test_a_scheduler_that_does_not_answer_is_named(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config = luigi.configuration.get_config()
    monkeypatch.setattr(
        config, "getint", lambda section, option, default: {"rpc-retry-attempts": 1}.get(option, default)
    )
    with pytest.raises(PipelineError, match=r"^http://127.0.0.1:1: no scheduler of Luigi answers"):
        run_task(Step(folder=folder, name="a"), 1, "http://127.0.0.1:1")
