# SPDX-License-Identifier: Apache-2.0
"""The day's run: Luigi tasks by date, from a log that has arrived to a release that serves, and a page about it."""
