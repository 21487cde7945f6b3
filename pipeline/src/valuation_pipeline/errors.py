# SPDX-License-Identifier: Apache-2.0
"""The errors for problems that people can fix."""

import errno
from typing import ClassVar

#: What helps against an error of the operating system, by its number.
_HELP = {
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there",
    errno.EFBIG: "raise the limit of a file's size (ulimit -f)",
    errno.EACCES: "let this user read and write there",
    errno.EPERM: "let this user read and write there",
    errno.EROFS: "let this user read and write there",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENOMEM: "have more memory, or use fewer --workers",
}


class PipelineError(Exception):
    """An input, a configuration or a state with which the pipeline cannot go on.

    The message says where, what, and what to do about it. Commands print it without a traceback and exit with
    ``exit_code``; errors that callers must distinguish have exit codes of their own.
    """

    exit_code: ClassVar[int] = 1


class HeldBackError(PipelineError):
    """Checks failed: the release is not published, and what serves goes on serving."""

    exit_code = 3


def as_pipeline_error(error: BaseException) -> PipelineError | None:
    """Return an error as one that people can mend; None for a defect of this program.

    Those of the operating system and of DuckDB's reading and writing are such, and those of the engine, whose messages
    say what to do.
    """
    import duckdb  # only after an error, for the command is to begin quickly
    import valuation

    if isinstance(error, PipelineError):
        return error
    if isinstance(error, valuation.Error):
        return PipelineError(str(error))
    if isinstance(error, OSError):
        places = " to ".join(str(name) for name in (error.filename, error.filename2) if name is not None)
        what = error.strerror or str(error) or type(error).__name__
        help_ = _HELP.get(error.errno or 0, "see that it is there, and what it is to be")
        return PipelineError(f"{places}: {what}; {help_}, and run again" if places else what)
    if isinstance(error, duckdb.OperationalError):
        return PipelineError(f"{str(error).splitlines()[0]}; mend that, and run again")
    return None
