# SPDX-License-Identifier: Apache-2.0
"""The step of a wheel build that puts a shared library into the package and names the platform.

A project's pyproject.toml names the library, and the library's name in the package.
"""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: The directory of the library; build_wheel.py sets it.
ENVIRONMENT_VARIABLE = "VALUATION_LIBRARY_DIRECTORY"


class LibraryHook(BuildHookInterface[BuilderConfig]):
    """Adds the shared library under the name of its SONAME; the wheel then serves any Python 3 of this platform."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the library, unless this is an editable install, which takes it from an environment variable."""
        if version == "editable":
            return
        repository = Path(__file__).resolve().parents[2]
        directory = Path(os.environ.get(ENVIRONMENT_VARIABLE) or repository / "build/lib").resolve()
        library = directory / self.config["library"]
        if not library.is_file():
            raise FileNotFoundError(f"{library} is missing; run `make {self.config['make']}` in {repository} first")
        build_data["force_include"][str(library.resolve())] = self.config["packaged"]
        build_data["pure_python"] = False
        build_data["tag"] = "py3-none-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")
