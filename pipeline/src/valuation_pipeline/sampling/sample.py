# SPDX-License-Identifier: Apache-2.0
"""The rows of a sample, as SQL, and the share of negatives that it kept."""

from __future__ import annotations

from dataclasses import dataclass

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.sampling.options import SamplingOptions


@dataclass(frozen=True)
class Sample:
    """The counts of a sample.

    Attributes
    ----------
    positives : int
        Rows with the outcome; all are kept.
    negatives : int
        Rows without it.
    kept_negatives : int
        Those of them that were kept.
    """

    positives: int
    negatives: int
    kept_negatives: int

    @property
    def share(self) -> float:
        """The share of negatives kept, above 0 and at most 1: a model's ``negative_sampling_rate``.

        It is counted, not 1 / one_in: of 17,000 negatives one in fifty keeps 340 give or take 18, and a correction by
        the nominal rate would be wrong by those 5 %. 1 if there are no negatives.
        """
        return self.kept_negatives / self.negatives if self.negatives else 1.0


def sample_condition(options: SamplingOptions, outcome: str = "click", impression: str = "impression_id") -> str:
    """Return the SQL condition for the rows of a sample, in DuckDB's and in BigQuery's dialect.

    The remainder is taken before the absolute value: that gives the same as MOD(ABS(x), n) for every x, and avoids the
    overflow of ABS at the least BIGINT. In DuckDB it needs :func:`register_fingerprint`.

    Parameters
    ----------
    options : SamplingOptions
        Which of the negatives to keep.
    outcome : str
        SQL of a boolean that is true for positives, all of which are kept; not null.
    impression : str
        SQL of the impression's id, a text.
    """
    if options.one_in == 1:
        return "TRUE"
    return f"({outcome} OR ABS(MOD(FARM_FINGERPRINT({impression}), {options.one_in})) = {options.part})"


def sample_of(positives: int, negatives: int, kept_negatives: int, options: SamplingOptions) -> Sample:
    """Return the counts of a sample.

    Raises
    ------
    PipelineError
        If there are negatives and none was kept, because a model cannot be corrected by a rate of 0.
    """
    if negatives and not kept_negatives:
        raise PipelineError(
            f"sampling: part {options.part} of one in {options.one_in} holds none of {negatives} negatives; "
            "make sampling.one_in smaller"
        )
    return Sample(positives, negatives, kept_negatives)
