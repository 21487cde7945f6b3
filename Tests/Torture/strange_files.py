# SPDX-License-Identifier: Apache-2.0
"""Directories of releases in a state that no publisher leaves: with links, pipes, directories and foreign names."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ABI.refusal import refused

from .campaign import Findings, Tools

#: Names that no file of a release may have.
FOREIGN_NAMES = [
    "../first/click.jsonl.gz", "..", ".", "", "/etc/hostname", "folder/click.jsonl.gz", ".click.jsonl.gz",
    "manifest.json", "click.jsonl.gz\0", "x" * 256 + ".json", "/", "./click.jsonl.gz",
]  # fmt: skip
#: Contents that LATEST may not have.
FOREIGN_IDS = [
    "",
    "\n",
    ".",
    "..",
    "../releases/first",
    "/",
    "first/",
    "first\nfirst",
    "first\0",
    " first",
    "x" * 65,
    "x" * 9000,
]


@dataclass(frozen=True)
class Strangeness:
    """A change to a sound directory of releases, whose LATEST names `first`, after which a load must fail."""

    name: str
    do: Callable[[Path], object]
    #: Whether the load does not mind: LATEST may be a link, and model files are not read if there is a compiled one.
    is_unread: bool = False


def replaced(file: Callable[[Path], Path], by: Callable[[Path, Path], object]) -> Callable[[Path], object]:
    """Puts something in the place of a file or directory, which is moved out of the root."""

    def do(root: Path) -> object:
        path = file(root)
        moved = root.with_name(f"{root.name}-moved")
        path.rename(moved)
        return by(path, moved)

    return do


def link(path: Path, moved: Path) -> None:
    path.symlink_to(moved)


def pipe(path: Path, _moved: Path) -> None:
    os.mkfifo(path)


def directory(path: Path, _moved: Path) -> None:
    path.mkdir()


def empty_file(path: Path, _moved: Path) -> None:
    path.touch()


def nothing(_path: Path, _moved: Path) -> None:
    """Leaves the place empty."""


def file_in(place: str) -> Callable[[Path], Path]:
    return lambda root: root / place


class Manifests:
    """Writes manifests by hand, with the right checksum."""

    def __init__(self, tools: Tools) -> None:
        self._program = tools.program("checksum")

    def write(self, path: Path, change: Callable[[dict], object]) -> None:
        manifest = json.loads(path.read_text())
        change(manifest)
        del manifest["checksum"]
        text = json.dumps(manifest, indent=2).removesuffix("\n}") + ",\n  "
        summed = subprocess.run(
            [self._program.path], input=text.encode(), env=self._program.environment, capture_output=True, check=True
        )
        path.unlink()
        path.write_text(f'{text}"checksum": "{summed.stdout.decode().strip()}"\n}}\n')


def strange(manifests: Manifests, files: list[str]) -> Iterator[Strangeness]:
    """Every change to try on a release of these files."""
    release = "releases/first"
    places = [f"{release}/{name}" for name in files] + [release, "releases", "LATEST"]
    is_compiled = "index.valuation" in files
    for place in places:
        is_unread = is_compiled and ".json" in place and not place.endswith("manifest.json")
        for by in (link, pipe, directory, empty_file, nothing):
            is_fine = is_unread or (place == "LATEST" and by is link)
            yield Strangeness(f"{place}: {by.__name__}", replaced(file_in(place), by), is_fine)
    for content in FOREIGN_IDS:
        yield Strangeness(
            f"LATEST holds {content[:20]!r}", lambda root, content=content: rewrite(root / "LATEST", content)
        )

    def with_manifest(change: Callable[[dict], object]) -> Callable[[Path], object]:
        return lambda root: manifests.write(root / release / "manifest.json", change)

    for name in FOREIGN_NAMES:
        yield Strangeness(
            f"manifest names a file {name[:20]!r}",
            with_manifest(lambda manifest, name=name: manifest["files"][0].update(name=name)),
        )
        if is_compiled:
            yield Strangeness(
                f"manifest names a compiled file {name[:20]!r}",
                with_manifest(lambda manifest, name=name: manifest["compiled"].update(name=name)),
            )
    for identifier in ("second", "../first", "", None):
        yield Strangeness(f"manifest of release {identifier!r}", with_manifest(lambda m, i=identifier: m.update(id=i)))
    yield Strangeness("manifest of another format", with_manifest(lambda m: m.update(format="valuation-release/2")))
    if not is_compiled:
        yield Strangeness("manifest names no file", with_manifest(lambda m: m.update(files=[])))
        yield Strangeness("manifest names a file twice", with_manifest(lambda m: m["files"].append(m["files"][0])))


def rewrite(path: Path, content: str) -> None:
    path.unlink()
    path.write_text(content)


def meet_strange_files(tools: Tools) -> Findings:
    """Put something strange in every place in turn; each load must be refused, and none may hang."""
    findings = Findings("Links, pipes, directories and foreign names")
    folder = tools.folder("strange")
    manifests = Manifests(tools)
    with tools.reader(tools.first) as reader:
        for way in ("publish", "publish-json"):
            sound = folder / way
            tools.must(way, tools.first, sound, "first")
            # A correct handwritten manifest must load.
            manifests.write(sound / "releases/first/manifest.json", lambda manifest: None)
            findings.expect(reader.load(sound).serves == "0", f"{way}: a correct handwritten manifest is refused")
            files = sorted(path.name for path in (sound / "releases/first").iterdir())
            for tried in strange(manifests, files):
                root = tools.folder("strange/tried") / "models"
                shutil.copytree(sound, root)
                tried.do(root)
                answer = reader.load(root)
                findings.count("tried")
                findings.count(answer.status.removeprefix("ERROR_").lower())
                is_right = answer.serves == "0" if tried.is_unread else answer.is_refusal
                findings.expect(is_right, f"{way}, {tried.name}: {answer}")
    return findings


def meet_locked_files(tools: Tools) -> Findings:
    """Remove the read permission of every file and directory in turn; an ordinary user's load must be refused."""
    findings = Findings("Files without permission")
    # Pytest's own directories are closed to other users.
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        root = Path(name) / "models"
        tools.must("publish-json", tools.first, root, "first")
        for path in [root, root / "releases", *root.rglob("first"), *root.rglob("*.*"), root / "LATEST"]:
            mode = path.stat().st_mode
            path.chmod(0)
            refusal = refused(tools.toolchain, tools.before, root, as_nobody=True)
            path.chmod(mode)
            findings.count("tried")
            findings.count(refusal.status.lower())
            findings.expect(refusal.status == "READ_FAILED", f"{path.relative_to(name)} is locked: {refusal}")
    return findings
