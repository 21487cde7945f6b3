# SPDX-License-Identifier: Apache-2.0
"""Delivery logs: their schema, readers, checks, and the examples that training takes from them."""
