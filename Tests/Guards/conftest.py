# SPDX-License-Identifier: Apache-2.0
"""Guards of the scoring path's speed that need no quiet machine: they count, and the counts are the same on every run.

They run against the library in build/ and its unstripped twin; `make build` leaves both.
"""

import platform
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-instructions",
        action="store_true",
        help="write the counts to Tests/Guards/instructions.json instead of comparing with it",
    )


def pytest_runtest_setup() -> None:
    if platform.machine() != "x86_64":
        pytest.skip("the guards know only the instructions of x86-64")


@pytest.fixture(scope="session")
def library() -> Path:
    """The library as shipped."""
    path = (REPOSITORY / "build" / "lib" / "libvaluation.so").resolve()
    assert path.exists(), f"{path} is missing; run `make build`."
    return path


@pytest.fixture(scope="session")
def unstripped_library() -> Path:
    """The same library with the names of its functions."""
    path = REPOSITORY / ".build-library" / "release" / "libvaluation.so"
    assert path.exists(), f"{path} is missing; run `make build`."
    return path
