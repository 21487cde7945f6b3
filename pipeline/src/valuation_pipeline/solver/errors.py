# SPDX-License-Identifier: Apache-2.0
"""Errors of the solver's calls."""

from valuation_pipeline.errors import PipelineError


class SolverError(PipelineError, ValueError):
    """A problem or a setting that cannot be fitted; the message names the array, the row and the column."""


class FitStopped(Exception):  # noqa: N818  # not an error: the caller asked for it
    """A fit was ended by its ``Stop``."""
