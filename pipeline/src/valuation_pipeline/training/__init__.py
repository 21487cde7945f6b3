# SPDX-License-Identifier: Apache-2.0
"""From examples to models: a shared model, a sparse correction for each campaign, and figures of held-back days.

``train`` makes the models of one target; ``options`` has its options; each strategy has a file of its own.
Documentation/training.md explains what the steps compute, and the sources of the formulas.
"""
