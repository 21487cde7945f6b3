# SPDX-License-Identifier: Apache-2.0
"""The files that are written."""

from __future__ import annotations

import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import altair as alt
import pyarrow as pa
import pytest

from report.pages import HOSTILE, training_page
from valuation_pipeline.report import (
    Block,
    Chart,
    Column,
    Page,
    Paragraph,
    Section,
    Table,
    Verdict,
    Verdicts,
    as_html,
    as_json,
    write,
)


class _Reader(HTMLParser):
    """Collects the elements of a page and its texts outside scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self._open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self._open = tag

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open not in ("script", "style"):
            self.texts.append(data.strip())


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    return reader


def _page(*blocks: Block) -> Page:
    return Page("Title", [Section("Section", blocks)])


def test_a_page_of_two_hundred_campaigns_stays_below_two_megabytes(folder: Path) -> None:
    assert (folder / "training.html").stat().st_size < 2_000_000
    assert (folder / "training.json").stat().st_size < 2_000_000


def test_html_and_json_have_the_same_content(folder: Path) -> None:
    html = (folder / "training.html").read_text("utf-8")
    document = json.loads((folder / "training.json").read_text("utf-8"))
    texts = set(_read(html).texts)
    assert document["format"] == "valuation-report/1"
    assert {document["title"], document["subtitle"], *document["facts"].values()} <= texts
    embedded = re.findall(r'<script type="application/json" class="specification">(.*?)</script>', html, re.DOTALL)
    specifications = []
    for section in document["sections"]:
        assert section["title"] in texts
        for block in section["blocks"]:
            if block["type"] == "table":
                first = block["columns"][0]["key"]
                assert {row[first] for row in block["rows"]} <= texts
            elif block["type"] == "chart":
                specifications.append(block["specification"])
            elif block["type"] == "verdicts":
                assert {item["reason"] for item in block["items"] if item["status"] == "failed"} <= texts
            elif block["type"] == "figures":
                assert {item["label"] for item in block["items"]} <= texts
    assert [json.loads(text) for text in embedded] == specifications
    assert len(specifications) == 8


def test_scripts_appear_once_and_only_with_a_chart(folder: Path) -> None:
    html = (folder / "training.html").read_text("utf-8")
    assert html.count("window.vegaEmbed=") + html.count("window.vegaEmbed =") == 1
    assert len(as_html(_page(Paragraph("No charts.")))) < 40_000


def test_the_content_policy_allows_only_the_pages_own_content(folder: Path) -> None:
    html = (folder / "training.html").read_text("utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    rules = dict(rule.split(" ", 1) for rule in policy[1].replace("&#39;", "'").split("; "))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in policy[1]
    assert "http" not in policy[1]
    assert len(re.findall("'sha256-[A-Za-z0-9+/]{43}='", rules["script-src"])) == 2
    assert not {"style", "onclick", "onload", "onerror"} & {name for name, _ in _read(html).attributes}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_never_becomes_markup(text: str) -> None:
    page = Page(
        text,
        [
            Section(
                text,
                [
                    Paragraph(text),
                    Table(text, [Column("a", text)], [{"a": text}]),
                    Verdicts([Verdict(text, text, "failed", reason=text)]),
                ],
            )
        ],
        subtitle=text,
        facts={text: text},
    )
    plain = Page(
        "t",
        [
            Section(
                "t",
                [
                    Paragraph("t"),
                    Table("t", [Column("a", "t")], [{"a": "t"}]),
                    Verdicts([Verdict("t", "t", "failed", reason="t")]),
                ],
            )
        ],
        subtitle="t",
        facts={"t": "t"},
    )
    read = _read(as_html(page))
    assert read.tags == _read(as_html(plain)).tags
    assert read.texts.count(text.strip()) == _read(as_html(plain)).texts.count("t")


def test_long_tables_are_cut_and_the_rest_is_counted() -> None:
    rows = pa.table({"id": [f"row-{number}" for number in range(1000)], "value": list(range(1000))})
    page = _page(Table("Rows", [Column("id", "Id"), Column("value", "Value", "count")], rows, limit=300))
    html = as_html(page, data_name="report.json")
    assert html.count('<th scope="row">') == 300
    assert "300 of 1,000 rows" in html
    assert "700 more rows are not shown. They are in <bdi>report.json</bdi>." in html
    block = as_json(page)["sections"][0]["blocks"][0]
    assert [row["value"] for row in block["rows"]] == list(range(1000))


def test_the_worst_verdicts_come_first_and_those_cut_are_counted_by_check() -> None:
    verdicts = [Verdict("auc", f"c-{number}", "passed", 0.7, 0.5) for number in range(30)]
    verdicts += [Verdict("drift", f"d-{number}", "warned") for number in range(25)]
    verdicts += [Verdict("ratio", f"e-{number}", "warned") for number in range(7)]
    verdicts += [Verdict("rows", "click model", "failed", reason="Too few.")]
    html = as_html(_page(Verdicts(verdicts, limit=20)))
    assert html.index("Too few.") < html.index("d-0") < html.index("<details>") < html.index("c-0")
    assert html.count("<details>") == 1
    assert "Not listed: 7 more of <bdi>ratio</bdi>, 5 more of <bdi>drift</bdi>." in html
    assert "Not listed: 10 more of <bdi>auc</bdi>." in html


def test_a_verdict_has_one_of_four_words() -> None:
    with pytest.raises(ValueError, match="failed, warned, skipped, passed, not 'green'"):
        Verdict("auc", "c-1", "green")  # type: ignore[arg-type]


def test_empty_tables_and_verdicts_say_so() -> None:
    html = as_html(_page(Table("Rows", [Column("id", "Id")], []), Verdicts([])))
    assert "Rows: no rows." in html
    assert "No verdicts." in html
    assert "<table" not in html


def test_missing_numbers_are_a_dash_in_html_and_null_in_json() -> None:
    rows = [{"a": math.nan, "b": math.inf}, {"a": None, "b": -math.inf}, {"a": 0.5, "b": 2.0}]
    page = _page(Table("Rows", [Column("a", "A", "number"), Column("b", "B", "ratio")], rows))
    cells = [text for text in _read(as_html(page)).texts if text]
    start = cells.index("B") + 1
    assert cells[start : start + 6] == ["\u2013", "∞", "\u2013", "\u2212∞", "0.5000", "2.000"]
    block = as_json(page)["sections"][0]["blocks"][0]
    assert block["rows"] == [{"a": None, "b": "Infinity"}, {"a": None, "b": "-Infinity"}, {"a": 0.5, "b": 2.0}]


def _chart(data: Any) -> Chart:
    return Chart("Points", alt.Chart(data).mark_point().encode(x="x:Q", y="y:Q"), "Points.", left_out=1)


def test_rows_of_a_chart_that_are_not_finite_are_left_out_and_counted() -> None:
    rows = [{"x": 1.0, "y": 2.0}, {"x": math.nan, "y": 1.0}, {"x": 2.0, "y": math.inf}]
    page = _page(_chart(alt.InlineData(values=rows)))
    block = as_json(page)["sections"][0]["blocks"][0]
    assert block["left_out"] == 3
    assert list(block["specification"]["datasets"].values()) == [[{"x": 1.0, "y": 2.0}]]
    assert "3 rows are left out: a number is missing or infinite." in as_html(page)


def test_a_chart_that_would_load_its_data_is_refused() -> None:
    page = _page(_chart(alt.UrlData("https://example.com/data.json")))
    with pytest.raises(
        ValueError, match=r"the chart 'Points' loads 'https://example\.com/data\.json'; give it its rows"
    ):
        as_html(page)


def test_a_page_that_cannot_be_written_leaves_the_old_files(tmp_path: Path) -> None:
    write(_page(Paragraph("Old.")), tmp_path)
    with pytest.raises(KeyError):
        write(_page(Table("Rows", [Column("id", "Id")], [{"name": "a"}])), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"report.html", "report.json"}
    assert "Old." in (tmp_path / "report.html").read_text("utf-8")
    assert "Old." in (tmp_path / "report.json").read_text("utf-8")


def test_sections_with_one_title_have_different_anchors() -> None:
    html = as_html(Page("Title", [Section("Click model", []), Section("click  model!", []), Section("…", [])]))
    assert re.findall('<h2 id="([^"]*)"', html) == ["click-model", "click-model-", "section"]


def test_pages_are_the_same_each_time() -> None:
    assert as_html(training_page(3)) == as_html(training_page(3))
