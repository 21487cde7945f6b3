# SPDX-License-Identifier: Apache-2.0
"""The common base of all sections of the configuration."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from valuation_pipeline.errors import PipelineError


class Options(BaseModel):
    """A section of a TOML file: immutable; an unknown member is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


Read = TypeVar("Read", bound=Options)


def read_toml(file: Path) -> dict[str, Any]:
    """Read a TOML file; a PipelineError says where it is invalid."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise PipelineError(f"{file}: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PipelineError(f"{file}: no TOML: {error}") from error


def as_options(kind: type[Read], value: Any, place: str) -> Read:
    """Check a value that was read; a PipelineError names every member that is wrong.

    Parameters
    ----------
    kind : type
        The expected type.
    value : Any
        As read from TOML or JSON.
    place : str
        The beginning of the message: the file, and the section if there is one.
    """
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        lines = [
            f"{place}: {'.'.join(map(str, problem['loc'])) or 'the file'}: {problem['msg']}"
            + (f" (it is {problem['input']!r})" if problem["type"] != "missing" else "")
            for problem in error.errors(include_url=False)
        ]
        raise PipelineError("\n".join(lines)) from error
