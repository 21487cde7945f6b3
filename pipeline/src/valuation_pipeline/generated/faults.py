# SPDX-License-Identifier: Apache-2.0
"""Faults of a generated log on request, for tests of the checks that must find them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.generated.fields import FIELDS
from valuation_pipeline.generated.options import GeneratorOptions

FAULTS = {
    "clicks_missing": "no clicks on DATE (by default the last day); argument: DATE",
    "conversions_stopped": "no conversions from DATE on (by default the last day); argument: DATE",
    "feature_gone": "the field is missing from DATE on; argument: FIELD[@DATE], by default site on the last day",
    "labels_swapped": "a campaign's clicks are the impressions that had none; argument: CAMPAIGN[@DATE], by default "
    "the biggest campaign on all days",
    "over_predicted": "a campaign's clicks become fewer by 1.3, and its logged pctr does not; argument: "
    "CAMPAIGN[@DATE], by default the biggest campaign on all days",
    "vocabulary_moved": "the values of the fields site, device and region have other names from DATE on (by default "
    "the last day); argument: DATE",
    "duplicates": "rows written twice; argument: how many of each table and day, by default 5",
    "clicks_without_impressions": "clicks on impressions that no table has; argument: how many a day, by default 5",
    "conversions_without_clicks": "conversions of impressions without a click; argument: how many a day, by default 5",
    "times_out_of_order": "clicks a minute before their impression; argument: how many a day, by default 5",
    "future_times": "impressions, without a click, ten years later; argument: how many a day, by default 5",
}
"""Name of each fault, and what it does. Row faults of the second half are listed in planted.parquet."""

MOVED = ("site", "device", "region")
OVER_PREDICTED = 1.3
_COUNTED = (
    "duplicates",
    "clicks_without_impressions",
    "conversions_without_clicks",
    "times_out_of_order",
    "future_times",
)


@dataclass(frozen=True)
class Fault:
    """A fault and when it applies.

    Attributes
    ----------
    name : str
        One of ``FAULTS``.
    first_day, last_day : int
        The days that have it, 0 being the first one of the log.
    subject : str
        A field or a campaign, or empty.
    count : int
        Rows a day, for a fault that concerns single rows.
    """

    name: str
    first_day: int
    last_day: int
    subject: str = ""
    count: int = 0

    def on(self, day: int) -> bool:
        """Whether it applies to the day."""
        return self.first_day <= day <= self.last_day


def parse_fault(text: str, options: GeneratorOptions, biggest_campaign: str) -> Fault:
    """Read ``NAME[=argument]``; a PipelineError says what is wrong with it."""
    name, _, argument = text.partition("=")
    last = options.days - 1
    if name not in FAULTS:
        raise PipelineError(f"fault {text!r}: there is none of this name; there are {', '.join(FAULTS)}")
    if name in _COUNTED:
        if argument and not (argument.isascii() and argument.isdigit()):
            raise PipelineError(f"fault {text!r}: {argument!r} is no number of rows")
        return Fault(name, 0, last, count=int(argument or 5))
    if name in ("clicks_missing", "conversions_stopped", "vocabulary_moved"):
        first = _day(text, argument, options) if argument else last
        return Fault(name, first, first if name == "clicks_missing" else last)
    subject, _, day = argument.partition("@")
    if name == "feature_gone":
        subject = subject or "site"
        if subject not in [field.name for field in FIELDS]:
            raise PipelineError(f"fault {text!r}: no field {subject!r}; there are {', '.join(f.name for f in FIELDS)}")
        return Fault(name, _day(text, day, options) if day else last, last, subject)
    subject = subject or biggest_campaign
    if subject not in [campaign_name(campaign) for campaign in range(options.campaigns)]:
        raise PipelineError(f"fault {text!r}: no campaign {subject!r}; they are c-0 to c-{options.campaigns - 1}")
    return Fault(name, _day(text, day, options) if day else 0, last, subject)


def campaign_name(campaign: int) -> str:
    """The id of a campaign in the log."""
    return f"c-{campaign}"


def _day(text: str, value: str, options: GeneratorOptions) -> int:
    try:
        day = (date.fromisoformat(value) - options.first_day).days
    except ValueError:
        raise PipelineError(f"fault {text!r}: {value!r} is no date like {options.first_day}") from None
    if not 0 <= day < options.days:
        raise PipelineError(
            f"fault {text!r}: {value} is not a day of the log, {options.dates[0]} to {options.dates[-1]}"
        )
    return day
