# SPDX-License-Identifier: Apache-2.0
"""The results as tables, for the terminal and in Markdown."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any

import rich.table
from plan import LIMIT, MAIN, OPEN_ADDRESSING, OURS
from results import Results, Row

FIELDS = MAIN.fields
NONE = "-"


@dataclass(frozen=True)
class Table:
    """A title, the columns' names, and texts in rows; the first column is a name, the others are numbers."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def for_terminal(self) -> rich.table.Table:
        """Return it for the terminal."""
        table = rich.table.Table(self.columns[0], title=self.title)
        for column in self.columns[1:]:
            table.add_column(column, justify="right")
        for row in self.rows:
            table.add_row(*row)
        return table

    def for_markdown(self) -> str:
        """Return it in Markdown."""
        lines = [self.columns, ("---", *("---:" for _ in self.columns[1:])), *self.rows]
        return "\n".join([f"### {self.title}", "", *(f"| {' | '.join(line)} |" for line in lines)])


def tables(document: dict[str, Any]) -> list[Table]:
    """Return all tables of a results.json."""
    results = Results(document)
    return [
        contenders(results),
        quantiles(results),
        ratios(results),
        instruction_sets(results),
        fields(results),
        json_calls(document["json"]),
        whole(document),
        releases(document),
        *policies(document),
    ]


def markdown(document: dict[str, Any], made: list[Table]) -> str:
    """Return the tables and the machine that they were measured on."""
    versions = "; ".join(f"{name} {version}" for name, version in document["versions"].items())
    machine = (
        f"Measured on {document['measured']}: {document['processor']}, {document['cores']} cores with a load of "
        f"{document['load_before']} before, {document['memory_gigabytes']} GiB, {document['system']}; {versions}."
    )
    return "\n\n".join(["<!-- Written by make bench. -->", machine, *(table.for_markdown() for table in made)]) + "\n"


def contenders(results: Results) -> Table:
    """All contenders at the headline points."""
    rows = []
    for ranked in results.ranking(*astuple(MAIN)):
        name = ranked["contender"]
        cells = [results.row(name, *astuple(point)) for point in results.headline]
        rows.append(
            (
                name,
                *(f"{number(row['p50'])} ({ratio(row)})" if row else NONE for row in cells),
                f"{ranked['nanoseconds_each']:,.1f}",
                f"{ranked['bytes'] / 1e6:,.0f}",
                f"{max(row['disagreement'] for row in cells if row):.0e}",
            )
        )
    return Table(
        "All contenders: p50 in µs and its ratio to this library's in the same group, campaigns x candidates, "
        f"{MAIN.fields} request features, {MAIN.ad_features} ad features; ns for each candidate and model, and MB of "
        f"models, at {MAIN.campaigns:,} x {MAIN.candidates:,}",
        (
            "contender",
            *(f"{point.campaigns:,} x {point.candidates:,}" for point in results.headline),
            "ns each",
            "MB",
            "largest difference",
        ),
        rows,
    )


def quantiles(results: Results) -> Table:
    """Our library over the grid."""
    kinds = results.sizes("ad_features")
    rows = []
    for campaigns in results.sizes("campaigns"):
        for candidates in results.sizes("candidates"):
            cells = [results.row(OURS, campaigns, FIELDS, candidates, kind) or {} for kind in kinds]
            texts = [number(cell.get(name)) for cell in cells for name in ("p50", "p99", "p999")]
            rows.append((f"{campaigns:,} x {candidates:,}", *texts))
    columns = [f"A={kind}: {name}" for kind in kinds for name in ("p50", "p99", "p99.9")]
    return Table(
        f"This library: µs a request, {FIELDS} request features, A features of each ad",
        ("campaigns x candidates", *columns),
        rows,
    )


def ratios(results: Results) -> Table:
    """The other fast contenders over the grid, as ratios to this library."""
    kinds = results.sizes("ad_features")
    names = [row["contender"] for row in results.ranking(*astuple(results.grid[0])) if row["contender"] != OURS]
    names.sort(key=lambda name: (name != LIMIT, name != OPEN_ADDRESSING, name))
    rows = []
    for campaigns in results.sizes("campaigns"):
        for candidates in results.sizes("candidates"):
            cells = [results.row(name, campaigns, FIELDS, candidates, kind) for name in names for kind in kinds]
            rows.append((f"{campaigns:,} x {candidates:,}", *(ratio(cell) if cell else NONE for cell in cells)))
    columns = [f"{name}, A={kind}" for name in names for kind in kinds]
    return Table(
        f"Ratio of p50 to this library's, {FIELDS} request features, A features of each ad",
        ("campaigns x candidates", *columns),
        rows,
    )


def instruction_sets(results: Results) -> Table:
    """Our library with each instruction set that the machine has."""
    kinds = results.sizes("ad_features")
    names = [OURS, *results.narrower]
    rows = []
    for campaigns in results.sizes("campaigns"):
        for candidates in results.sizes("candidates"):
            cells = [results.row(name, campaigns, FIELDS, candidates, kind) for kind in kinds for name in names]
            texts = [f"{number(cell['p50'])} ({ratio(cell)})" if cell else NONE for cell in cells]
            rows.append((f"{campaigns:,} x {candidates:,}", *texts))
    titles = [name.partition(", ")[2] or "widest" for name in names]
    return Table(
        f"Instruction sets: p50 in µs and its ratio to that with the machine's widest, {FIELDS} request features, "
        "A features of each ad",
        ("campaigns x candidates", *(f"{title}, A={kind}" for kind in kinds for title in titles)),
        rows,
    )


