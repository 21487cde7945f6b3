# SPDX-License-Identifier: Apache-2.0
"""What gdb says about a host that is in the library."""

import shutil
import subprocess

from ABI.programs import SECONDS

#: Stops where the library reads a model file, and prints the calls that led there.
GDB_COMMANDS = [
    "set debuginfod enabled off",
    "break valuation_engine_load",
    "run",
    "break read",
    "continue",
    "backtrace",
]
#: For a program: gdb with these commands. The program and its arguments follow.
GDB = ["gdb", "-nx", "-batch", *(word for command in GDB_COMMANDS for word in ("-ex", command)), "--args"]


def may_debug() -> bool:
    """Whether there is a debugger, and the machine lets it debug."""
    if shutil.which("gdb") is None:
        return False
    command = ["gdb", "-nx", "-batch", "-ex", "run", "/bin/true"]
    tried = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    return "exited normally" in tried.stdout


def frames(output: str) -> list[str]:
    """The lines of a backtrace."""
    return [line for line in output.splitlines() if line.startswith("#")]


def assert_named(output: str) -> None:
    """Every call between the host and the C library has a name, and the core's have a place in the sources."""
    calls = frames(output)
    assert "read" in calls[0], output
    assert "in main" in calls[-1], output
    assert not [call for call in calls if "??" in call], output
    assert any("ByteSourceV4read" in call and "at Sources/Valuation/Model/ByteSource.swift:" in call for call in calls)
    assert any("at Sources/Valuation/Engine/Engine+Releases.swift:" in call for call in calls), output
    assert not [line for line in output.splitlines() if "warning" in line and "libvaluation" in line], output
