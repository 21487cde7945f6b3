# SPDX-License-Identifier: Apache-2.0
"""The file pipeline.toml, with a section for each step."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from valuation_pipeline.checks.options import CheckOptions
from valuation_pipeline.errors import PipelineError
from valuation_pipeline.logs.mapping import READERS
from valuation_pipeline.logs.options import LogOptions
from valuation_pipeline.options import Options, as_options, read_toml
from valuation_pipeline.sampling import SamplingOptions
from valuation_pipeline.training.options import TrainingOptions
from valuation_pipeline.workflow.options import WorkflowOptions

FORMAT = "valuation-pipeline/1"
DEFAULT = Path("pipeline.toml")


class Configuration(Options):
    """The contents of pipeline.toml, with defaults for missing members."""

    format: Literal["valuation-pipeline/1"] = Field("valuation-pipeline/1", description="The format of this file.")
    features: Path = Field(Path("features.toml"), description="The file that defines the features of an impression.")
    log: LogOptions = Field(LogOptions(), description="Which days are read, and how clicks and conversions are joined.")
    sampling: SamplingOptions = Field(SamplingOptions(), description="Which negatives are trained on.")
    training: TrainingOptions = Field(TrainingOptions(), description="How models are made.")
    checks: CheckOptions = Field(CheckOptions(), description="What holds a release back.")
    workflow: WorkflowOptions = Field(WorkflowOptions(), description="The day's run.")


def read_configuration(file: Path = DEFAULT) -> Configuration:
    """Read a configuration; its paths are made relative to the working directory.

    Parameters
    ----------
    file : Path
        ``pipeline.toml`` may be missing: then all members have their defaults.

    Raises
    ------
    PipelineError
        The file cannot be read, or a member is unknown or wrong: every one is named.
    """
    if file == DEFAULT and not file.exists():
        return Configuration()
    values = read_toml(file)
    if "format" not in values:
        raise PipelineError(f'{file}: says no format; begin it with format = "{FORMAT}"')
    configuration = as_options(Configuration, values, str(file))
    log = configuration.log
    if log.mapping is not None and str(log.mapping) not in READERS:
        log = log.model_copy(update={"mapping": file.parent / log.mapping})
    return configuration.model_copy(update={"features": file.parent / configuration.features, "log": log})


def as_toml(configuration: Configuration) -> str:
    """Write a configuration as TOML, each member below its meaning."""
    plain, sections = [], []
    for name, field in Configuration.model_fields.items():
        value = getattr(configuration, name)
        if isinstance(value, Options):
            sections.append(_comment(field.description) + f"[{name}]\n" + "".join(_members(value)))
        else:
            plain.append(_comment(field.description) + f"{name} = {_literal(value)}\n")
    return "\n".join(["".join(plain), *sections])


def descriptions(kind: type[Options]) -> dict[str, str]:
    """Return the meaning of each member of a section: its description, or else its paragraph under "Attributes"."""
    told = {}
    _, _, attributes = (kind.__doc__ or "").partition("Attributes\n")
    for paragraph in re.finditer(r"^ *(\w+)(?: :.*)?\n((?: {8}.*\n?)+)", attributes + "\n", re.MULTILINE):
        told[paragraph[1]] = " ".join(line.strip() for line in paragraph[2].splitlines())
    fields = kind.model_fields.items()
    return {name: field.description or told[name] for name, field in fields}


def _members(section: Options) -> list[str]:
    meanings = descriptions(type(section))
    members = []
    for name, field in type(section).model_fields.items():
        value, default = getattr(section, name), field.get_default(call_default_factory=True)
        changed = "" if value == default else f" By default {_literal(default)}."
        members.append(_comment(meanings[name].rstrip(".") + "." + changed))
        members.append(f"# {name} =\n" if value is None else f"{name} = {_literal(value)}\n")
    return members


def _comment(text: str | None) -> str:
    sentence = (text or "").replace("``", '"')
    sentence = sentence[:1].upper() + sentence[1:]
    return textwrap.fill(sentence, 118, initial_indent="# ", subsequent_indent="# ") + "\n"


def _literal(value: Any) -> str:
    """Write a value as TOML; JSON's texts, numbers, booleans and lists are TOML's, too."""
    if value is None:
        return "left out"
    if isinstance(value, dict):
        members = ", ".join(f"{json.dumps(key)} = {_literal(member)}" for key, member in value.items())
        return f"{{ {members} }}" if members else "{}"
    return json.dumps(value, ensure_ascii=False, default=str)