def fields(results: Results) -> Table:
    """How this library's time grows with the request's features."""
    kinds = results.sizes("ad_features")
    rows = []
    for count in results.sizes("fields"):
        texts = []
        for name in (OURS, LIMIT):
            cells = [results.row(name, MAIN.campaigns, count, MAIN.candidates, kind) for kind in kinds]
            texts += [number(cell["p50"]) if cell else NONE for cell in cells]
        rows.append((f"{count}", *texts))
    columns = [f"{name}, A={kind}" for name in (OURS, LIMIT) for kind in kinds]
    return Table(
        f"Growth with the request's features: p50 in µs, {MAIN.campaigns:,} x {MAIN.candidates:,}, "
        "A features of each ad",
        ("request features", *columns),
        rows,
    )


def json_calls(rows: list[Row]) -> Table:
    """The JSON call, and its parts as far as they can be separated."""
    struct, call, jansson = rows
    lines = []
    for row in rows:
        quantiles = (number(row.get(name)) for name in ("p50", "p99", "p999"))
        lines.append((row["contender"], *quantiles, ratio(row), times(row["p50"] / call["p50"])))
    rest = call["p50"] - struct["p50"]
    of_call = (number(rest), NONE, NONE, times(rest / struct["p50"]), times(rest / call["p50"]))
    lines.insert(2, (f"{call['contender']} without {struct['contender']}: reading and printing", *of_call))
    lines[-1] = (f"{jansson['contender']}, reading alone", *lines[-1][1:])
    title = f"JSON: µs a request of {MAIN.candidates:,} candidates, {call['text_bytes'] / 1e3:,.0f} kB of text"
    return Table(title, ("call", "p50", "p99", "p99.9", "ratio", f"ratio to {call['contender']}"), lines)


def whole(document: dict[str, Any]) -> Table:
    """Threads and loading."""
    threads, load = document["threads"], document["load"]
    rates = threads["requests_per_second"]
    rows = [
        ("requests a second, 1 thread", f"{rates['1']:,.0f}"),
        ("requests a second, 2 threads", f"{rates['2']:,.0f}"),
        ("2 threads / 1 thread, median of turns", f"{threads['ratio']:.2f}x"),
        (f"loading {load['campaigns']:,} campaigns, {load['weights']:,.0f} weights", f"{load['seconds']:.2f} s"),
        ("the files, packed", f"{load['megabytes_packed']:,.0f} MB"),
        ("the index", f"{load['index_bytes'] / 1e6:,.1f} MB"),
        ("bytes a weight", f"{load['index_bytes'] / load['weights']:.1f}"),
        ("most resident memory while loading", f"{load['peak_bytes'] / 1e6:,.0f} MB"),
        ("that / the index", f"{load['peak_to_index']:.2f}x"),
    ]
    return Table("Threads and loading", ("what", "measured"), rows)


def releases(document: dict[str, Any]) -> Table:
    """What opening, refreshing and rolling back cost."""
    measured = document["releases"]
    rows = [
        ("publishing them, compiled file and all", duration(measured["publish"])),
        ("the compiled file", f"{measured['compiled_bytes'] / 1e6:,.1f} MB"),
        ("loading the model files", duration(measured["load_models"])),
        ("mapping the compiled file, its checksum computed", duration(measured["load_compiled"])),
        ("mapping it unchecked (VALUATION_SWITCH_TRUST_COMPILED)", duration(measured["load_trusted"])),
        ("refresh, nothing changed", duration(measured["refresh_unchanged"])),
        ("refresh to another compiled release", duration(measured["refresh_changed"])),
        ("rolling back to what is in memory", duration(measured["roll_back"])),
        ("a request with mapped models / with built ones", f"{measured['mapped_to_built']:.2f}x"),
    ]
    title = f"Releases: {measured['campaigns']:,} campaigns, but for the last line, which is of the main models"
    return Table(title, ("what", "measured"), rows)


def policies(document: dict[str, Any]) -> list[Table]:
    """What requests cost under a policy, relative to the same under none, and what policies themselves cost."""
    measured = document["policies"]
    kinds = sorted({row["ad_features"] for row in measured["requests"]})
    lives = [
        (f"loading a policy that adjusts {measured['campaigns']:,} campaigns", duration(measured["load"])),
        ("refresh, neither policy nor LATEST changed", duration(measured["refresh_unchanged"])),
    ]
    of_kinds = [policies_of(measured["requests"], kind) for kind in kinds]
    return [*of_kinds, Table("Loading policies", ("what", "measured"), lives)]


def policies_of(requests: list[Row], ad_features: int) -> Table:
    """The requests whose ads have this many features."""
    own = [row for row in requests if row["ad_features"] == ad_features]
    rows = [("without a policy: p50 in µs", *(number(row["p50"]) for row in own))]
    rows += [(name, *(times(row["ratios"][name]) for row in own)) for name in own[0]["ratios"]]
    columns = [f"{row['candidates']:,} ads" for row in own]
    title = (
        f"Policies: p50 relative to that without one, {MAIN.campaigns:,} campaigns, {ad_features} features of each ad"
    )
    return Table(title, ("request", *columns), rows)


def duration(seconds: float) -> str:
    """Return a time in a suitable unit."""
    for unit, factor in (("s", 1), ("ms", 1e3)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def number(microseconds: float | None) -> str:
    """Three digits, or more if they stand before the point."""
    if microseconds is None:
        return NONE
    return f"{microseconds:,.{max(0, 3 - len(str(int(microseconds))))}f}"


def ratio(row: Row) -> str:
    """A row's ratio to this library."""
    return times(row["ratio"])


def times(value: float) -> str:
    """A ratio in about three digits."""
    return f"{value:,.{2 if value < 10 else 0}f}x"
