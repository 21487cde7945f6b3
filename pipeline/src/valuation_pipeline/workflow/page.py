# SPDX-License-Identifier: Apache-2.0
"""The day's page: the verdicts first, then the log, the models, and the changes that the new ones make."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import valuation

from valuation_pipeline import __version__
from valuation_pipeline.checks.verdicts import Verdict as CheckVerdict
from valuation_pipeline.checks.verdicts import held_back, read_verdicts
from valuation_pipeline.report import (
    Block,
    Column,
    Figure,
    Figures,
    Page,
    Paragraph,
    Section,
    Table,
    Verdict,
    Verdicts,
    count_bars,
    ranked_dots,
    reliability_diagram,
    time_series,
)
from valuation_pipeline.training.options import Target
from valuation_pipeline.workflow.day import TARGETS, Day
from valuation_pipeline.workflow.reliability import reliability_bins

TITLES: Mapping[Target, str] = {"click": "Models of clicks", "conversion": "Models of conversions"}
#: Explains why there are no models of a target.
SKIPPED = "skipped.json"
#: The number of weights of each model in the comparison.
MOST = 5
CAMPAIGN_COLUMNS = [
    Column("campaign", "Campaign"),
    Column("advertiser", "Advertiser"),
    Column("rows", "Rows", "count"),
    Column("positives", "Positives", "count"),
    Column("decision", "Decision"),
    Column("weights", "Weights", "count"),
    Column("held_rows", "Held-back rows", "count"),
    Column("held_positives", "Held-back positives", "count"),
    Column("ne", "Normalized entropy", "ratio"),
    Column("ne_shared", "… of the shared model", "ratio"),
    Column("ne_constant", "… of a constant", "ratio"),
    Column("auc", "AUC", "ratio"),
    Column("calibration", "Predicted / observed", "ratio"),
]


def page_of(day: Day) -> Page:
    """Make the page of a day that was checked, from the files in its folder."""
    verdicts = read_verdicts(day.folder("check") / "verdicts.json")
    counts = _read(day.folder("examples") / "counts.json")
    return Page(
        title=f"Training of {day.date}",
        outcome=_outcome(day, verdicts),
        facts={
            "Impressions": f"{counts['first_day']} to {counts['last_day']}",
            "Clicks and conversions": f"known at {counts['as_of']}",
            "Log": str(day.logs),
            "Compared with": day.previous or "no earlier release",
            "Versions": f"valuation-pipeline {__version__}, valuation {valuation.__version__}",
        },
        sections=[
            Section("Checks", [Verdicts([Verdict(**asdict(verdict)) for verdict in verdicts])]),
            Section("What was read", _log_blocks(counts)),
            *[Section(TITLES[target], _model_blocks(day.folder(target))) for target in TARGETS],
            Section("Weights that moved", _moved_blocks(day)),
        ],
    )


def _outcome(day: Day, verdicts: Sequence[CheckVerdict]) -> Verdict:
    count = {status: sum(verdict.status == status for verdict in verdicts) for status in ("failed", "warned")}
    if held_back(verdicts):
        reason = (
            f"{_many(count['failed'], 'check')} failed: the release is held back, and the last one goes on serving."
        )
        return Verdict("release", day.release, "failed", reason=reason)
    if count["warned"]:
        return Verdict(
            "release", day.release, "warned", reason=f"May be published, with {_many(count['warned'], 'warning')}."
        )
    return Verdict("release", day.release, "passed", reason="May be published.")


def _log_blocks(counts: dict[str, Any]) -> list[Block]:
    rows = [
        {
            "table": table,
            "read": counted["read"],
            "used": counted["used"],
            "set_aside": sum(counted["set_aside"].values()),
            "outside": counted["outside"],
        }
        for table, counted in counts["tables"].items()
    ]
    reasons = [
        {"reason": f"{table}: {reason}", "count": count}
        for table, counted in counts["tables"].items()
        for reason, count in counted["set_aside"].items()
    ]
    # In a young log, the first days are from before it began.
    begun = itertools.dropwhile(lambda day: not day[1]["impressions"], counts["days"].items())
    by_day = {date.fromisoformat(day): counted for day, counted in begun}
    days = [
        {"day": day, "table": table, "rows": counted[table]}
        for day, counted in by_day.items()
        for table in ("clicks", "conversions")
    ]
    impressions = [{"day": day, "rows": counted["impressions"]} for day, counted in by_day.items()]
    columns = [
        Column("table", "Table"),
        Column("read", "Rows read", "count"),
        Column("used", "Used", "count"),
        Column("set_aside", "Set aside", "count"),
        Column("outside", "Of other days", "count"),
    ]
    return [
        Table("Rows", columns, rows, note="Read = used + set aside + of other days."),
        count_bars(reasons, "Set aside, by reason") if reasons else Paragraph("No row was set aside."),
        time_series(impressions, "Impressions by day", time="day", value="rows", kind="count"),
        time_series(
            days,
            "Impressions with a click, and with a conversion",
            time="day",
            value="rows",
            series="table",
            kind="count",
        ),
    ]


def _model_blocks(folder: Path) -> list[Block]:
    if (folder / SKIPPED).exists():
        return [Paragraph(f"There are none. {_read(folder / SKIPPED)['reason']}")]
    training = _read(folder / "training.json")
    campaigns = [_flat(row) for row in training["campaigns"]]
    decisions: dict[str, int] = {}
    for row in campaigns:
        kind = row["decision"].partition(":")[0]  # what follows is the campaign's own
        decisions[kind] = decisions.get(kind, 0) + 1
    return [
        Figures(_figures(training)),
        count_bars([{"reason": name, "count": count} for name, count in decisions.items()], "Campaigns, by decision"),
        _reliability(folder, training),
        ranked_dots(
            campaigns, "Normalized entropy by campaign", label="campaign", value="ne", reference=1.0, kind="ratio"
        ),
        ranked_dots(campaigns, "AUC by campaign", label="campaign", value="auc", reference=0.5, kind="ratio"),
        Table(
            "Campaigns",
            CAMPAIGN_COLUMNS,
            sorted(campaigns, key=lambda row: -row["rows"]),
            note="Of the held-back days, by models that were fitted without them. A normalized entropy below 1 is "
            "better than those days' own rate.",
        ),
    ]


def _figures(training: dict[str, Any]) -> list[Figure]:
    figures = [
        Figure("Rows", training["rows"], "count", note=f"{training['first_day']} to {training['last_day']}"),
        Figure("Positives", training["positives"], "count"),
        Figure("Models of campaigns", training["own_models"], "count", note=f"strategy {training['strategy']}"),
        Figure("Weights of campaigns", training["own_weights"], "count"),
    ]
    if training["shared"] is not None:
        figures.append(Figure("Weights of the shared model", training["shared"]["weights"], "count"))
    held = training["held_out"]
    if held is not None:
        days = f"{held['first_day']} to {held['last_day']}"
        figures += [
            Figure(
                "Normalized entropy",
                held["ne"],
                "ratio",
                note=f"of {days}; {_ratio_text(held['ne_constant'])} by constants",
            ),
            Figure("AUC", held["auc"], "ratio", note=f"of {days}"),
            Figure("Predicted / observed", _ratio(held), "ratio", note=f"of {days}"),
        ]
    return figures


def _reliability(folder: Path, training: dict[str, Any]) -> Block:
    held_out = pq.read_table(folder / "held_out.parquet", columns=["outcome", "probability"])
    bins = reliability_bins(
        held_out["probability"].to_numpy(),
        pc.cast(held_out["outcome"], "uint8").to_numpy().astype(np.bool_),
        training["negative_sampling_rate"],
    )
    return reliability_diagram(bins, "Observed against predicted rates of the held-back days")


def _moved_blocks(day: Day) -> list[Block]:
    if day.previous is None:
        return [Paragraph("There is no earlier release to compare with.")]
    comparison = valuation.compare_models(day.models / "releases" / day.previous, day.folder("check") / "models", MOST)
    weights: list[dict[str, Any]] = [
        {"campaign": model["campaign"], "target": model["target"], **change, "moved": _distance(change)}
        for model in comparison["models"]
        for change in model["most"]
    ]
    totals = [
        Figure(f"Models {name}", comparison[f"{name}_models"], "count")  # type: ignore[literal-required]
        for name in ("added", "dropped", "changed", "unchanged")
    ]
    columns = [
        Column("campaign", "Campaign"),
        Column("target", "Target"),
        Column("weight", "Weight"),
        Column("before", "Before", "number"),
        Column("after", "After", "number"),
        Column("moved", "Moved by", "number"),
    ]
    rows = sorted(weights, key=lambda row: -row["moved"])
    return [
        Figures(totals),
        Table(
            f"Weights that moved farthest since {day.previous}",
            columns,
            rows,
            limit=50,
            note=f"Log-odds; of a number, per unit. The {MOST} of each model that moved farthest.",
        ),
    ]


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a campaign's row with the figures of its held-back days as columns."""
    held = row["held_out"] or {}
    return {
        **{name: row[name] for name in ("campaign", "advertiser", "rows", "positives", "decision", "weights")},
        **{name: held.get(name) for name in ("ne", "ne_shared", "ne_constant", "auc")},
        "held_rows": held.get("rows"),
        "held_positives": held.get("positives"),
        "calibration": _ratio(held) if held else None,
    }


def _ratio(held: Mapping[str, Any]) -> float | None:
    return held["sum_p"] / held["positives"] if held["positives"] else None


def _ratio_text(ratio: float | None) -> str:
    return "none" if ratio is None else f"{ratio:.3f}"


def _distance(change: Mapping[str, Any]) -> float:
    return float(abs((change["after"] or 0.0) - (change["before"] or 0.0)))


def _many(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def _read(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text(encoding="utf-8")))
