# SPDX-License-Identifier: Apache-2.0
"""Small files that unpack to large ones."""

from __future__ import annotations

import gzip
import os
import struct
import time
import zlib
from pathlib import Path

from .campaign import Findings, Tools

MEBIBYTE = 1 << 20
MOST_MEMORY_KIB = 700 * 1024
#: Stops a load before it takes all memory of the machine.
LIMIT = ("prlimit", f"--as={2**30}")


def write_bomb(path: Path, byte: bytes, mebibytes: int) -> int:
    """A gzip file of so many repetitions of one byte. Returns the file's size."""
    piece = byte * MEBIBYTE
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    # After a full flush nothing refers back, so a packed piece may be repeated.
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


#: A sound model without its end.
HEAD = (
    b'{"format": "valuation-model/1", "kind": "logistic", "campaign": "1", "target": "click", "version": "1", '
    b'"intercept": -4, "negative_sampling_rate": 1, "categorical": {}, '
)


def write_values(path: Path, member: bytes, value: bytes, mebibytes: int) -> None:
    """A packed model with an array of so many copies of one value in a member."""
    piece = (value + b",") * 4096
    with gzip.open(path, "wb", compresslevel=6) as file:
        file.write(HEAD + b'"' + member + b'": [')
        for _ in range(mebibytes * MEBIBYTE // len(piece)):
            file.write(piece)
        file.write(value + b"]}")


def meet_values(tools: Tools, folder: Path, mebibytes: int, findings: Findings) -> None:
    """Load models with millions of values: unknown members and refused values take no memory."""
    for member in (b"x", b"crosses", b"self_test"):
        for value in (b"{}", b"[]", b'""', b'{"fields":["a","b"],"weights":[]}', b'["a","b",1]'):
            path = folder / "values.json.gz"
            write_values(path, member, value, mebibytes)
            size = path.stat().st_size
            what = f"{size / 1024:.0f} kB that unpack to {mebibytes} MiB of {value.decode()} in {member.decode()}"
            check(
                tools,
                path,
                what,
                findings,
                is_refused=member != b"x" and (member, value[2:8]) != (b"crosses", b"fields"),
            )
            path.unlink()


def unpack_bombs(tools: Tools, mebibytes: int) -> Findings:
    """Load bombs: each is refused or skipped in less than 700 MB of memory."""
    findings = Findings("Small files that unpack to large ones")
    folder = tools.folder("bombs")
    bombs = [("spaces.json.gz", b" "), ("newlines.jsonl.gz", b"\n"), ("line.jsonl.gz", b" ")]
    for name, byte in bombs:
        path = folder / name
        size = write_bomb(path, byte, mebibytes)
        check(tools, path, f"{name}, {size / MEBIBYTE:.1f} MiB that unpack to {mebibytes / 1024:g} GiB", findings)
        path.unlink()
    # Unpacked, yet it needs no disk space: a file of holes.
    holes = folder / "holes.json"
    holes.touch()
    os.truncate(holes, mebibytes * MEBIBYTE)
    check(tools, holes, f"{holes.name}, {mebibytes / 1024:g} GiB of zeros", findings)
    holes.unlink()
    meet_values(tools, folder, min(mebibytes, 250) // 4 if mebibytes < 1024 else 250, findings)
    root = folder / "models"
    tools.must("publish", tools.first, root, "first")
    manifest = root / "releases/first/manifest.json"
    manifest.unlink()
    manifest.touch()
    os.truncate(manifest, mebibytes * MEBIBYTE)
    check(tools, root, f"manifest.json, {mebibytes / 1024:g} GiB of zeros", findings)
    manifest.write_bytes(b"[" + b"{}," * 5_000_000 + b"{}]")
    check(tools, root, "manifest.json, 5,000,000 empty objects", findings)
    return findings


def check(tools: Tools, path: Path, what: str, findings: Findings, *, is_refused: bool = True) -> None:
    """Load a file with a reader of limited memory."""
    with tools.reader(under=LIMIT) as reader:
        start = time.monotonic()
        answer = reader.load(path)
        duration = time.monotonic() - start
    status = answer.status.removeprefix("ERROR_").lower()
    findings.figures[what] = f"{status}, {duration:.1f} s, {answer.most_memory / 1024:.0f} MiB"
    findings.expect(answer.is_refusal if is_refused else answer.status == "OK", f"{what}: {answer}")
    findings.expect(answer.most_memory < MOST_MEMORY_KIB, f"{what}: {answer.most_memory} KiB of memory")
