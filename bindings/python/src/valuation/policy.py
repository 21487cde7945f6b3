# SPDX-License-Identifier: Apache-2.0
"""Policies: which predictor values which impression, and checking the file that decides it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal, NamedTuple

from valuation._arguments import path_arguments
from valuation._library import library
from valuation._report import report_of


class Source(NamedTuple):
    """The source of a value in a generation, from :meth:`valuation.Engine.find_source`."""

    #: None without a policy.
    predictor: str | None
    #: The experiment and the variant that chose the predictor; None if no experiment did.
    experiment: str | None
    variant: str | None
    #: What the predictor values candidates by.
    kind: Literal["release", "ensemble", "naive", "constant"]
    #: The ids of its releases in that generation: what LATEST stood for then, "" for models that are no release. Of a
    #: naive predictor, the release whose counts it uses.
    releases: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong or suspicious in a policy.

    Attributes
    ----------
    severity : {"error", "warning"}
        ``"error"``: an engine would refuse the policy. ``"warning"``: it can hardly be what is meant.
    status : str
        For example ``"VALUATION_ERROR_INVALID_VALUE"``; for a warning ``"VALUATION_OK"``.
    line : int
        Line in the file from 1, or 0 if there is none.
    json_path : str
        For example ``$.experiments[0].salt``, or ``""``.
    message : str
        One sentence: what is wrong and what to do.
    """

    severity: Literal["error", "warning"]
    status: str
    line: int
    json_path: str
    message: str

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line else ""
        where = " ".join(part for part in (place, self.json_path) if part)
        status = f" [{self.status}]" if self.severity == "error" else ""
        return f"{self.severity}: {where + ': ' if where else ''}{self.message}{status}"


def check_policy(policy: str | os.PathLike[str], models: str | os.PathLike[str] | None = None) -> list[Finding]:
    """Find everything that is wrong or suspicious in a policy; load nothing into any engine. Any thread.

    Parameters
    ----------
    policy : str or os.PathLike
        The policy's file.
    models : str or os.PathLike, optional
        The models to check it against, as :meth:`valuation.Engine.load` takes them; by default, the policy is checked
        alone.

    Returns
    -------
    list of Finding
        In the order of the file; empty if there are none.

    Raises
    ------
    ModelNotFoundError, ModelError, ChecksumError, OutOfMemoryError
        If the policy's file cannot be read, or the models cannot be loaded.
    """
    held_against = (None, 0) if models is None else path_arguments(models)
    findings = report_of(library.valuation_policy_check, *path_arguments(policy), *held_against)
    return [
        Finding(found["severity"], found["status"], found["line"], found["json_path"], found["message"])
        for found in findings
    ]
