# SPDX-License-Identifier: Apache-2.0
"""Pages to open: one from a day's training with many campaigns, and one whose texts attack the page."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np

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
    histogram,
    ranked_dots,
    reliability_diagram,
    time_series,
)

DAY = dt.date(2026, 11, 29)
HOSTILE = (
    "<script>document.title = 'taken'</script>",
    "</script><script>document.title = 'taken'</script><!--",
    '"><img src=x onerror="document.title = \'taken\'">',
    "'); document.title = 'taken'; ('",
    "a" * 400,
    "حملة الشتاء (2026)",
    "\u202eright to left, never closed",
    "{{ 7 * 7 }} {% raw %}",
    "javascript:document.title='taken'",
)


def training_page(campaigns: int) -> Page:
    """Return the page of a day's training: its figures are drawn with a fixed seed."""
    random = np.random.default_rng(20261129)
    rows = [_campaign(number, random) for number in range(campaigns)]
    moved = "The mean prediction moved by 31% against yesterday's release."
    fewer = "38% fewer impressions than the mean of the 14 days before."
    verdicts = [
        *(_verdict(row, "auc", row["auc"], 0.55) for row in rows),
        *(_verdict(row, "calibration", row["ratio"], 1.25) for row in rows),
        Verdict("self-test", "click model *", "passed", 2.1e-16, 1e-12),
        Verdict("drift", "c-0007", "warned", 0.31, 0.25, moved),
        Verdict("rows", "click model", "failed", 0.62, 0.8, fewer),
    ]
    return Page(
        title="Training of 2026-11-29",
        subtitle="Click and conversion models",
        outcome=Verdict(
            "release", str(DAY), "failed", reason="1 check failed. The release of 2026-11-28 goes on serving."
        ),
        facts={
            "Log": "2026-11-15 to 2026-11-29",
            "Made": "2026-11-30 01:14 UTC",
            "Engine": "0.1.0",
            "Configuration": "pipeline.toml",
        },
        sections=[
            Section("Checks", [Verdicts(verdicts)]),
            Section("What was read", _read_blocks(random)),
            Section("Campaigns", _campaign_blocks(rows)),
            Section("Calibration", _calibration_blocks(random)),
            Section("Weights that moved", _weight_blocks(random)),
        ],
    )


def hostile_page() -> Page:
    """Return a page in which every text is an attack."""
    rows = [
        {"name": text, "value": 0.01 * (number + 1), "low": 0.0, "high": 0.2, "count": number}
        for number, text in enumerate(HOSTILE)
    ]
    days = [{**row, "day": DAY - dt.timedelta(days=back)} for row in rows[:3] for back in range(3)]
    columns = [Column("name", HOSTILE[0], unit=HOSTILE[1]), Column("value", HOSTILE[2], "rate", low="low", high="high")]
    blocks: list[Block] = [
        Verdicts([Verdict(text, text, "failed", text, text, text) for text in HOSTILE]),
        Figures([Figure(text, text, unit=text[:40], note=text) for text in HOSTILE]),
        Table(HOSTILE[0], columns, rows, note=HOSTILE[1]),
        *(Paragraph(text) for text in HOSTILE),
        count_bars(rows, HOSTILE[0], label="name"),
        ranked_dots(rows, HOSTILE[1], label="name", value="value", low="low", high="high", unit=HOSTILE[0]),
        time_series(days, HOSTILE[2], time="day", value="value", series="name"),
        reliability_diagram(rows, HOSTILE[1], predicted="value", observed="value", series="name"),
    ]
    return Page(
        title=HOSTILE[0],
        subtitle=HOSTILE[4],
        outcome=Verdict(HOSTILE[0], HOSTILE[1], "warned", reason=HOSTILE[2]),
        facts=dict(zip(HOSTILE, HOSTILE, strict=True)),
        sections=[Section(text, blocks if number == 0 else []) for number, text in enumerate(HOSTILE)],
    )


def _campaign(number: int, random: np.random.Generator) -> dict[str, Any]:
    rows = int(random.lognormal(9, 1.6)) + 20
    rate = float(random.lognormal(-4.8, 0.5))
    clicks = int(random.binomial(rows, min(rate, 0.5)))
    auc = float(np.clip(random.normal(0.68, 0.05), 0.5, 0.9)) if clicks > 3 else math.nan
    error = 0.3 / math.sqrt(max(clicks, 1))
    ratio = float(random.normal(1, error))
    return {
        "campaign": f"c-{number:04}",
        "advertiser": f"adv-{number % 23:02}",
        "model": "corrections" if clicks > 40 else "shared",
        "rows": rows,
        "clicks": clicks,
        "rate": clicks / rows,
        "cost": rows * 0.0021,
        "auc": auc,
        "auc_low": auc - error / 2,
        "auc_high": min(auc + error / 2, 1),
        "ne": float(random.normal(0.93, 0.04)) if clicks > 3 else math.nan,
        "ratio": ratio,
        "ratio_low": ratio - 1.96 * error,
        "ratio_high": ratio + 1.96 * error,
    }


