# SPDX-License-Identifier: Apache-2.0
"""The pages as Chromium shows them."""

from __future__ import annotations

from typing import Any

import pytest
from selenium.webdriver.common.by import By

from report.conftest import Reader
from report.pages import HOSTILE


@pytest.fixture(scope="module")
def seen(reader: Reader) -> dict[str, Any]:
    """Give what there is to see on the page of a training, on a wide light screen."""
    return reader.open("training.html", 1440, "light").seen


@pytest.mark.parametrize(
    ("name", "charts", "width", "scheme"),
    [
        ("training", 8, 360, "light"),
        ("training", 8, 360, "dark"),
        ("training", 8, 1440, "light"),
        ("training", 8, 1440, "dark"),
        ("hostile", 4, 360, "dark"),
        ("hostile", 4, 1440, "light"),
    ],
)
def test_a_page_is_legible_at_any_width_and_in_both_schemes(
    reader: Reader, name: str, charts: int, width: int, scheme: str
) -> None:
    opened = reader.open(f"{name}.html", width, scheme)
    assert opened.console == []
    assert opened.requests == [reader.address(f"{name}.html")]
    assert reader.served[-1] == f"/{name}.html"
    seen = opened.seen
    assert seen["overflow"] == 0
    assert seen["background"] < 0.02 if scheme == "dark" else seen["background"] > 0.9
    assert seen["text_count"] > 100
    assert seen["faint"] == []
    assert len(seen["plots"]) == charts
    for plot in seen["plots"]:
        assert plot["marks"] >= 3
        assert plot["broken"] == 0
        assert plot["role"] == "graphics-document"
        assert len(plot["description"]) > 20
        assert 250 < plot["width"] <= width


def test_what_wants_to_load_or_run_something_is_refused(reader: Reader) -> None:
    reader.open("training.html", 1440, "light")
    served = len(reader.served)
    outcome = reader.driver.execute_async_script(
        """
        const done = arguments[arguments.length - 1];
        const refused = [];
        document.addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
        const script = document.createElement("script");
        script.textContent = "document.title = 'taken'";
        document.body.append(script);
        const image = new Image();
        image.src = "/training.html?image";
        const style = document.createElement("link");
        style.rel = "stylesheet";
        style.href = "/training.html?style";
        document.head.append(style);
        document.body.setAttribute("onclick", "document.title = 'taken'");
        document.body.click();
        fetch("/training.html?fetch").then(() => done("fetched"), () => setTimeout(() => done(refused), 100));
        """
    )
    assert set(outcome) == {"script-src-elem", "script-src-attr", "style-src-elem", "img-src", "connect-src"}
    assert reader.driver.title == "Training of 2026-11-29"
    assert len(reader.served) == served
    assert len(reader.console()) >= 5


def test_texts_that_mean_harm_stay_texts(reader: Reader) -> None:
    seen = reader.open("hostile.html", 1440, "light").seen
    assert seen["title"] == HOSTILE[0]
    assert seen["images"] == 0
    names = [cell.text for cell in reader.driver.find_elements(By.CSS_SELECTOR, "tbody th bdi")]
    assert [name.replace("\n", "") for name in names] == list(HOSTILE)


def test_the_outline_is_sound(seen: dict[str, Any]) -> None:
    assert seen["headings"] == [1, 2, 2, 2, 2, 2]
    assert set(seen["scopes"]) == {"row", "col"}
    assert seen["captions"] == ["Rows by table 3 rows", "Campaigns, click model 200 rows"]
    assert [link["text"] for link in seen["links"]] == [
        "Checks",
        "What was read",
        "Campaigns",
        "Calibration",
        "Weights that moved",
    ]
    assert all(link["target"] == link["text"] for link in seen["links"])


def test_a_verdict_is_told_by_symbol_word_and_colour(seen: dict[str, Any]) -> None:
    statuses = seen["symbols"]
    assert all(status["drawn"] for status in statuses)
    colours = {status["words"].split()[-1].lower(): status["colour"] for status in statuses}
    assert set(colours) == {"failed", "warned", "skipped", "passed"}
    assert len(set(colours.values())) == 4
    assert [status["words"] for status in statuses[1:7]] == [
        "1 failed",
        "1 warned",
        "13 skipped",
        "388 passed",
        "Failed",
        "Warned",
    ]


def test_a_click_on_a_heading_sorts_with_missing_values_last(reader: Reader) -> None:
    reader.open("training.html", 1440, "light")
    table = reader.driver.find_elements(By.TAG_NAME, "table")[1]
    heading = next(cell for cell in table.find_elements(By.CSS_SELECTOR, "thead th") if cell.text == "Impressions")
    for order, wanted in (("descending", True), ("ascending", False)):
        heading.find_element(By.TAG_NAME, "button").click()
        assert heading.get_attribute("aria-sort") == order
        shown = _column(reader, 4)
        assert len(shown) == 200
        counts = [int(text.replace(",", "")) for text in shown]
        assert counts == sorted(counts, reverse=wanted)
    auc = next(cell for cell in table.find_elements(By.CSS_SELECTOR, "thead th") if cell.text == "AUC")
    auc.find_element(By.TAG_NAME, "button").click()
    shown = _column(reader, 8)
    missing = shown.count("–")  # noqa: RUF001 # as the page has it
    assert missing == 13
    numbers = [float(text) for text in shown[:-missing]]
    assert numbers == sorted(numbers, reverse=True)


def test_paper_is_white_in_the_dark(reader: Reader) -> None:
    seen = reader.open("training.html", 1440, "dark", media="print").seen
    assert seen["background"] > 0.9
    assert seen["faint"] == []


def _column(reader: Reader, number: int) -> list[str]:
    found: list[str] = reader.driver.execute_script(
        "return Array.from(document.querySelectorAll('table')[1].tBodies[0].rows,"
        " (row) => row.cells[arguments[0] - 1].textContent)",
        number,
    )
    return found
