# SPDX-License-Identifier: Apache-2.0
"""Delivery logs with known truth: the true probabilities of the outcomes are beside them."""
