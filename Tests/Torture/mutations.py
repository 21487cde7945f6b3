# SPDX-License-Identifier: Apache-2.0
"""Damage: every kind of file, damaged in every region, is refused or gives the same values as before."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .campaign import Findings, Reader, Tools

LONGEST_RANGE = 200


@dataclass(frozen=True)
class Victim:
    """A file to damage, the path through which it is loaded, and the known models that this gives while it is sound."""

    kind: str
    file: Path
    loaded: Path
    known: int
    #: A sound file of the same name from another release, which must be refused in place of this one.
    other: Path | None = None


def bit_flipped(content: bytes, place: int, chance: random.Random) -> bytes:
    harmed = bytearray(content)
    harmed[place] ^= 1 << chance.randrange(8)
    return bytes(harmed)


def byte_changed(content: bytes, place: int, chance: random.Random) -> bytes:
    return content[:place] + bytes([(content[place] + chance.randrange(1, 256)) % 256]) + content[place + 1 :]


def cut_off(content: bytes, place: int, _chance: random.Random) -> bytes:
    return content[:place]


def cut_out(content: bytes, place: int, chance: random.Random) -> bytes:
    return content[:place] + content[place + chance.randrange(1, LONGEST_RANGE) :]


def inserted(content: bytes, place: int, chance: random.Random) -> bytes:
    return content[:place] + chance.randbytes(chance.randrange(1, LONGEST_RANGE)) + content[place:]


def zeroed(content: bytes, place: int, chance: random.Random) -> bytes:
    end = min(len(content), place + chance.randrange(1, LONGEST_RANGE))
    return content[:place] + bytes(end - place) + content[end:]


def duplicated(content: bytes, place: int, chance: random.Random) -> bytes:
    return content[: place + chance.randrange(1, LONGEST_RANGE)] + content[place:]


def overwritten(content: bytes, place: int, chance: random.Random) -> bytes:
    start = chance.randrange(len(content))
    piece = content[start : start + chance.randrange(1, LONGEST_RANGE)][: len(content) - place]
    return content[:place] + piece + content[place + len(piece) :]


WAYS: list[Callable[[bytes, int, random.Random], bytes]] = [
    bit_flipped,
    byte_changed,
    cut_off,
    cut_out,
    inserted,
    zeroed,
    duplicated,
    overwritten,
]


def harmed(content: bytes, count: int, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """So many damaged contents; the damage is spread evenly over the whole."""
    for number in range(count):
        way = WAYS[number % len(WAYS)]
        place = min(len(content) - 1, int((number + chance.random()) / count * len(content)))
        result = way(content, place, chance)
        # Zeros over zeros change nothing.
        yield (way.__name__, result) if result != content else ("bit_flipped", bit_flipped(content, place, chance))


def victims(tools: Tools) -> tuple[list[Victim], list[Path]]:
    """Every kind of file that can be loaded, and the sound models that the reader must know."""
    folder = tools.folder("mutations")
    root, json_root = folder / "models", folder / "json-models"
    for number, models in enumerate((tools.first, tools.second)):
        tools.must("publish", models, root, f"release-{number}")
        tools.must("publish-json", models, json_root, f"release-{number}")
        tools.must("compile", models, folder / f"{number}.valuation")
        shutil.copy(models / "click.jsonl.gz", folder / f"{number}.jsonl.gz")
    known = [tools.first, tools.second, folder / "0.jsonl.gz"]
    found = [
        Victim("compiled file", folder / "0.valuation", folder / "0.valuation", 0),
        Victim("model file, .gz", folder / "0.jsonl.gz", folder / "0.jsonl.gz", 2),
        Victim("LATEST", root / "LATEST", root, 1),
    ]
    # If a release has a compiled file, its model files are not read.
    names = {root: ["index.valuation", "manifest.json"]}
    names[json_root] = [*sorted(path.name for path in tools.first.iterdir()), "manifest.json"]
    for place, kind in ((root, "release"), (json_root, "release without compiled file")):
        one, other = (place / "releases" / f"release-{number}" for number in range(2))
        found += [Victim(f"{kind}: {name}", one / name, one, 0, other / name) for name in names[place]]
    return found, known


def try_one(victim: Victim, content: bytes, way: str, reader: Reader, findings: Findings) -> None:
    """Write a damaged content to a file and load it."""
    victim.file.unlink()
    victim.file.write_bytes(content)
    answer = reader.load(victim.loaded)
    sound = (victim.known, 0, 1) if victim.kind == "LATEST" else (victim.known,)
    findings.count("files harmed")
    outcome = "same values" if answer.status == "OK" else answer.status.removeprefix("ERROR_").lower()
    findings.count(f"{victim.kind}: {outcome}")
    if not answer.is_sound(*sound):
        findings.faults.append(f"{victim.kind}, {way}: {answer}")


def mutate(tools: Tools, count: int, seed: int = 1) -> Findings:
    """Damage files `count` times in all."""
    findings = Findings("Damaged files")
    chance = random.Random(seed)
    found, known = victims(tools)
    with tools.reader(*known) as reader:
        for victim in found:
            content = victim.file.read_bytes()
            answer = reader.load(victim.loaded)
            findings.expect(answer.serves == str(victim.known), f"{victim.kind} is not sound to begin with: {answer}")
            for way, result in harmed(content, -(-count // len(found)), chance):
                try_one(victim, result, way, reader, findings)
            if victim.other is not None:
                swap(victim, victim.other.read_bytes(), reader, findings)
            victim.file.unlink()
            victim.file.write_bytes(content)
    return findings


def swap(victim: Victim, content: bytes, reader: Reader, findings: Findings) -> None:
    """Put the file of another release in a file's place."""
    victim.file.unlink()
    victim.file.write_bytes(content)
    answer = reader.load(victim.loaded)
    findings.count("files swapped")
    findings.expect(answer.is_refusal, f"{victim.kind}, swapped: {answer}")
