# SPDX-License-Identifier: Apache-2.0
"""Reasons for a day to stop, with exit codes for cron; Documentation/pipeline.md says what to do about each."""

from __future__ import annotations

from valuation_pipeline.errors import PipelineError


class NotArrivedError(PipelineError):
    """The day's log is still not complete after waiting."""

    exit_code = 4


class LockedError(PipelineError):
    """Another run works on this day, or publishes to these models."""

    exit_code = 5
