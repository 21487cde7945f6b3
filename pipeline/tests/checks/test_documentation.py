# SPDX-License-Identifier: Apache-2.0
"""Documentation/checks.md names every check, and every option with its default."""

from __future__ import annotations

from pathlib import Path

from valuation_pipeline.checks.options import CHECKS, STATISTICAL, WARNING, CheckOptions

PAGE = (Path(__file__).parents[3] / "Documentation" / "checks.md").read_text(encoding="utf-8")


def test_every_check_is_documented() -> None:
    for check in CHECKS:
        assert f"`{check}`" in PAGE, check
    assert len(STATISTICAL) == 15
    assert set(WARNING) < set(CHECKS)


def test_every_option_is_documented_with_its_default() -> None:
    for name, field in CheckOptions.model_fields.items():
        default = field.get_default(call_default_factory=True)
        shown = "" if default == {} else f"{default:,}" if isinstance(default, int) else f"{default:g}"
        assert f"| `{name}` | {shown} |" in PAGE, name
