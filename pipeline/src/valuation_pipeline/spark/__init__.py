# SPDX-License-Identifier: Apache-2.0
"""Beyond one machine: the steps that read all rows, and the fits of campaigns, run in the executors of Apache Spark.

Executors call the functions of the other steps, so models are, byte for byte, those of one machine. pyspark is only
imported when a session is requested.
"""

from valuation_pipeline.spark.campaigns import Executors
from valuation_pipeline.spark.scoring import score_examples
from valuation_pipeline.spark.session import session
from valuation_pipeline.spark.tabulating import tabulate

__all__ = ["Executors", "score_examples", "session", "tabulate"]
