# SPDX-License-Identifier: Apache-2.0
"""The batch half of valuation: from delivery logs to releases, every day.

Each step is a folder, and a command on files: logs, sampling, features, training, checks; the workflow runs them by
date. The options of a step are in its ``options``.
"""

__version__ = "0.1.0"
