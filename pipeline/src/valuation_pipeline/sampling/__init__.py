# SPDX-License-Identifier: Apache-2.0
"""Negatives dropped by the fingerprint of the impression's id: the same choice in every process, and in BigQuery."""

from valuation_pipeline.sampling.fingerprint import register_fingerprint
from valuation_pipeline.sampling.options import SamplingOptions
from valuation_pipeline.sampling.sample import Sample, sample_condition, sample_of

__all__ = ["Sample", "SamplingOptions", "register_fingerprint", "sample_condition", "sample_of"]
