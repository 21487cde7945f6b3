# SPDX-License-Identifier: Apache-2.0
"""The releases of days: a day's id, the release that it is compared with, and publishing it just once."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import valuation

from valuation_pipeline.errors import HeldBackError, PipelineError
from valuation_pipeline.files import write_text
from valuation_pipeline.workflow.inputs import Inputs

LINEAGE = "lineage.json"
#: Files in a release's folder besides those of the models and of its lineage.
_OTHERS = {"manifest.json", "index.valuation"}
_ID = re.compile(r"(\d{4}-\d{2}-\d{2})(?:-([1-9]\d*))?")


@dataclass(frozen=True, order=True)
class DatedRelease:
    """A release of a day: ``2026-11-29``, or ``2026-11-29-2`` if the day was published again."""

    date: date
    number: int = 1

    @classmethod
    def parse(cls, release: str) -> DatedRelease | None:
        """Parse an id; None if it is not a day's."""
        match = _ID.fullmatch(release)
        try:
            return cls(date.fromisoformat(match[1]), int(match[2] or 1)) if match else None
        except ValueError:
            return None

    def __str__(self) -> str:
        return self.date.isoformat() + (f"-{self.number}" if self.number > 1 else "")


def dated_releases(models: Path) -> list[DatedRelease]:
    """Return the releases of days in a directory of releases, the oldest day first."""
    folder = models / "releases"
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return sorted(release for name in names if (release := DatedRelease.parse(name)))


def previous_release(models: Path, day: date) -> str | None:
    """Return the newest release of an earlier day, with which a day's is compared; None if there is none."""
    earlier = [release for release in dated_releases(models) if release.date < day]
    return str(earlier[-1]) if earlier else None


def inputs_of(models: Path, release: str) -> dict[str, Any] | None:
    """Return what a release says of the inputs that it was made from; None where it says nothing."""
    file = models / "releases" / release / LINEAGE
    try:
        inputs = json.loads(file.read_text(encoding="utf-8"))["inputs"]
        return {**inputs, "sha256": str(inputs["sha256"])}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise PipelineError(
            f"{file}: does not say what the release was made from: {error!r}; remove it, and run again: the day's "
            "models are made once more, and where the release has the same, its lineage is written anew"
        ) from error


def release_of(models: Path, day: date, known: Inputs, again: bool) -> tuple[str, bool]:
    """Return the id for publishing a day, and whether it is published already.

    Parameters
    ----------
    models : Path
        The directory of releases.
    day : date
        The day.
    known : Inputs
        The inputs of the release.
    again : bool
        Whether to publish a day again that was published from other inputs.

    Raises
    ------
    PipelineError
        The day is published from other inputs, and may not be published again.
    """
    releases = [release for release in dated_releases(models) if release.date == day]
    if not releases:
        return str(DatedRelease(day)), False
    newest = releases[-1]
    before = inputs_of(models, str(newest))
    if before is None:  # a run was killed right after publishing, or somebody else published it; publish() finds out
        return str(newest), False
    if before["sha256"] == known.sha256:
        return str(newest), True
    following = str(DatedRelease(day, newest.number + 1))
    if again:
        return following, False
    changed = ", ".join(name for name, part in known.parts.items() if part != before.get(name))
    raise PipelineError(
        f"{models}: {newest} is published already, from other inputs (changed: {changed}); "
        f"to publish {following} beside it, add --again"
    )


def publish(batch: Path, models: Path, release: str, lineage: Mapping[str, str]) -> bool:
    """Publish a folder of models; if a killed run had done so already, complete its work.

    LATEST names the release afterwards unless it names one of a later day: filling in a day of last week does not undo
    what was published since.

    Parameters
    ----------
    batch : Path
        A folder of model files.
    models : Path
        The directory of releases.
    release : str
        A day's id.
    lineage : mapping
        Files beside the release's manifest: name → text. ``lineage.json`` is written last, and shows that the others
        are complete.

    Returns
    -------
    bool
        Whether LATEST names it.

    Raises
    ------
    HeldBackError
        The engine refuses the models, because of a self-test or the contents of the files.
    PipelineError
        There is another release of that id.
    """
    folder = models / "releases" / release
    serves = _is_to_serve(models, release)
    try:
        if not folder.exists():
            valuation.publish(batch, models, id=release, keep_latest=not serves)
        elif not _holds(folder, batch, lineage):
            raise PipelineError(
                f"{folder}: is there already, and of other models than this run's; remove it, or add --again"
            )
        elif serves and _latest(models) != release:
            valuation.select_release(models, release)
    except valuation.ModelError as error:
        raise HeldBackError(f"the engine refuses the models: {error}; the last release goes on serving") from error
    for name, text in sorted(lineage.items(), key=lambda file: file[0] == LINEAGE):
        write_text(folder / name, text)
    return serves


def _is_to_serve(models: Path, release: str) -> bool:
    serving = DatedRelease.parse(_latest(models) or "")
    this = DatedRelease.parse(release)
    return serving is None or this is None or this >= serving


def _latest(models: Path) -> str | None:
    """Return what LATEST names, whatever that is; None where it is not there."""
    try:
        return (models / "LATEST").read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        return None


def _holds(release: Path, batch: Path, lineage: Mapping[str, str]) -> bool:
    """Return whether a release has exactly the files of a batch, and possibly those of its lineage."""
    names = {file.name for file in batch.iterdir()}
    there = {file.name for file in release.iterdir() if not file.name.startswith(".")}
    return there - _OTHERS - lineage.keys() == names and all(
        (release / name).read_bytes() == (batch / name).read_bytes() for name in names
    )
