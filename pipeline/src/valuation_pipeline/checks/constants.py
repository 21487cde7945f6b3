# SPDX-License-Identifier: Apache-2.0
"""A constant model, which replaces one that is no better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.training.job import shrunk_rates
from valuation_pipeline.training.options import Target

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Rate:
    """The rate for a constant of a campaign.

    Attributes
    ----------
    probability : float
        Its rate, shrunk towards that of all campaigns: above 0 and below 1.
    rows, positives : int
        Before negatives were dropped.
    complete_rows : float
        The known part of the rows: of a click whose conversion may still come, the share of conversions that has come.
    advertiser : str or None
    """

    probability: float
    rows: int
    positives: int
    complete_rows: float
    advertiser: str | None = None


def observed_rates(target: Target, campaigns: Sequence[Mapping[str, Any]]) -> dict[str, Rate]:
    """Return the rate of each campaign, and that of all of them as "*".

    They are :func:`training.job.shrunk_rates`: training compared the models with these constants.

    Parameters
    ----------
    target : str
    campaigns : sequence of dict
        The campaigns of ``training.json``: their ``campaign``, ``rows``, ``positives``, ``complete_rows``, and
        ``advertiser`` if known.
    """
    rows = sum(campaign["rows"] for campaign in campaigns)
    positives = sum(campaign["positives"] for campaign in campaigns)
    complete = sum(campaign["complete_rows"] for campaign in campaigns)
    shrunk, overall = shrunk_rates(
        np.array([campaign["positives"] for campaign in campaigns], np.float64),
        np.array([campaign["complete_rows"] for campaign in campaigns], np.float64),
        target,
    )
    rates = {
        campaign["campaign"]: Rate(
            probability,
            campaign["rows"],
            campaign["positives"],
            campaign["complete_rows"],
            campaign.get("advertiser"),
        )
        for campaign, probability in zip(campaigns, shrunk.tolist(), strict=True)
    }
    return {"*": Rate(overall, rows, positives, complete), **rates}


def replace_by_constants(
    documents: Sequence[Document], target: Target, rates: Mapping[str, Rate]
) -> list[dict[str, Any]]:
    """Return the models of a target with constants for some campaigns.

    Parameters
    ----------
    documents : sequence of dict
        All models of the target from one run (``valuation-model/1``).
    target : str
    rates : mapping of str to Rate
        The campaigns whose models to replace, with "*" for the shared one. One that has no model of its own gets one,
        because the shared model would value it otherwise.

    Returns
    -------
    list of dict
        In the given order, followed by campaigns that had none. O(documents).

    Raises
    ------
    PipelineError
        If a model that stays extends one that is replaced, because it would then correct a constant.
    """
    if not rates:
        return [dict(document) for document in documents]
    if not documents:
        raise PipelineError(f"there is no {target} model to take a constant's version and sampling rate from")
    replaced = []
    for document in documents:
        if document["campaign"] in rates:
            replaced.append(_constant(document, document["campaign"], rates[document["campaign"]]))
        elif document.get("extends") in rates:
            raise PipelineError(
                f"the {target} model of campaign {document['campaign']!r} extends that of {document['extends']!r}, "
                f"which a constant is to replace; replace both"
            )
        else:
            replaced.append(dict(document))
    present = {document["campaign"] for document in documents}
    added = [_constant(documents[0], campaign, rate) for campaign, rate in rates.items() if campaign not in present]
    return replaced + added


def _constant(like: Document, campaign: str, rate: Rate) -> dict[str, Any]:
    """Return the document of a model without weights.

    Its version and sampling rate are those of another model. If that one has a variance, its own is the intercept's in
    a logistic regression on the sampled rows, 1 / (n p (1 - p)). It extends nothing: a constant corrects nothing.
    """
    share, p = like["negative_sampling_rate"], rate.probability
    trainer = f"constant instead of {(like.get('training') or {}).get('trainer') or 'a model'}"
    result = {
        "format": "valuation-model/1",
        "kind": "logistic",
        "campaign": campaign,
        "target": like["target"],
        "version": like["version"],
        **({"advertiser": rate.advertiser} if rate.advertiser is not None else {}),
        "intercept": log(p / (1 - p)) - log(share),
        "negative_sampling_rate": share,
        "categorical": {},
        "training": {
            "rows": rate.rows,
            "positives": rate.positives,
            **({"base_rate": rate.positives / rate.rows} if rate.rows else {}),
            "trainer": trainer.encode()[:255].decode(errors="ignore"),
        },
        "self_test": [{"features": {}, "probability": p}],
    }
    if "variance" in like:
        rows = max(1.0, rate.complete_rows)
        result["variance"] = {"intercept": min(10_000.0, 1 / (rows * p) + 1 / (rows * (1 - p) * share))}
    return result
