# SPDX-License-Identifier: Apache-2.0
"""Whole logs valued by the engine, as servers would have: with the models of any day."""
