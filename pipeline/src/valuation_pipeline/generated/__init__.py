# SPDX-License-Identifier: Apache-2.0
"""Delivery logs with known truth: the probabilities that outcomes were drawn with stand beside them."""
