# SPDX-License-Identifier: Apache-2.0
"""``valuation-pipeline score``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from valuation_pipeline.computing import EngineOption, MasterOption, computing
from valuation_pipeline.features import FeatureSet


def score(
    examples: Annotated[Path, typer.Argument(metavar="EXAMPLES", help="The folder that `extract` made.")],
    features: Annotated[Path, typer.Option(metavar="FILE", help="What the models know of an impression.")],
    models: Annotated[Path, typer.Option(metavar="PATH", help="A file, a release, or a directory of releases.")],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder of Parquet files to make.")],
    engine: EngineOption = "local",
    master: MasterOption = None,
) -> None:
    """Value every impression of a log with models: pctr, pcvr and expected revenue, beside the outcome."""
    feature_set = FeatureSet.read(features)
    with computing(engine, master) as chosen:
        count = chosen.score(examples / "examples.parquet", feature_set, models, out)
    typer.echo(f"{out}: {count:,} impressions")
