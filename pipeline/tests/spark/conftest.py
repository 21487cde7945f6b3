# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator

import pytest

from spark.small_log import Log, make
from valuation_pipeline.computing import Computing, computing


@pytest.fixture(scope="session")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    return make(tmp_path_factory.mktemp("spark") / "generated")


@pytest.fixture(scope="session")
def local() -> Iterator[Computing]:
    with computing("local", threads=2) as chosen:
        yield chosen


@pytest.fixture(scope="session")
def spark() -> Iterator[Computing]:
    """Spark on this machine with the equivalent of two executors."""
    with computing("spark", "local[2]") as chosen:
        yield chosen
