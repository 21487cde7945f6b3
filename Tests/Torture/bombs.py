# SPDX-License-Identifier: Apache-2.0
"""Small files that unpack to large ones."""

from __future__ import annotations

import os
import struct
import time
import zlib
from pathlib import Path

from .campaign import Findings, Tools

MEBIBYTE = 1 << 20
MOST_MEMORY_KIB = 700 * 1024
#: Ends what would take all memory of the machine.
LIMIT = ("prlimit", f"--as={2**30}")


def write_bomb(path: Path, byte: bytes, mebibytes: int) -> int:
    """A gzip file of so much of one byte. Returns its own size."""
    piece = byte * MEBIBYTE
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    # From a full flush on nothing refers to what was before, so a packed piece may be repeated.
    packed = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    with path.open("wb") as file:
        file.write(b"\x1f\x8b\x08" + bytes(6) + b"\xff")
        for _ in range(mebibytes):
            file.write(packed)
            checksum = zlib.crc32(piece, checksum)
        file.write(packer.flush(zlib.Z_FINISH))
        file.write(struct.pack("<II", checksum, mebibytes * MEBIBYTE % 2**32))
    return path.stat().st_size


def unpack_bombs(tools: Tools, mebibytes: int) -> Findings:
    """Load bombs: each is refused, in less than 700 MB of memory."""
    findings = Findings("Small files that unpack to large ones")
    folder = tools.folder("bombs")
    bombs = [("spaces.json.gz", b" "), ("newlines.jsonl.gz", b"\n"), ("line.jsonl.gz", b" ")]
    for name, byte in bombs:
        path = folder / name
        size = write_bomb(path, byte, mebibytes)
        check(tools, path, f"{name}, {size / MEBIBYTE:.1f} MiB that unpack to {mebibytes / 1024:g} GiB", findings)
        path.unlink()
    # Not packed at all, and no disk is needed for it: a file of holes.
    holes = folder / "holes.json"
    holes.touch()
    os.truncate(holes, mebibytes * MEBIBYTE)
    check(tools, holes, f"{holes.name}, {mebibytes / 1024:g} GiB of zeros", findings)
    holes.unlink()
    root = folder / "models"
    tools.must("publish", tools.first, root, "first")
    manifest = root / "releases/first/manifest.json"
    manifest.unlink()
    manifest.touch()
    os.truncate(manifest, mebibytes * MEBIBYTE)
    check(tools, root, f"manifest.json, {mebibytes / 1024:g} GiB of zeros", findings)
    return findings


def check(tools: Tools, path: Path, what: str, findings: Findings) -> None:
    """Load something that must be refused, with a reader that is limited in memory."""
    with tools.reader(under=LIMIT) as reader:
        start = time.monotonic()
        answer = reader.load(path)
        duration = time.monotonic() - start
    status = answer.status.removeprefix("ERROR_").lower()
    findings.figures[what] = f"{status}, {duration:.1f} s, {answer.most_memory / 1024:.0f} MiB"
    findings.expect(answer.is_refusal, f"{what}: {answer}")
    findings.expect(answer.most_memory < MOST_MEMORY_KIB, f"{what}: {answer.most_memory} KiB of memory")
