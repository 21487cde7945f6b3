# SPDX-License-Identifier: Apache-2.0
"""From examples to models: a shared model, a sparse correction for each campaign, and what held-back days say of them.

``train`` makes the models of one target; ``options`` is what it may be told; each strategy has a file of its own. What
the steps compute, and where the formulas come from, is told in Documentation/training.md.
"""
