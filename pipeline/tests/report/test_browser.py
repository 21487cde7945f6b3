# SPDX-License-Identifier: Apache-2.0
"""The pages as Chromium shows them."""

from __future__ import annotations

from typing import Any

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from report.conftest import Reader
from report.pages import HOSTILE

PAPER = 718
"""The room that A4 leaves between Chromium's margins, in CSS pixels."""


@pytest.fixture
def training(reader: Reader) -> Reader:
    """Return the browser with the page of a training, on a wide light screen."""
    if reader.driver.current_url != reader.address("training.html"):
        reader.open("training.html", 1440)
    reader.resize(1440)
    reader.switch("light")
    return reader


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize(("name", "charts"), [("training", 8), ("hostile", 4)])
def test_a_page_is_legible_at_any_width_in_both_schemes_and_on_paper(
    reader: Reader, name: str, charts: int, width: int
) -> None:
    opened = reader.open(f"{name}.html", width)
    assert opened.console == []
    assert opened.requests == [reader.address(f"{name}.html")]
    assert reader.served[-1] == f"/{name}.html"
    assert len(opened.seen["plots"]) == charts
    for plot in opened.seen["plots"]:
        assert plot["marks"] >= 3
        assert plot["broken"] == 0
        assert plot["role"] == "graphics-document"
        assert len(plot["description"]) > 20
        assert 250 < plot["width"] <= width
    _assert_legible(opened.seen, dark=False)
    reader.switch("dark")
    _assert_legible(reader.look(), dark=True)
    reader.resize(PAPER)
    reader.switch("dark", "print")
    _assert_legible(reader.look(), dark=False)
    assert reader.console() == []
    assert reader.requests() == []


def _assert_legible(seen: dict[str, Any], dark: bool) -> None:
    assert seen["overflow"] == 0
    assert seen["background"] < 0.02 if dark else seen["background"] > 0.9
    assert seen["text_count"] > 100
    assert seen["faint"] == []
    assert min(seen["series_contrasts"]) >= 4.5


def test_loading_and_running_anything_is_refused(training: Reader) -> None:
    served = len(training.served)
    outcome = training.driver.execute_async_script(
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
    assert training.driver.title == "Training of 2026-11-29"
    assert len(training.served) == served
    assert len(training.console()) >= 5


def test_hostile_texts_stay_texts(reader: Reader) -> None:
    seen = reader.open("hostile.html", 1440).seen
    assert seen["title"] == HOSTILE[0]
    assert seen["images"] == 0
    names = [cell.text for cell in reader.driver.find_elements(By.CSS_SELECTOR, "tbody th bdi")]
    assert [name.replace("\n", "") for name in names] == list(HOSTILE)


def test_the_outline_is_sound(training: Reader) -> None:
    seen = training.look()
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


def test_a_verdict_is_shown_by_symbol_word_and_colour(training: Reader) -> None:
    statuses = training.look()["symbols"]
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


def test_a_click_on_a_heading_sorts_with_missing_values_last(training: Reader) -> None:
    table = training.driver.find_elements(By.TAG_NAME, "table")[1]
    heading = next(cell for cell in table.find_elements(By.CSS_SELECTOR, "thead th") if cell.text == "Impressions")
    for order, wanted in (("descending", True), ("ascending", False)):
        heading.find_element(By.TAG_NAME, "button").click()
        assert heading.get_attribute("aria-sort") == order
        shown = _column(training, 4)
        assert len(shown) == 200
        counts = [int(text.replace(",", "")) for text in shown]
        assert counts == sorted(counts, reverse=wanted)
    auc = next(cell for cell in table.find_elements(By.CSS_SELECTOR, "thead th") if cell.text == "AUC")
    auc.find_element(By.TAG_NAME, "button").click()
    shown = _column(training, 8)
    missing = shown.count("–")  # noqa: RUF001 # as the page has it
    assert missing == 13
    numbers = [float(text) for text in shown[:-missing]]
    assert numbers == sorted(numbers, reverse=True)


def test_a_mark_under_the_mouse_shows_its_figures(training: Reader) -> None:
    mark = training.driver.find_elements(By.CSS_SELECTOR, ".plot")[2].find_element(By.CSS_SELECTOR, ".mark-symbol path")
    training.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", mark)
    ActionChains(training.driver).move_to_element(mark).perform()
    tip = training.driver.find_element(By.CLASS_NAME, "tip")
    assert tip.is_displayed()
    told = tip.text.split("\n")
    assert told[0::2] == ["campaign", "auc", "from", "to"]
    assert float(told[5]) <= float(told[3]) <= float(told[7])


def _column(reader: Reader, number: int) -> list[str]:
    found: list[str] = reader.driver.execute_script(
        "return Array.from(document.querySelectorAll('table')[1].tBodies[0].rows,"
        " (row) => row.cells[arguments[0] - 1].textContent)",
        number,
    )
    return found
