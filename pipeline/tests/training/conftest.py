# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from training.small_log import Log, make


@pytest.fixture(scope="session")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    return make(tmp_path_factory.mktemp("training") / "generated")
