# SPDX-License-Identifier: Apache-2.0
"""The section ``[sampling]``."""

from __future__ import annotations

from pydantic import Field, model_validator

from valuation_pipeline.options import Options


class SamplingOptions(Options):
    """How many of the negatives are trained on.

    Attributes
    ----------
    one_in : int, default=1
        Keep one negative in this many; 1 keeps all. At most 1,000,000.
    part : int, default=0
        Which of the ``one_in`` parts of the negatives: from 0 to ``one_in`` - 1. Models of different parts saw
        different negatives and the same positives (bagging).
    """

    one_in: int = Field(default=1, ge=1, le=1_000_000)
    part: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _part_is_one_of_them(self) -> SamplingOptions:
        if self.part >= self.one_in:
            raise ValueError(f"part is from 0 to {self.one_in - 1}, for one_in is {self.one_in}")
        return self
