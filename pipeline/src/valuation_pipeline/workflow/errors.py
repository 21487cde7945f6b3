# SPDX-License-Identifier: Apache-2.0
"""Why a day can stop, where cron is to tell the reasons apart; Documentation/pipeline.md says what to do about each."""

from __future__ import annotations

from valuation_pipeline.errors import PipelineError


class HeldBackError(PipelineError):
    """Checks failed: the release is not published, and what serves goes on serving."""

    exit_code = 3


class NotArrivedError(PipelineError):
    """The day's log is not whole, however long it was waited for."""

    exit_code = 4


class LockedError(PipelineError):
    """Another run works on this day, or publishes to these models."""

    exit_code = 5
