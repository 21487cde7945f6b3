# SPDX-License-Identifier: Apache-2.0
"""The error for problems that people can fix."""

from typing import ClassVar


class PipelineError(Exception):
    """An input, a configuration or a state with which the pipeline cannot go on.

    The message says where, what, and what to do about it. Commands print it without a traceback and exit with
    ``exit_code``; errors that callers must distinguish have exit codes of their own.
    """

    exit_code: ClassVar[int] = 1


def told(error: OSError) -> str:
    """Say which file the system refused, and why; without a file, the reason alone."""
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)
