# SPDX-License-Identifier: Apache-2.0
"""Campaigns fitted in executors, in bundles, by the functions that fit them on one machine."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from valuation_pipeline.spark.bundles import Bundle, bundled, rows_of
from valuation_pipeline.spark.executor import VERSIONS, check_versions
from valuation_pipeline.spark.session import failures_told
from valuation_pipeline.training.campaign_fits import CampaignFits
from valuation_pipeline.training.workers import Result

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

BUNDLES_A_TASK = 4
"""So many bundles for each task that can run at a time: with more, the last ones end sooner after each other."""

_FITTED = pa.schema([("campaign", pa.int32()), ("result", pa.binary())])


@dataclass(frozen=True)
class Executors:
    """The executors of a session, as an engine for fits (``training.workers.Workers``).

    Each bundle's rows, encoded, go there once and are held in memory by one Python process.
    """

    session: SparkSession

    def each(
        self, function: Callable[[CampaignFits, int], Result], fits: CampaignFits, campaigns: Sequence[int]
    ) -> Iterator[tuple[int, Result]]:
        """See ``training.workers.Workers``."""
        from pyspark.sql.pandas.types import from_arrow_schema

        if not campaigns:
            return
        tasks = self.session.sparkContext.defaultParallelism
        bundles = bundled(np.diff(fits.fitted.bounds), campaigns, BUNDLES_A_TASK * tasks)
        versions, bundle = VERSIONS, Bundle.of(fits)

        def work(table: pa.Table) -> pa.Table:
            return _work(versions, function, bundle, table)

        with failures_told("campaigns by Spark"):
            rows = self.session.createDataFrame(rows_of(fits, bundles)).repartition(len(bundles), "bundle")
            fitted = rows.groupBy("bundle").applyInArrow(work, from_arrow_schema(_FITTED)).toArrow()
        results = dict(zip(fitted["campaign"].to_pylist(), fitted["result"].to_pylist(), strict=True))
        for campaign in campaigns:
            yield campaign, pickle.loads(results.pop(campaign))


def _work(versions: str, function: Callable[[CampaignFits, int], Any], bundle: Bundle, table: pa.Table) -> pa.Table:
    """Fit a bundle's campaigns in an executor."""
    check_versions(versions)
    fits, campaigns = bundle.fits(table)
    results = [pickle.dumps(function(fits, place)) for place in range(len(campaigns))]
    return pa.table([campaigns, results], schema=_FITTED)
