# SPDX-License-Identifier: Apache-2.0
"""The numbers with a meaning: status of a call, flags of a value, pricing of a candidate."""

from __future__ import annotations

import enum


class Status(enum.IntEnum):
    """The outcome of a call; valuation.h has the meaning of each. Numbers never change."""

    OK = 0
    INVALID_ARGUMENT = 1
    STRUCT_SIZE = 2
    OUT_OF_MEMORY = 3
    FILE_NOT_FOUND = 4
    READ_FAILED = 5
    GZIP = 6
    JSON_SYNTAX = 7
    DUPLICATE_KEY = 8
    FORMAT = 9
    INVALID_VALUE = 10
    NON_FINITE = 11
    DUPLICATE_MODEL = 12
    UNKNOWN_MODEL = 13
    KEY_COLLISION = 14
    SELF_TEST = 15
    LIMIT_EXCEEDED = 16
    NOTHING_LOADED = 17
    CHECKSUM = 18
    WRITE_FAILED = 19
    UNKNOWN_RELEASE = 20
    RELEASE_EXISTS = 21
    BUSY = 22
    SECRET = 23
    NO_PREVIOUS = 24
    NOTHING_FOLLOWED = 25
    NOTHING_PREPARED = 26
    STALE = 27
    NOT_COMPILED = 28
    UNKNOWN_GENERATION = 29
    UNKNOWN_SOURCE = 30
    NO_POLICY = 31


class Pricing(enum.IntEnum):
    """What the advertiser pays for, which is also the unit of a bid."""

    #: A bid per thousand impressions.
    CPM = 1
    #: A bid per click.
    CPC = 2
    #: A bid per conversion.
    CPA = 3


class Flag(enum.IntFlag):
    """What is unusual about a value. Several may be set; a newer library may set further bits.

    The JSON answers spell them in lower case, as :meth:`names` does.
    """

    #: The campaign has neither a click nor a conversion model of its own.
    UNKNOWN_CAMPAIGN = 1 << 0
    #: pctr is from the model of campaign ``*``.
    DEFAULT_CLICK_MODEL = 1 << 1
    #: pcvr is from the model of campaign ``*``.
    DEFAULT_CONVERSION_MODEL = 1 << 2
    #: pctr is NaN; CPC and CPA are worth 0.
    NO_CLICK_MODEL = 1 << 3
    #: pcvr is NaN; CPA is worth 0.
    NO_CONVERSION_MODEL = 1 << 4
    #: JSON requests: a field that no model knows; often a misspelt name.
    UNKNOWN_FIELD = 1 << 6
    #: JSON requests: text for a number's field, or an object or a nested array.
    WRONG_TYPE = 1 << 7
    #: The number of a feature is NaN or infinite.
    INVALID_NUMBER = 1 << 8
    #: The bid is NaN, infinite or negative; the candidate is worth 0.
    INVALID_BID = 1 << 9
    #: Unknown pricing, too many features, or malformed JSON; the candidate is worth 0.
    INVALID_CANDIDATE = 1 << 10
    #: A logit beyond -80 ... 80 was clamped.
    CLAMPED = 1 << 11
    #: The time budget was used up: probabilities are the model's prior.
    BUDGET_EXCEEDED = 1 << 12
    #: Neither the campaign nor ``*`` has a click model: pctr is the campaign's observed rate, shrunk towards its
    #: advertiser's rate and the overall one.
    CLICK_PRIOR = 1 << 13
    #: Likewise pcvr.
    CONVERSION_PRIOR = 1 << 14
    #: The campaign has no click model of its own; pctr is from the model that it extends.
    BASE_CLICK_MODEL = 1 << 15
    #: Likewise pcvr.
    BASE_CONVERSION_MODEL = 1 << 16
    #: The request lacks the unit that the experiment buckets by: it got the control.
    NO_UNIT = 1 << 17
    #: An override of the policy chose the predictor.
    OVERRIDDEN = 1 << 18
    #: The campaign's multiplier, floor or cap changed expected_revenue.
    ADJUSTED = 1 << 19
    #: The probabilities were drawn from the model's uncertainty.
    EXPLORED = 1 << 20

    @staticmethod
    def names(flags: int) -> list[str]:
        """Return the names of the bits that are set, lowest first.

        Parameters
        ----------
        flags : int
            The ``flags`` of a value.

        Returns
        -------
        list of str
            For example ``["unknown_campaign", "clamped"]``. A bit that this version does not know is named by
            its number, for example ``"bit 30"``.
        """
        bits = [bit for bit in range(32) if int(flags) >> bit & 1]
        known = {flag.value: str(flag.name).lower() for flag in Flag}
        return [known.get(1 << bit, f"bit {bit}") for bit in bits]
