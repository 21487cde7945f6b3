# SPDX-License-Identifier: Apache-2.0
"""The error that people can mend."""


class PipelineError(Exception):
    """An input, a configuration or a state that the pipeline cannot go on with.

    The message says where, what, and what to do about it; commands print it without a traceback and exit with 1.
    """
