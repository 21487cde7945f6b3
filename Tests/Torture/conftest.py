# SPDX-License-Identifier: Apache-2.0
"""The campaign's tools, made once."""

import pytest
from ABI.programs import Toolchain

from .campaign import Tools, installed


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    """The programs of this folder, and a directory to work in."""
    prefix = installed(tmp_path_factory.mktemp("prefix"))
    return Tools(Toolchain(prefix, tmp_path_factory.mktemp("programs")), tmp_path_factory.mktemp("torture"))