def _verdict(row: dict[str, Any], check: str, value: float, threshold: float) -> Verdict:
    if math.isnan(value):
        return Verdict(check, row["campaign"], "skipped", reason="Fewer than 4 clicks were held out.")
    return Verdict(check, row["campaign"], "passed", value, threshold)


def _read_blocks(random: np.random.Generator) -> list[Block]:
    tables = [
        {"table": "impressions", "read": 4_812_730, "used": 4_809_112, "set_aside": 3_618},
        {"table": "clicks", "read": 31_207, "used": 30_988, "set_aside": 219},
        {"table": "conversions", "read": 1_904, "used": 1_904, "set_aside": 0},
    ]
    reasons = [
        {"reason": "impression_id twice", "count": 3_102},
        {"reason": "time outside the partition's day", "count": 408},
        {"reason": "click without an impression", "count": 219},
        {"reason": "campaign is missing", "count": 108},
    ]
    days = [
        {"day": DAY - dt.timedelta(days=back), "rate": rate, "low": rate - 0.0004, "high": rate + 0.0004}
        for back, rate in enumerate((0.0065 + 0.0005 * random.standard_normal(28)).tolist())
    ]
    days[9]["rate"] = math.nan
    return [
        Figures(
            [
                Figure("Impressions used", 4_809_112, "count"),
                Figure("Click-through rate", 0.006443, "rate", low=0.006372, high=0.006515),
                Figure("Paid to publishers", 10_104.32, "money", "EUR", note="14 days"),
                Figure("Normalized entropy", 0.9312, "number", note="yesterday 0.9309"),
                Figure("Campaigns with a model", 161, "count", note="of 200"),
            ]
        ),
        Table(
            "Rows by table",
            [
                Column("table", "Table"),
                Column("read", "Read", "count"),
                Column("used", "Used", "count"),
                Column("set_aside", "Set aside", "count"),
            ],
            tables,
        ),
        count_bars(reasons, "Rows set aside, by reason"),
        time_series(days, "Click-through rate by day", time="day", value="rate", low="low", high="high", kind="rate"),
    ]


def _campaign_blocks(rows: list[dict[str, Any]]) -> list[Block]:
    table = Table(
        "Campaigns, click model",
        [
            Column("campaign", "Campaign"),
            Column("advertiser", "Advertiser"),
            Column("model", "Model"),
            Column("rows", "Impressions", "count"),
            Column("clicks", "Clicks", "count"),
            Column("rate", "CTR", "rate"),
            Column("cost", "Cost", "money", "EUR"),
            Column("auc", "AUC", "number"),
            Column("ne", "NE", "number"),
            Column("ratio", "Predicted / observed", "ratio", low="ratio_low", high="ratio_high"),
        ],
        rows,
        note="Held-out days: 2026-11-28 and 2026-11-29. Intervals cover 95%.",
    )
    return [
        table,
        ranked_dots(
            rows, "AUC by campaign", label="campaign", value="auc", low="auc_low", high="auc_high", reference=0.5
        ),
        ranked_dots(
            rows,
            "Predicted by observed clicks",
            label="campaign",
            value="ratio",
            low="ratio_low",
            high="ratio_high",
            reference=1,
            kind="ratio",
        ),
    ]


def _calibration_blocks(random: np.random.Generator) -> list[Block]:
    bins: list[dict[str, Any]] = []
    for model in ("today's", "yesterday's"):
        for predicted in np.geomspace(0.0008, 0.08, 12):
            observed = float(predicted * random.normal(1, 0.07))
            error = 2 * math.sqrt(observed / 40_000)
            bins.append(
                {
                    "model": model,
                    "predicted": float(predicted),
                    "observed": observed,
                    "low": observed - error,
                    "high": observed + error,
                    "count": 40_000,
                }
            )
    predictions = [{"p": value} for value in random.lognormal(-5, 0.8, 20_000)]
    return [
        Paragraph("Bins have equal numbers of held-out impressions; intervals are Wilson's, at 95%."),
        reliability_diagram(bins, "Click model, today's and yesterday's", series="model"),
        histogram(predictions, "Predicted click-through rates", value="p", kind="rate", scale="log"),
    ]


def _weight_blocks(random: np.random.Generator) -> list[Block]:
    weights = [
        {"term": f"slot={number} and device=phone", "change": change}
        for number, change in enumerate(random.normal(0, 0.02, 400))
    ]
    return [
        histogram(weights, "Change of weights against yesterday's release", value="change"),
        ranked_dots(weights, "Weights that moved most", label="term", value="change", reference=0, limit=20),
    ]
