# SPDX-License-Identifier: Apache-2.0
"""The shapes of the dictionaries that JSON calls return, for readers and type checkers."""

from __future__ import annotations

from typing import Any, Literal, TypedDict


class Value(TypedDict, total=False):
    """The value of one ad. ``ad`` is present if the candidate had one."""

    ad: str
    campaign: str
    #: Currency unit of the bid, per impression.
    expected_revenue: float
    #: P(click | request, ad), or None without a model.
    pctr: float | None
    #: P(conversion | request, ad, click); None unless pricing is CPA and a model exists.
    pcvr: float | None
    #: Names of flags, see :meth:`valuation.Flag.names`.
    flags: list[str]
    #: Under a policy: the predictor that it is from, and the experiment and variant that chose that; None for none.
    predictor: str
    experiment: str | None
    variant: str | None
    #: If a policy leaves something to chance: how likely the candidate was to be chosen.
    propensity: float
    #: Why the candidate is invalid; present only with the flag ``invalid_candidate``.
    problem: str


class Chosen(Value, total=False):
    """The value of the candidate to show."""

    #: Its position among the candidates of the request.
    candidate: int


class Served(TypedDict, total=False):
    """What an answer is from, and how much of the request the models know."""

    id: str
    #: The id of the release that serves as LATEST; None if the models are no release.
    release: str | None
    #: The version of the policy; None without a policy, or if it has none.
    policy: str | None
    #: See :class:`valuation.Outcome`, as for the following.
    generation: int
    request_features: int
    request_features_known: int
    candidate_features: int
    candidate_features_known: int
    #: Present only if it is true.
    budget_exceeded: bool


class Answer(Served, total=False):
    """Values in the order of the candidates, or the best first if the request asks for ``top``."""

    values: list[Value]
    #: If a policy leaves something to chance: the candidate to show; None if none is worth anything.
    chosen: Chosen | None
    #: How many candidates are invalid, or have invalid bids; present only if there are some.
    invalid_candidates: int


# "from" is a keyword, so this one is not written as a class.
Term = TypedDict(
    "Term",
    {
        "term": Literal["intercept", "sampling", "feature", "number", "cross"],
        "from": str,
        "feature": str,
        "number": float,
        "model": str,
        "weight": float,
        "logit": float,
        "expected_revenue": float,
    },
    total=False,
)
Term.__doc__ = """One summand of a logit: what it is, whose model it is from, and what it adds.

``logit`` is what it adds to the logit; ``expected_revenue`` is how much less the ad would be worth without it.
"""


Ignored = TypedDict(
    "Ignored",
    {
        "reason": Literal["unknown_field", "unknown_feature", "wrong_type", "invalid_number"],
        "from": Literal["request", "ad"],
        "field": str,
        "value": str,
        "did_you_mean": str,
    },
    total=False,
)
Ignored.__doc__ = """What of the features does not count: a field, or one ``value`` of it, and why."""


class Logit(TypedDict):
    """How one probability is composed: the terms add up to the logit."""

    #: None if the time was up and the probability is the model's prior, or if it is an observed rate.
    logit: float | None
    probability: float
    terms: list[Term]


class ObservedClicks(TypedDict):
    """The counts behind an observed rate of clicks; None for what was not counted or is unknown."""

    clicks: float | None
    impressions: float | None
    #: Of its advertiser's other campaigns.
    advertiser_clicks: float
    advertiser_impressions: float
    overall_rate: float | None
    #: The weight of the prior in impressions.
    prior_weight: float
    #: The mean and the standard deviation of the posterior.
    rate: float | None
    standard_deviation: float | None


class ObservedConversions(TypedDict):
    """The same for conversions, which are counted among clicks."""

    conversions: float | None
    clicks: float | None
    advertiser_conversions: float
    advertiser_clicks: float
    overall_rate: float | None
    prior_weight: float
    rate: float | None
    standard_deviation: float | None


class ObservedRates(TypedDict):
    """The counts of a campaign, and the rates that follow from them."""

    click: ObservedClicks
    conversion: ObservedConversions


class ExplainedValue(Value, total=False):
    """A value and its reasons; None if there is no model, ``conversion`` also unless pricing is CPA."""

    #: None if the models have no counts.
    observed: ObservedRates | None
    ignored: list[Ignored]
    click: Logit | None
    conversion: Logit | None


class Explanation(Served, total=False):
    """An answer with reasons."""

    values: list[ExplainedValue]
    chosen: Chosen | None
    invalid_candidates: int


class ExperimentAssignment(TypedDict):
    """The result of an experiment for a request, whatever the campaign."""

    experiment: str
    layer: str
    #: What it buckets by, for example ``"user"``.
    unit: str
    #: From 0 to 9,999; None if the request has no such unit.
    bucket: int | None
    #: ``"holdout"`` for a unit held out; None if the experiment does not run for the request, or no variant has the
    #: bucket.
    variant: str | None
    why: str


class Step(TypedDict):
    """A rule that was evaluated: ``"overrides[0]"``, ``"experiments[1]"`` or ``"default"``.

    ``name`` is the name of an experiment, the reason of an override, None for the default.
    """

    rule: str
    name: str | None
    holds: bool
    why: str
    #: The predictor that it names, None if it does not hold or names none.
    predictor: str | None


class Adjustment(TypedDict):
    """The adjustment of a campaign's values: multiplied, then raised to the floor, then lowered to the cap."""

    multiplier: float
    floor: float
    cap: float | None


class AssignedValue(TypedDict):
    """The decision for a candidate, and its reasons."""

    ad: str | None
    campaign: str | None
    #: See :meth:`valuation.Engine.find_source`.
    source: int
    predictor: str
    experiment: str | None
    variant: str | None
    #: In the order of evaluation, up to the rule that decides.
    steps: list[Step]
    adjustment: Adjustment | None


class Assignment(TypedDict):
    """The decisions of a policy for a request. ``policy`` is the version in the policy's file."""

    id: str | None
    release: str | None
    policy: str | None
    generation: int
    experiments: list[ExperimentAssignment]
    values: list[AssignedValue]


class ModelDescription(TypedDict):
    """One loaded model; ``training`` is what its file reports about its training."""

    campaign: str
    target: Literal["click", "conversion"]
    extends: str | None
    #: Whether it represents an observed rate, overall or of the campaign, and is in no file.
    prior: bool
    version: str | None
    intercept: float
    negative_sampling_rate: float
    categorical_weights: int
    numeric_weights: int
    cross_weights: int
    #: The number of weights with a known variance.
    variances: int
    self_tests: int
    training: dict[str, Any] | None


class ReleaseName(TypedDict):
    """A release, and when it was published: ``"2026-11-21T03:00:00Z"``."""

    id: str
    created: str


class Origin(TypedDict):
    """The source of models: the path that was opened, and the release if it is one."""

    source: str
    release: ReleaseName | None


class Description(Origin):
    """Description of what is loaded: source, totals, and each model under ``list``."""

    #: The number of what serves: see :meth:`valuation.Engine.find_generation`.
    generation: int
    #: Whether a compiled file is mapped.
    compiled: bool
    #: Whether the models were in memory already when they were loaded.
    reused: bool
    #: What :meth:`valuation.Engine.roll_back` goes back to.
    previous: Origin | None
    #: The release that :meth:`valuation.Engine.refresh` skips.
    held_back: str | None
    models: int
    campaigns: int
    labels: int
    #: Including those of 0, as everywhere.
    weights: int
    index_bytes: int
    click_models: int
    conversion_models: int
    list: list[ModelDescription]
