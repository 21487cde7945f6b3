# SPDX-License-Identifier: Apache-2.0
"""The error that people can mend."""

from typing import ClassVar


class PipelineError(Exception):
    """An input, a configuration or a state that the pipeline cannot go on with.

    The message says where, what, and what to do about it; commands print it without a traceback and exit with
    ``exit_code``, which kinds of errors that a caller is to tell apart have their own of.
    """

    exit_code: ClassVar[int] = 1


def told(error: OSError) -> str:
    """Say which file the system refused, and why; without a file, the reason alone."""
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)
