# SPDX-License-Identifier: Apache-2.0
"""The step of the wheel build that puts libvaluation into the package and names the platform."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: Holds the directory of libvaluation.so; build_wheel.py sets it.
ENVIRONMENT_VARIABLE = "VALUATION_LIBRARY_DIRECTORY"


class LibraryHook(BuildHookInterface[BuilderConfig]):
    """Adds the shared library under the name of its SONAME; the wheel then serves any Python 3 of this platform."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the library, unless this is an editable install, which takes it from VALUATION_LIBRARY."""
        if version == "editable":
            return
        root = Path(self.root)
        directory = Path(os.environ.get(ENVIRONMENT_VARIABLE) or root / "../../build/lib").resolve()
        library = directory / "libvaluation.so"
        if not library.is_file():
            raise FileNotFoundError(f"{library} is missing; run `make build` at the root of the repository first")
        build_data["force_include"][str(library.resolve())] = "valuation/libvaluation.so.1"
        build_data["pure_python"] = False
        build_data["tag"] = "py3-none-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")
