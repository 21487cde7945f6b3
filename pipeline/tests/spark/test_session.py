# SPDX-License-Identifier: Apache-2.0
"""Missing software and failures in an executor are reported."""

from __future__ import annotations

import sys

import pytest

from valuation_pipeline.computing import computing
from valuation_pipeline.errors import PipelineError
from valuation_pipeline.spark.executor import VERSIONS, check_versions
from valuation_pipeline.spark.session import reason_of


def test_without_pyspark_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in ("pyspark", "py4j")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(PipelineError, match=r"pip install 'valuation-pipeline\[spark\]'"), computing("spark"):
        pass


@pytest.mark.thorough
def test_without_java_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(PipelineError, match="openjdk-17-jre-headless"), computing("spark"):
        pass


def test_a_master_without_spark_is_refused() -> None:
    with pytest.raises(PipelineError, match="add --engine spark"), computing("local", "spark://host:7077"):
        pass


def test_executors_of_other_versions_do_not_work() -> None:
    check_versions(VERSIONS)
    with pytest.raises(PipelineError, match="install the same on both"):
        check_versions("valuation-pipeline 0.0.1 and valuation 0.0.1")


def test_an_executors_own_error_is_the_reason() -> None:
    ours = """An exception was thrown from the Python worker. Please see the stack trace below.
Traceback (most recent call last):
  File "/somewhere/tabulating.py", line 85, in _select
    raise PipelineError("x")
valuation_pipeline.errors.PipelineError: examples: part 3 is damaged: read it again
"""
    assert reason_of(ours) == "examples: part 3 is damaged: read it again"
    anybodys = (
        "Job aborted.\nTraceback (most recent call last):\n  File ...\n    x\nMemoryError: of 12 bytes\n\n\tat org.x"
    )
    assert reason_of(anybodys) == "MemoryError: of 12 bytes"
    java = (
        "An error occurred while calling o61.\n: org.apache.spark.SparkException: Exception in await: \n\tat org.x\n"
        "Caused by: org.apache.spark.SparkException: Job aborted: worker exited (crashed).\n\tat org.y\n"
    )
    assert reason_of(java) == "Job aborted: worker exited (crashed)."
    start = (
        "An error occurred while calling None.\n: org.apache.spark.SparkException: Could not parse Master URL: 'x'\n"
    )
    assert reason_of(start) == "Could not parse Master URL: 'x'"
    assert reason_of("[PATH_NOT_FOUND] no such file\nmore\n") == "[PATH_NOT_FOUND] no such file"
