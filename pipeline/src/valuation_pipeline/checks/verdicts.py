# SPDX-License-Identifier: Apache-2.0
"""The result of a check: a line of the report, and possibly a reason to hold a release back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from valuation_pipeline.checks.options import CHECKS, Check
from valuation_pipeline.errors import PipelineError
from valuation_pipeline.files import write_json

Status = Literal["passed", "warned", "failed", "skipped"]

#: The most important ones come first.
ORDER: tuple[Status, ...] = ("failed", "warned", "passed", "skipped")


@dataclass(frozen=True)
class Verdict:
    """The result of one check for one subject.

    Attributes
    ----------
    check : str
        The check, a name of ``options.CHECKS``.
    subject : str
        The subject: a table, a field, a campaign, a target.
    status : str
        "failed" holds the release back, "warned" is for people, "skipped" could not be checked.
    value, threshold : float or None
        The measured value, and the limit; None if there is no single number.
    reason : str
        One sentence with the figures: what was found, what it means, what to do.
    """

    check: Check
    subject: str
    status: Status
    value: float | None
    threshold: float | None
    reason: str


def held_back(verdicts: Iterable[Verdict]) -> bool:
    """Return whether any check failed, so that yesterday's release goes on serving."""
    return any(verdict.status == "failed" for verdict in verdicts)


def in_order(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts with failed ones first, then warned, passed and skipped ones, each in their order."""
    return sorted(verdicts, key=lambda verdict: ORDER.index(verdict.status))


def write_verdicts(file: Path, verdicts: Sequence[Verdict]) -> None:
    """Write verdicts as a JSON list, completely or not at all."""
    write_json(file, [asdict(verdict) for verdict in verdicts])


def read_verdicts(file: Path) -> list[Verdict]:
    """Read what :func:`write_verdicts` wrote; a PipelineError says what is wrong with the file."""
    try:
        rows: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
        verdicts = [Verdict(**row) for row in rows]
    except OSError as error:
        raise PipelineError(f"{file}: {error.strerror}; make it with `valuation-pipeline check`") from error
    except (ValueError, TypeError) as error:
        raise PipelineError(
            f"{file}: not a list of verdicts: {error}; make it again with `valuation-pipeline check`"
        ) from error
    for verdict in verdicts:
        if verdict.status not in get_args(Status) or verdict.check not in CHECKS:
            raise PipelineError(
                f"{file}: {verdict.check!r} with the status {verdict.status!r} is not a verdict of this version"
            )
    return verdicts
