# SPDX-License-Identifier: Apache-2.0
"""A page on disk."""

from __future__ import annotations

from pathlib import Path

from valuation_pipeline.files import write_json, write_text
from valuation_pipeline.report.document import as_json
from valuation_pipeline.report.html import as_html
from valuation_pipeline.report.page import Page


def write(page: Page, folder: Path, name: str = "report") -> None:
    """Write a page as ``<name>.html`` and ``<name>.json`` with the same content, each completely or not at all.

    Parameters
    ----------
    page : Page
        The page.
    folder : Path
        The folder; it must exist.
    name : str
        The name of both files, without their extensions.

    Notes
    -----
    Takes some three seconds for the first page with charts that a process writes, then a fraction of one.
    """
    document, html = as_json(page), as_html(page, data_name=f"{name}.json")
    write_json(folder / f"{name}.json", document)
    write_text(folder / f"{name}.html", html)
