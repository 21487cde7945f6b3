# SPDX-License-Identifier: Apache-2.0
"""Reads a library's functions and their calls from objdump's disassembly of x86-64."""

import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

_HEADING = re.compile(r"^[0-9a-f]+ <(.+)>:$")
_INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\t(?:(lock) )?(\S+)\s*(.*)$")
_TARGET = re.compile(r"^([0-9a-f]+) <([^>+]+)(\+0x[0-9a-f]+)?>")


@dataclass
class Function:
    """What the tests need of a function's disassembly."""

    name: str
    # The functions that it calls or jumps to; those of other libraries end with @plt.
    calls: set[str] = field(default_factory=set)
    # Calls of addresses that are known only at run time.
    calls_by_address: int = 0
    # Instructions that lock the memory that they write.
    locked: list[str] = field(default_factory=list)
    has_loop: bool = False

    def read(self, address: int, prefix: str | None, mnemonic: str, operands: str) -> None:
        """Records an instruction."""
        if prefix or (mnemonic.startswith("xchg") and "(" in operands):
            self.locked.append(f"{prefix or ''} {mnemonic} {operands}".strip())
        if mnemonic.startswith("call") and operands.startswith("*"):
            self.calls_by_address += 1
        if not mnemonic.startswith(("call", "j")):
            return
        target = _TARGET.match(operands)
        if target and target[2] != self.name and not target[3]:
            self.calls.add(target[2])
        elif target and target[2] == self.name and int(target[1], 16) <= address:
            self.has_loop = True


def disassemble(library: Path) -> dict[str, Function]:
    """All functions of an unstripped library, by name."""
    command = ["objdump", "--disassemble", "--no-show-raw-insn", str(library)]
    listing = subprocess.run(command, check=True, capture_output=True, text=True, timeout=900).stdout
    functions: dict[str, Function] = {}
    current = Function("")
    for line in listing.splitlines():
        if heading := _HEADING.match(line):
            current = functions.setdefault(heading[1], Function(heading[1]))
        elif instruction := _INSTRUCTION.match(line):
            address, prefix, mnemonic, operands = instruction.groups()
            current.read(int(address, 16), prefix, mnemonic, operands)
    return functions


def reachable(functions: dict[str, Function], roots: Iterable[str], stop: re.Pattern[str]) -> dict[str, Function]:
    """The roots and all they call, directly or not, without matches of `stop` and without other libraries."""
    found: dict[str, Function] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in found or name not in functions or name.endswith("@plt") or stop.search(name):
            continue
        found[name] = functions[name]
        waiting += functions[name].calls
    return found
