# SPDX-License-Identifier: Apache-2.0
"""The predictions of a release for the impressions of a generated log, as the engine would have logged them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from valuation import Batch, Candidates, Engine, Error

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.features import FeatureSet, of_rows, tabulate
from valuation_pipeline.logs.schema import EXAMPLES


class Served:
    """A release that values impressions by the features of a features.toml.

    Parameters
    ----------
    models : Path
        A directory of releases or a release.
    features : Path
        The features.toml that its models were trained with.

    Raises
    ------
    PipelineError
        The engine refuses the release, or the file is not a features.toml.
    """

    def __init__(self, models: Path, features: Path) -> None:
        self.feature_set = FeatureSet.read(features)
        self.engine = Engine()
        try:
            self.engine.load(models)
        except Error as error:
            raise PipelineError(f"{models}: {error}") from error
        release = self.engine.describe()["release"]
        self.release = release["id"] if release else None

    def predictions(self, impressions: pa.Table) -> dict[str, pa.Array]:
        """Return the columns pctr, pcvr, expected_revenue and release of a day's impressions, in the order of time.

        Null without a model.
        """
        count = len(impressions)
        nothing = {field.name: pa.nulls(count, field.type) for field in EXAMPLES}
        nothing |= {name: pa.repeat(pa.scalar(False), count) for name in ("click", "conversion")}
        nothing |= {"conversions": pa.repeat(pa.scalar(0, pa.int32()), count), "revenue": pa.array(np.zeros(count))}
        nothing["date"] = pc.cast(impressions["time"], pa.date32())
        columns = nothing | {name: impressions[name] for name in impressions.column_names}
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "examples.parquet"
            pq.write_table(pa.table([columns[name] for name in EXAMPLES.names], schema=EXAMPLES), file)
            table = tabulate(file, self.feature_set)
        request, ad = of_rows(self.engine, table, self.feature_set)
        campaigns = self.engine.campaign_keys(table["campaign"])
        values = self.engine.score_batch(Batch(request, Candidates(campaigns, table["pricing"], table["bid"], ad)))
        if not table["impression_id"].equals(impressions["impression_id"]):
            raise AssertionError("the impressions are not in the order of their time, a defect of this program")
        return {
            "pctr": _known(values["pctr"]),
            "pcvr": _known(values["pcvr"]),
            "expected_revenue": pa.array(values["expected_revenue"]),
            "release": pa.repeat(pa.scalar(self.release, pa.string()), count),
        }


def _known(values: np.ndarray) -> pa.Array:
    return pa.array(values.astype(np.float64), mask=np.isnan(values))
