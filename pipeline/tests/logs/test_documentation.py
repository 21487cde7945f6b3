# SPDX-License-Identifier: Apache-2.0
"""Documentation/logs.md names every column, reason, fault, reader and file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from valuation_pipeline.generated.faults import FAULTS
from valuation_pipeline.logs.mapping import READERS, Mapping
from valuation_pipeline.logs.reasons import Reason
from valuation_pipeline.logs.schema import EXAMPLES, TABLES
from valuation_pipeline.options import as_options, read_toml

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "Documentation" / "logs.md"


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_the_page_names_everything(page: str) -> None:
    columns = {name for schema in TABLES.values() for name in schema.names} | set(EXAMPLES.names)
    files = {file.name for file in (ROOT / "pipeline" / "sql" / "bigquery").glob("*.sql")}
    missing = [name for name in sorted(columns | files | set(READERS)) if f"`{name}`" not in page]
    assert missing == []


def test_reasons_and_faults_have_the_programs_meanings(page: str) -> None:
    for reason in Reason:
        assert f"| `{reason.value}` | {reason.meaning} |" in page
    for name, meaning in FAULTS.items():
        assert f"| `{name}` | {meaning} |" in page


def test_the_mapping_of_the_page_is_valid(page: str, tmp_path: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL)
    (tmp_path / "mapping.toml").write_text(text, encoding="utf-8")
    mapping = as_options(Mapping, read_toml(tmp_path / "mapping.toml"), "the page")
    assert mapping.impressions.lookup["ads"].files == "ads.csv"
