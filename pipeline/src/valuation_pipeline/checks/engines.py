# SPDX-License-Identifier: Apache-2.0
"""Whole tables scored by the engine itself, and releases on disk."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pyarrow as pa
from valuation import Batch, Candidates, Engine

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.features import FeatureSet, of_rows

#: The pricing under which the engine needs both probabilities.
BOTH = "cpa"


@dataclass(frozen=True)
class Release:
    """A release on disk."""

    id: str
    folder: Path


def last_release(models: Path | None) -> Release | None:
    """Find the release that serves.

    Parameters
    ----------
    models : Path or None
        A directory of releases, or one release.

    Returns
    -------
    Release or None
        None if nothing was published yet.

    Raises
    ------
    PipelineError
        If the directory is neither.
    """
    if models is None or not models.exists():
        return None
    if (models / "LATEST").is_file():
        name = (models / "LATEST").read_text(encoding="utf-8").strip()
        return _release(models / "releases" / name)
    if (models / "manifest.json").is_file():
        return _release(models)
    if not any(models.iterdir()):
        return None
    raise PipelineError(f"{models}: neither a directory of releases (no LATEST) nor a release (no manifest.json)")


def releases_beside(release: Release) -> dict[str, Path]:
    """Return all releases of the directory that contains a release, by id."""
    return {manifest.parent.name: manifest.parent for manifest in sorted(release.folder.parent.glob("*/manifest.json"))}


def score(
    engine: Engine, table: pa.Table, feature_set: FeatureSet, pricing: Any = None, bids: Any = None
) -> npt.NDArray[Any]:
    """Value each row of a table of features as an impression with one candidate.

    Parameters
    ----------
    engine : Engine
        With models loaded.
    table : pyarrow.Table
        From ``features.tabulate``.
    feature_set : FeatureSet
        Its fields.
    pricing, bids : optional
        Replaces the table's own bid and pricing, without which a row's expected revenue is 0.

    Returns
    -------
    ndarray of ``valuation.VALUE_DTYPE``, shape (rows,)
    """
    request, ad = of_rows(engine, table, feature_set)
    campaigns = engine.campaign_keys(table["campaign"])
    return engine.score_batch(
        Batch(
            request,
            Candidates(
                campaigns,
                table["pricing"] if pricing is None else pricing,
                table["bid"] if bids is None else bids,
                ad,
            ),
        )
    )


def _release(folder: Path) -> Release:
    file = folder / "manifest.json"
    try:
        return Release(json.loads(file.read_text(encoding="utf-8"))["id"], folder)
    except (OSError, ValueError, KeyError) as error:
        raise PipelineError(
            f"{file}: no manifest of a release: {error}; copy or publish the release again, or name another"
        ) from error
