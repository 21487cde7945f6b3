# SPDX-License-Identifier: Apache-2.0
"""The file ``features.toml``: the fields of an impression's features, and their sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.features.definition_checks import problems
from valuation_pipeline.features.sources import AD_COLUMNS
from valuation_pipeline.options import Options, as_options, read_toml

Side = Literal["request", "ad"]


def _quarter_hours(hours: float) -> float:
    if (hours * 4) % 1:
        raise ValueError("an offset is a multiple of a quarter of an hour")
    return hours


class Category(Options):
    """``[category.<field>]``: a text.

    Attributes
    ----------
    source : str, optional
        ``features.<name>`` of the log, ``unit.<name>``, or one of the columns campaign, advertiser, ad, pricing,
        placement. By default, ``features.<field>``.
    side : "request" or "ad", optional
        Whose feature it is: the request's, or each candidate's. By default, the candidate's for its own columns
        (campaign, advertiser, ad, pricing), otherwise the request's.
    multi : bool, default=False
        Whether a row may have several values. Each counts; one that comes twice counts twice, as in the engine.
    """

    source: str | None = None
    side: Side | None = None
    multi: bool = False


class Number(Options):
    """``[number.<field>]``: a number, standardised by its mean and standard deviation, or bucketed.

    Attributes
    ----------
    source : str, optional
        ``features.<name>`` of the log, or the column bid. By default, ``features.<field>``.
    side : "request" or "ad", optional
        As a category's; bid is the candidate's.
    buckets : list of float, optional
        Bounds, rising. The field is then a category: the interval between them that contains the number. A bound
        belongs to the interval above it.
    """

    source: str | None = None
    side: Side | None = None
    buckets: tuple[float, ...] | None = Field(default=None, min_length=1, max_length=1000)


class Time(Options):
    """``[time.<field>]``: the hour or day of the impression, a category of the request.

    Attributes
    ----------
    of : "hour", "weekday" or "hour_of_week"
        0 to 23; 1 (Monday) to 7; 0 (Monday, from midnight on) to 167.
    utc_offset_hours : float, default=0
        How far the local clock is ahead of UTC, a multiple of 0.25.
    """

    of: Literal["hour", "weekday", "hour_of_week"]
    utc_offset_hours: Annotated[float, AfterValidator(_quarter_hours)] = Field(default=0.0, ge=-14, le=14)


class Exposure(Options):
    """``[exposure.<field>]``: how often the unit has seen the campaign or ad before on the same day, of the candidate.

    Attributes
    ----------
    of : "campaign" or "ad"
        What was seen.
    unit : str, default="user"
        The unit of an impression that saw it.
    cap : int, default=5
        The last category: this many times or more.
    """

    of: Literal["campaign", "ad"]
    unit: str = Field(default="user", min_length=1)
    cap: int = Field(default=5, ge=1, le=1000)


class Cross(Options):
    """``[cross.<name>]``: two categories that occur together.

    Attributes
    ----------
    fields : pair of str
        The names of two fields that are categories (numbers in buckets, times and exposures are).
    """

    fields: tuple[str, str]


class Fold(Options):
    """``[fold]``: values too rare for a weight of their own.

    Attributes
    ----------
    minimum_rows : int, default=20
        A value, or a pair of values, in fewer rows gets no column. It counts as absent, as the engine treats values
        that a model does not know.
    """

    minimum_rows: int = Field(default=20, ge=1)


@dataclass(frozen=True)
class FeatureField:
    """A field of a feature set.

    Attributes
    ----------
    name : str
        Its name in models and requests.
    kind : "category", "multi" or "number"
        The type of its value in a row: a text, several texts, or a number.
    side : "request" or "ad"
        Whose feature it is.
    section : str
        Its section of features.toml.
    definition : Category, Number, Time or Exposure
        The contents of the section.
    source : str
        Its source: ``features.<name>``, ``unit.<name>``, or a column.
    """

    name: str
    kind: Literal["category", "multi", "number"]
    side: Side
    section: Literal["category", "number", "time", "exposure"]
    definition: Category | Number | Time | Exposure
    source: str


class FeatureSet(Options):
    """The contents of ``features.toml``, for training rows and for requests alike.

    Attributes
    ----------
    format : str
        ``"valuation-features/1"``.
    category, number, time, exposure : dict
        Fields by their names. A name belongs to one field.
    cross : dict
        Crosses by their names, which are not used elsewhere.
    fold : Fold
        What is too rare for a weight.
    """

    format: Literal["valuation-features/1"]
    category: dict[str, Category] = Field(default_factory=dict)
    number: dict[str, Number] = Field(default_factory=dict)
    time: dict[str, Time] = Field(default_factory=dict)
    exposure: dict[str, Exposure] = Field(default_factory=dict)
    cross: dict[str, Cross] = Field(default_factory=dict)
    fold: Fold = Fold()

    @classmethod
    def read(cls, file: Path) -> FeatureSet:
        """Read a file; a PipelineError names every member that is wrong, and what to do about it."""
        return cls.from_value(read_toml(file), str(file))

    @classmethod
    def from_value(cls, value: Any, place: str = "features.toml") -> FeatureSet:
        """Check the contents of a file; a PipelineError names every member that is wrong, and what to do about it.

        Parameters
        ----------
        value : Any
            As read from TOML or JSON.
        place : str
            The beginning of messages.
        """
        feature_set = as_options(cls, value, place)
        found = problems(feature_set)
        if found:
            raise PipelineError("\n".join(f"{place}: {problem}" for problem in found))
        return feature_set

    @property
    def fields(self) -> list[FeatureField]:
        """The fields in their order: categories, numbers, times, exposures, each in the order of the file."""
        plans: list[FeatureField] = []
        for name, category in self.category.items():
            source = category.source or f"features.{name}"
            kind: Literal["category", "multi"] = "multi" if category.multi else "category"
            plans.append(FeatureField(name, kind, _side(category.side, source), "category", category, source))
        for name, number in self.number.items():
            source = number.source or f"features.{name}"
            is_bucket = number.buckets is not None
            side = _side(number.side, source)
            plans.append(FeatureField(name, "category" if is_bucket else "number", side, "number", number, source))
        plans += [FeatureField(name, "category", "request", "time", time, "time") for name, time in self.time.items()]
        for name, exposure in self.exposure.items():
            plans.append(FeatureField(name, "category", "ad", "exposure", exposure, f"unit.{exposure.unit}"))
        return plans

    def request_features(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the features of a row that belong to the request, in the form of a JSON request.

        Parameters
        ----------
        row : mapping
            A row of a table of features, from ``table.to_pylist()``.

        Returns
        -------
        dict of str to str, list of str, or float
            By field. Missing values are left out, and so are texts with a NUL, which JSON requests must not contain.
        """
        return self._features_of(row, "request")

    def ad_features(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the features of a row that belong to its candidate; otherwise as :meth:`request_features`."""
        return self._features_of(row, "ad")

    def _features_of(self, row: Mapping[str, Any], side: Side) -> dict[str, Any]:
        found = {field.name: _sendable(row["features"][field.name]) for field in self.fields if field.side == side}
        return {name: value for name, value in found.items() if value is not None and value != []}


def _side(side: Side | None, source: str) -> Side:
    return side or ("ad" if source in AD_COLUMNS else "request")


def _sendable(value: Any) -> Any:
    """Return a value without the parts that a JSON request must not contain."""
    if isinstance(value, list):
        return [text for text in value if text is not None and "\0" not in text]
    return None if isinstance(value, str) and "\0" in value else value
