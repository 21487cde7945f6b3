# SPDX-License-Identifier: Apache-2.0
"""The inputs of a run's checks: its examples, its models, and their predictions for held-back days."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, get_args

import duckdb
import numpy as np
import pyarrow.parquet as pq

from valuation_pipeline.checks.arrivals import quoted
from valuation_pipeline.checks.held_out import HeldOut
from valuation_pipeline.database import connect
from valuation_pipeline.errors import PipelineError
from valuation_pipeline.training.options import Target

TARGETS: tuple[Target, ...] = get_args(Target)


@dataclass(frozen=True)
class TrainedTarget:
    """The output of training for one target.

    Attributes
    ----------
    target : str
    documents : list of dict
        ``models.jsonl``.
    campaigns : list of dict
        The campaigns of the training: ``campaigns`` of ``training.json``.
    held_out : HeldOut
        ``held_out.parquet``; without rows if no days could be held back.
    """

    target: Target
    documents: list[dict[str, Any]]
    campaigns: list[dict[str, Any]]
    held_out: HeldOut


@dataclass(frozen=True)
class RunInputs:
    """The contents of a run's folder.

    Attributes
    ----------
    examples : Path
        ``examples/examples.parquet``.
    set_aside : Path
        ``examples/set_aside.parquet``.
    newest : date
        The last day that has examples.
    last_day : date
        The last day that was asked for; later than ``newest`` if it has no impression that can be used.
    targets : list of TrainedTarget
        Those that were trained.
    campaign_documents : list of dict
        ``campaigns.jsonl``; empty if there is none.
    """

    examples: Path
    set_aside: Path
    newest: date
    last_day: date
    targets: list[TrainedTarget]
    campaign_documents: list[dict[str, Any]]

    @property
    def documents(self) -> list[dict[str, Any]]:
        """The models of all targets."""
        return [document for target in self.targets for document in target.documents]


def read_run(folder: Path) -> RunInputs:
    """Read the folder of a run; a PipelineError says which step is missing."""
    examples = folder / "examples" / "examples.parquet"
    if not examples.is_file():
        raise PipelineError(f"{examples}: not there; make it with `valuation-pipeline extract`")
    with connect() as connection:
        try:
            newest = connection.execute(f"SELECT max(date) FROM read_parquet({quoted(str(examples))})").fetchall()[0][0]
        except duckdb.Error as error:
            raise PipelineError(f"{examples}: no examples: {error}") from error
        if newest is None:
            raise PipelineError(f"{examples}: has no rows, so there is nothing to check")
        present = [target for target in TARGETS if (folder / target / "models.jsonl").is_file()]
        if not present:
            raise PipelineError(f"{folder}: neither click/models.jsonl nor conversion/models.jsonl; train first")
        targets = [_read_target(connection, folder / target, target, examples) for target in present]
    campaigns = folder / "campaigns.jsonl"
    return RunInputs(
        examples=examples,
        set_aside=folder / "examples" / "set_aside.parquet",
        newest=newest,
        last_day=_last_day(folder / "examples" / "counts.json", newest),
        targets=targets,
        campaign_documents=_read_lines(campaigns) if campaigns.is_file() else [],
    )


def _read_target(connection: duckdb.DuckDBPyConnection, folder: Path, target: Target, examples: Path) -> TrainedTarget:
    documents = _read_lines(folder / "models.jsonl")
    training = _read_json(folder / "training.json")
    file = folder / "held_out.parquet"
    try:
        table = pq.read_table(
            file, columns=["impression_id", "campaign", "outcome", "probability", "constant", "weight"]
        )
        connection.register("held", table.select(["impression_id"]))
        days = connection.execute(
            f"SELECT count(DISTINCT date) FROM read_parquet({quoted(str(examples))}) SEMI JOIN held USING "
            f"(impression_id)"
        ).fetchall()[0][0]
        held_out = HeldOut.of(
            target,
            max(1, days),
            table["campaign"].to_pylist(),
            table["outcome"].to_numpy().astype(np.bool_),
            table["probability"].to_numpy().astype(np.float64),
            table["constant"].to_numpy().astype(np.float64),
            table["weight"].to_numpy().astype(np.float64),
        )
    except (OSError, ValueError, KeyError) as error:
        raise PipelineError(f"{file}: not the predictions of held-back days: {error}; train again") from error
    try:
        campaigns = training["campaigns"]
        for row in campaigns:
            counts = [row["positives"], row["complete_rows"], row["rows"]]
            if not (isinstance(row["campaign"], str) and 0 <= counts[0] <= min(counts[1:])):
                raise ValueError(row)
    except (KeyError, TypeError, ValueError) as error:
        raise PipelineError(f"{folder / 'training.json'}: campaigns: not a list of campaigns; train again") from error
    return TrainedTarget(target, documents, campaigns, held_out)


def _last_day(counts: Path, newest: date) -> date:
    """Read which days were asked for; examples that came without their counts end with their newest day."""
    if not counts.exists():
        return newest
    try:
        return max(newest, date.fromisoformat(_read_json(counts)["last_day"]))
    except (KeyError, TypeError, ValueError) as error:
        raise PipelineError(f"{counts}: last_day: no date; extract the examples again") from error


def _read_json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PipelineError(f"{file}: cannot be read: {error}; train again") from error


def _read_lines(file: Path) -> list[dict[str, Any]]:
    documents = []
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                if line.strip():
                    documents.append(json.loads(line))
            except ValueError as error:
                raise PipelineError(f"{file}, line {number}: no JSON: {error}; train again") from error
    return documents
