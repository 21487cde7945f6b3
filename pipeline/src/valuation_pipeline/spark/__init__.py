# SPDX-License-Identifier: Apache-2.0
"""Beyond one machine: what reads all rows, and what fits campaigns, runs in the executors of Apache Spark.

The functions are those of the other steps, called there; so models are, byte for byte, those of one machine. pyspark is
imported where a session is asked for, and not before.
"""

from valuation_pipeline.spark.campaigns import Executors
from valuation_pipeline.spark.scoring import score_examples
from valuation_pipeline.spark.session import session
from valuation_pipeline.spark.tabulating import tabulate

__all__ = ["Executors", "score_examples", "session", "tabulate"]
