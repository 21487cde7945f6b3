# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import errno

import duckdb
import pytest

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.workflow.attempts import attempt
from valuation_pipeline.workflow.options import WorkflowOptions

OPTIONS = WorkflowOptions(attempts=3, pause_seconds=10)


class Failing:
    """Fails so many times, then returns 7."""

    def __init__(self, error: Exception, times: int) -> None:
        self.error, self.left, self.calls = error, times, 0

    def __call__(self) -> int:
        self.calls += 1
        if self.left:
            self.left -= 1
            raise self.error
        return 7


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), duckdb.IOException("a timeout")])
def test_a_fault_of_a_disk_or_a_network_is_tried_again_after_growing_pauses(error: Exception) -> None:
    pauses: list[float] = []
    assert attempt(Failing(error, 2), OPTIONS, pauses.append) == 7
    assert pauses == [10, 20]


def test_a_lasting_fault_is_raised_unchanged() -> None:
    failing = Failing(OSError(errno.ENOSPC, "No space left on device"), 9)
    with pytest.raises(OSError, match="No space left"):
        attempt(failing, OPTIONS, lambda seconds: None)
    assert failing.calls == 3


@pytest.mark.parametrize("error", [PipelineError("mend it"), FileNotFoundError(2, "gone"), ValueError("a bug")])
def test_an_error_that_another_attempt_cannot_mend_is_not_retried(error: Exception) -> None:
    failing = Failing(error, 1)
    with pytest.raises(type(error)):
        attempt(failing, OPTIONS, lambda seconds: None)
    assert failing.calls == 1
