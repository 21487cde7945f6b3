# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.features import FeatureSet

EXAMPLE = Path(__file__).parents[3] / "Documentation" / "example" / "features.toml"


def test_the_example_has_fields_of_every_kind() -> None:
    fields = {field.name: (field.kind, field.side, field.source) for field in FeatureSet.read(EXAMPLE).fields}
    assert fields == {
        "slot": ("category", "request", "features.slot"),
        "os": ("category", "request", "features.os"),
        "segments": ("multi", "request", "features.segments"),
        "placement": ("category", "request", "placement"),
        "campaign": ("category", "ad", "campaign"),
        "advertiser": ("category", "ad", "advertiser"),
        "creative": ("category", "ad", "features.creative"),
        "days_since_visit": ("number", "request", "features.days_since_visit"),
        "age": ("category", "request", "features.age"),
        "hour": ("category", "request", "time"),
        "weekday": ("category", "request", "time"),
        "seen_campaign": ("category", "ad", "unit.user"),
    }


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({}, "there is no field; add [category.<field>]"),
        ({"category": {"a=b": {}}}, "category.a=b: a field's name holds no '='"),
        ({"category": {"": {}}}, "category.: a field's name has 1 to 255 bytes"),
        ({"category": {"é" * 128: {}}}, "a field's name has 1 to 255 bytes"),
        ({"category": {"a": {}}, "number": {"a": {}}}, "number.a: category.a has the name already; rename one of them"),
        ({"category": {"a": {"source": "slot"}}}, "category.a.source: unknown source 'slot'; write features.<name>"),
        ({"category": {"a": {"source": "features."}}}, "category.a.source: unknown source 'features.'"),
        ({"category": {"a": {"source": "bid"}}}, "category.a.source: bid is a number; move it to [number.a]"),
        ({"category": {"a": {"source": "ad", "multi": True}}}, "category.a.multi: ad is one text; leave multi out"),
        ({"category": {"a": {"source": "unit.u", "multi": True}}}, "a.multi: unit.u is one text; leave multi out"),
        ({"number": {"a": {"source": "campaign"}}}, "number.a.source: campaign is a text; move it to [category.a]"),
        ({"number": {"a": {"source": "unit.user"}}}, "number.a.source: unit.user is a text; move it to [category.a]"),
        ({"number": {"a": {"source": "cost"}}}, "number.a.source: unknown source 'cost'; write features.<name>"),
        ({"category": {"a": {"source": "ad", "side": "request"}}}, "category.a.side: ad belongs to the candidate"),
        ({"number": {"a": {"source": "bid", "side": "request"}}}, "number.a.side: bid belongs to the candidate"),
        ({"number": {"a": {"buckets": [1, 3, 2]}}}, "number.a.buckets: bounds rise, and 2.0 stands behind 3.0"),
        ({"number": {"a": {"buckets": [1, 1]}}}, "number.a.buckets: bounds rise"),
        ({"number": {"a": {"buckets": []}}}, "number.a.buckets: Tuple should have at least 1 item"),
        ({"number": {"a": {"buckets": [float("inf")]}}}, "number.a.buckets.0: Input should be a finite number"),
        ({"time": {"a": {"of": "month"}}}, "time.a.of: Input should be 'hour', 'weekday' or 'hour_of_week'"),
        (
            {"time": {"a": {"of": "hour", "utc_offset_hours": 0.3}}},
            "time.a.utc_offset_hours: Value error",
        ),
        ({"exposure": {"a": {"of": "ad", "cap": 0}}}, "exposure.a.cap: Input should be greater than or equal to 1"),
        ({"exposure": {"a": {"of": "advertiser"}}}, "exposure.a.of: Input should be 'campaign' or 'ad'"),
        ({"category": {"a": {"sauce": "ad"}}}, "category.a.sauce: Extra inputs are not permitted"),
        ({"fold": {"minimum_rows": 0}}, "fold.minimum_rows: Input should be greater than or equal to 1"),
        ({"format": "valuation-features/2"}, "format: Input should be 'valuation-features/1'"),
    ],
)
def test_a_mistake_is_named_by_its_key_path(sections: dict[str, Any], message: str) -> None:
    with pytest.raises(PipelineError, match=re.escape(message)):
        FeatureSet.from_value({"format": "valuation-features/1"} | sections)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (["a", "c"], "cross.x.fields: unknown field 'c'; the fields are a, b, n, bucketed"),
        (["a", "n"], "cross.x.fields: 'n' is a number, and a cross joins categories; give [number.n] buckets"),
        (["a", "a"], "cross.x.fields: a cross joins two different fields"),
        (["b", "a"], "cross.x.fields: cross.w joins the same fields; keep one"),
        (["a"], "cross.x.fields.1: Field required"),
    ],
)
def test_a_cross_joins_two_categories(fields: list[str], message: str) -> None:
    with pytest.raises(PipelineError, match=re.escape(message)):
        FeatureSet.from_value(
            {
                "format": "valuation-features/1",
                "category": {"a": {}, "b": {}},
                "number": {"n": {}, "bucketed": {"buckets": [0]}},
                "cross": {"w": {"fields": ["a", "b"]}, "x": {"fields": fields}},
            }
        )


def test_all_mistakes_are_reported_at_once_with_the_file(tmp_path: Path) -> None:
    file = tmp_path / "features.toml"
    file.write_text('format = "valuation-features/1"\n[category."a=b"]\n[cross.x]\nfields = ["c", "d"]\n', "utf-8")
    with pytest.raises(PipelineError) as error:
        FeatureSet.read(file)
    lines = str(error.value).splitlines()
    assert len(lines) == 3
    assert all(line.startswith(f"{file}: ") for line in lines)
    with pytest.raises(PipelineError, match="No such file"):
        FeatureSet.read(tmp_path / "other.toml")
