# SPDX-License-Identifier: Apache-2.0
"""Draws the results as charts, PNG and SVG, 1,200 pixels wide."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from plan import LIMIT, MAIN, OPEN_ADDRESSING, OURS
from results import Results

# Okabe and Ito's colours, which the colour-blind can tell apart; lines also differ in marker and dash.
STYLES: dict[str, dict[str, Any]] = {
    OPEN_ADDRESSING: {"color": "#D55E00", "marker": "s", "linestyle": (0, (5, 1.5))},
    OURS: {"color": "#0072B2", "marker": "o", "linewidth": 2.4, "zorder": 3},
    LIMIT: {"color": "#555555", "marker": "^", "linestyle": (0, (1.5, 1.5))},
}
LABELS = {OURS: "this library", OPEN_ADDRESSING: "C++ open addressing", "sorted arrays": "C++ sorted arrays"}
SETTINGS = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.edgecolor": "#888888",
    "axes.grid": True,
    "axes.xmargin": 0.08,
    "axes.grid.which": "major",
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "lines.linewidth": 1.6,
    "lines.markersize": 5,
    "figure.constrained_layout.use": True,
    # The same results give the same file.
    "svg.hashsalt": "valuation",
}
WIDTH = 10.0
DOTS_PER_INCH = 120


def draw(document: dict[str, Any], folder: Path) -> None:
    """Draw all charts into a folder."""
    results = Results(document)
    with mpl.rc_context(SETTINGS):
        for name, make in (("candidates", candidates), ("contenders", contenders), ("campaigns", campaigns)):
            figure = make(results)
            figure.savefig(folder / f"{name}.png", dpi=DOTS_PER_INCH)
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None})


def candidates(results: Results) -> Figure:
    """P50 over the number of candidates, with a panel for each number of campaigns and of ad features."""
    columns, kinds = results.sizes("campaigns"), results.sizes("ad_features")
    figure = Figure(figsize=(WIDTH, 1.2 + 2.5 * len(kinds)))
    panels = figure.subplots(len(kinds), len(columns), sharex=True, sharey=True, squeeze=False)
    for line, kind in zip(panels, kinds, strict=True):
        for panel, count in zip(line, columns, strict=True):
            for name in STYLES:
                plot(panel, results, name, [(count, MAIN.fields, n, kind) for n in results.sizes("candidates")], 2)
            logarithmic(panel)
        line[0].set_ylabel(f"{kind} ad features\nµs a request, p50")
    for panel, count in zip(panels[0], columns, strict=True):
        panel.set_title(f"{count:,} campaigns")
    for panel in panels[-1]:
        panel.set_xlabel("candidates")
    legend(figure, panels[0, 0])
    return figure


def campaigns(results: Results) -> Figure:
    """P50 over the number of campaigns at 100 candidates, with a panel for each number of ad features."""
    kinds = results.sizes("ad_features")
    figure = Figure(figsize=(WIDTH, 4.2))
    panels = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
    for panel, kind in zip(panels, kinds, strict=True):
        for name in STYLES:
            plot(panel, results, name, [(m, MAIN.fields, 100, kind) for m in results.sizes("campaigns")], 0)
        logarithmic(panel)
        panel.set_title(f"100 candidates, {kind} ad features")
        panel.set_xlabel("campaigns, each with two models")
    panels[0].set_ylabel("µs a request, p50")
    legend(figure, panels[0])
    return figure


def contenders(results: Results) -> Figure:
    """All contenders at the main point: bars from this library's p50 to the left (quicker) or right (slower)."""
    rows = results.ranking(*astuple(MAIN))[::-1]
    ratios = [row["ratio"] for row in rows]
    figure = Figure(figsize=(WIDTH, 1.3 + 0.36 * len(rows)))
    panel = figure.subplots()
    colors = [STYLES[OURS]["color"] if row["contender"] == OURS else "#B0B0B0" for row in rows]
    names = [LABELS.get(row["contender"], row["contender"]) for row in rows]
    panel.barh(names, [value - 1 for value in ratios], left=1, color=colors, height=0.66)
    panel.plot([1, 1], [-0.6, len(rows) - 0.4], color=STYLES[OURS]["color"], linewidth=1.5)
    for place, row in enumerate(rows):
        ours = row["contender"] == OURS
        side = 5 if row["ratio"] >= 1 else -5
        panel.annotate(
            f"{digits(row['p50'])} µs" if ours else f"{digits(row['ratio'])}x   {digits(row['p50'])} µs",
            (row["ratio"], place),
            (side, 0),
            textcoords="offset points",
            va="center",
            ha="left" if side > 0 else "right",
            **({"color": STYLES[OURS]["color"], "weight": "bold"} if ours else {}),
        )
    panel.set_xscale("log")
    room = (max(ratios) / min(ratios)) ** 0.22  # for the texts at both ends
    panel.set_xlim(min(ratios) / room, max(ratios) * room)
    panel.set_ylim(-0.6, len(rows) - 0.4)
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{plain(value)}x"))
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.tick_params(axis="x", which="minor", length=0)
    panel.grid(axis="y", visible=False)
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)
    panel.set_xlabel("p50 as a multiple of this library's: quicker to the left, slower to the right")
    panel.set_title(
        f"{MAIN.candidates:,} candidates of {MAIN.campaigns:,} campaigns with a click and a conversion model each, "
        f"{MAIN.fields} request features, {MAIN.ad_features} ad features",
        loc="left",
    )
    return figure


def plot(panel: Axes, results: Results, name: str, points: list[tuple[int, int, int, int]], axis: int) -> None:
    """Draw one contender's line through the measured points."""
    rows = [(point[axis], results.row(name, *point)) for point in points]
    pairs = [(x, row["p50"]) for x, row in rows if row]
    if pairs:
        panel.plot(*zip(*pairs, strict=True), label=LABELS.get(name, name), **STYLES[name])


def legend(figure: Figure, panel: Axes) -> None:
    """Name the lines of a panel above all panels."""
    lines, names = panel.get_legend_handles_labels()
    figure.legend(lines, names, loc="outside upper center", ncols=len(names), frameon=False)


def logarithmic(panel: Axes) -> None:
    """Make both axes logarithmic, with plain numbers."""
    panel.set_xscale("log")
    panel.set_yscale("log")
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_locator(LogLocator(10))
        axis.set_major_formatter(FuncFormatter(plain))
        axis.set_minor_formatter(NullFormatter())
    panel.tick_params(axis="x", which="minor", length=0)


def plain(value: float, _: int = 0) -> str:
    """A number as people write it."""
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def digits(value: float) -> str:
    """Two or three significant digits of a number, or all digits before the point."""
    return f"{value:,.{0 if value >= 100 else 1 if value >= 10 else 2}f}"
