# SPDX-License-Identifier: Apache-2.0
"""Why a row of a log is set aside."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Reason(StrEnum):
    """A reason, as in ``set_aside.parquet`` and ``counts.json``; if several hold, the first of this list."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        """Store the meaning with the text."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    UNREADABLE = "unreadable", "the line is not a record: broken JSON, too few or too many cells, not UTF-8"
    NO_ID = "no_id", "impression_id (of a candidate: request_id) is missing"
    NO_TIME = "no_time", "time is missing or invalid"
    FUTURE_TIME = "future_time", "time is after the day of its partition, or after the clock of this machine"
    WRONG_DAY = "wrong_day", "an impression's time is before the day of its partition"
    NO_CAMPAIGN = (
        "no_campaign",
        'campaign is missing, or no name that the engine takes: "*", longer than 255 bytes, with a NUL',
    )
    NO_AD = "no_ad", "ad is missing"
    BAD_VALUE = "bad_value", "another value cannot be what its column holds; the detail names the column"
    DUPLICATE = "duplicate", "the impression, its click or the same conversion has an earlier row"
    IMPRESSION_SET_ASIDE = "impression_set_aside", "its impression is set aside"
    CLICK_WITHOUT_IMPRESSION = "click_without_impression", "no impression has this impression_id"
    CLICK_BEFORE_IMPRESSION = "click_before_impression", "the click's time is before its impression's"
    CLICK_AFTER_WINDOW = "click_after_window", "the click came later than click_window_hours after its impression"
    CONVERSION_WITHOUT_IMPRESSION = "conversion_without_impression", "no impression has this impression_id"
    CONVERSION_WITHOUT_CLICK = "conversion_without_click", "its impression has no click that is used"
    CONVERSION_BEFORE_CLICK = "conversion_before_click", "the conversion's time is before its click's"
    CONVERSION_AFTER_WINDOW = (
        "conversion_after_window",
        "the conversion came later than attribution_days after its click",
    )


LATE = frozenset({Reason.CLICK_AFTER_WINDOW, Reason.CONVERSION_AFTER_WINDOW})
"""What is set aside by the windows that were asked for, and is no fault of the log."""
