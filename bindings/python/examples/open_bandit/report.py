# SPDX-License-Identifier: Apache-2.0
"""What the demo prints. Numbers come in; nothing is computed here but differences and percentages of them."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

import valuation
from features import Row
from train import TrainedModel

console = Console(highlight=False, width=None if Console().is_terminal else 120)


def step(title: str) -> None:
    """Prints the heading of a step."""
    console.print()
    console.rule()
    console.print(f"[bold]{title}")


def log_table(log: pd.DataFrame) -> None:
    """Prints how many impressions and clicks each policy logged on each page."""
    policy = log["impression"].str.split("/").str[0]
    parts = log.assign(policy=policy).groupby(["policy", "campaign"])["click"].agg(["size", "sum"])
    table = _table("policy", "campaign (page)", "impressions", "clicks", "click rate")
    for row in parts.reset_index().to_dict("records"):
        rate = row["sum"] / row["size"]
        table.add_row(row["policy"], row["campaign"], f"{row['size']:,}", f"{row['sum']:,}", f"{rate:.3%}")
    table.add_section()
    clicks = int(log["click"].sum())
    table.add_row("together", "", f"{len(log):,}", f"{clicks:,}", f"{clicks / len(log):.3%}")
    console.print(table)
    console.print(
        f"{log['day'].nunique()} days, {log['day'].min()} to {log['day'].max()} (UTC); each item is an ad, each page a "
        f"campaign, the position the slot. The last day is held out."
    )


def affinity_note(days: pd.DataFrame) -> None:
    """Prints why the affinities are left out, from the table of ``affinity_leak``."""
    first, later = days.iloc[0], days.iloc[1:].sum()
    console.print(
        "Left out: the user-item affinities (past clicks). They have seen the label: on the first day "
        f"{first['with_affinity']} of {first['clicks']} clicked impressions have one, "
        f"on the other days {later['with_affinity']} of {later['clicks']}."
    )


def model_table(models: Sequence[TrainedModel]) -> None:
    """Prints what each model was trained on and how many weights it kept."""
    table = _table("campaign", "target", "rows", "positives", "trained on", "negatives kept", "weights")
    for model in models:
        table.add_row(
            model.campaign,
            model.target,
            f"{model.rows:,}",
            f"{model.positives:,}",
            f"{len(model.sample):,}",
            f"{model.negative_sampling_rate:.4f}",
            f"{np.count_nonzero(model.pipeline['fit'].coef_)}",
        )
    console.print(table)


def release(folder: Path, manifest: valuation.Manifest) -> None:
    """Prints what was published in a directory of releases."""
    counts, priors, published = manifest["counts"], manifest["priors"], folder / "releases" / manifest["id"]
    console.print(
        f"{_shown(folder / 'LATEST')} names {manifest['id']}: {counts['campaigns']} campaigns, {counts['weights']} "
        f"weights of {counts['click_models']} click and {counts['conversion_models']} conversion models."
    )
    files(sorted(published.iterdir()))
    console.print(
        f"A campaign without any model gets the rates that all of them were trained on, the GENERATED ones too: "
        f"{priors['click']:.3%} of impressions clicked, {priors['conversion']:.2%} of clicks converted."
    )


def files(paths: Sequence[Path]) -> None:
    """Prints the names and sizes of files."""
    for path in paths:
        console.print(f"{_shown(path)}  {path.stat().st_size:,} bytes")


def run(command: Sequence[str | Path]) -> bool:
    """Runs a program, with its output going where ours goes. Returns whether it succeeded."""
    shown = [_shown(part) for part in command]
    # Not broken into lines, so that it can be copied.
    console.print(f"\n[bold]$ {shlex.join(shown)}", soft_wrap=True)
    console.file.flush()
    status = subprocess.run(shown, check=False).returncode
    if status != 0:
        console.print(f"exit status {status}", style="bold red")
    return status == 0


def command_line_note() -> None:
    """Prints what a reader of the command line's answers needs to know."""
    console.print(
        "unknown_feature is ordinary: L1 left no weight for one of the features. "
        "Ads of generated-1 ... generated-3 are of the GENERATED log."
    )


def ranking_table(impression: Row, candidates: int, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    """Prints the answer to a request whose candidates are all ads of its page."""
    bid_of = {candidate["ad"]: candidate["bid"] for candidate in request["candidates"]}
    shown = f"{impression['ad']}, {'clicked' if impression['click'] else 'not clicked'}"
    console.print(
        f"\nImpression {impression['impression']}: slot {impression['slot']}, hour {impression['hour']}; "
        f"the best {len(answer['values'])} of {candidates} ads (shown in the log: {shown})"
    )
    table = _table("rank", "ad", "bid per click", "pCTR", "expected revenue per 1,000 impressions")
    for rank, value in enumerate(answer["values"], start=1):
        table.add_row(
            f"{rank}",
            value["ad"],
            f"{bid_of[value['ad']]:.2f}",
            f"{value['pctr']:.4%}",
            f"{1000 * value['expected_revenue']:.4f}",
        )
    console.print(table)


def calibration_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Prints clicks and revenue, observed and expected, from the rows of ``evaluate.calibration``."""
    table = _table(
        "campaign", "impressions", "clicks", "sum of pCTR", "constant rate", "paid by clicks", "expected revenue"
    )
    for row in rows:
        if row is rows[-1]:
            table.add_section()
        table.add_row(
            row["campaign"],
            f"{row['impressions']:,}",
            f"{row['clicks']}",
            f"{row['sum_of_pctr']:.1f}",
            f"{row['sum_of_constant']:.1f}",
            f"{row['revenue']:.2f}",
            f"{row['expected_revenue']:.2f}",
        )
    console.print(table)
    console.print(
        "Clicks observed, beside the sum of the models' pCTR and what the campaign's click rate on the training days "
        "gives. Paid: the invented bids of the ads that were clicked; expected: the sum of bid x pCTR."
    )


def log_loss_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Prints log losses and what they allow to say, from the rows of ``evaluate.calibration``."""
    table = _table("campaign", "log loss of the models", "of the constant rate", "gain ± standard error, x 1e-3")
    for row in rows:
        if row is rows[-1]:
            table.add_section()
        table.add_row(
            row["campaign"],
            f"{row['log_loss']:.5f}",
            f"{row['log_loss_of_constant']:.5f}",
            f"{1000 * row['log_loss_gain']:+.2f} ± {1000 * row['standard_error']:.2f}",
        )
    console.print(table)
    console.print("Log loss in nats an impression; a gain above 0 means that the models are better.")
    console.print(_verdict(rows[-1]), style="bold")


def _verdict(together: Mapping[str, Any]) -> str:
    gain, error = together["log_loss_gain"], together["standard_error"]
    if gain > 2 * error:
        outcome = "here the models beat it by more than two standard errors"
    elif gain < -2 * error:
        outcome = "here it beats the models by more than two standard errors"
    else:
        outcome = "here the difference is within two standard errors, so none is shown"
    return (
        f"This log has little signal: {together['clicks']} clicks in {together['impressions']:,} impressions of the "
        f"last day. A constant click rate is hard to beat; {outcome}. The demo shows that the parts work, not that "
        "these models are good."
    )


def truth_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Prints the rows of ``generated_evaluate.against_truth``."""
    table = _table(
        "campaign",
        "target",
        "trained on",
        "positives",
        "mean true",
        "mean predicted",
        "error: models",
        "error: constant",
    )
    for row in rows:
        table.add_row(
            row["campaign"],
            row["target"],
            f"{row['training_rows']:,}",
            f"{row['positives']:,}",
            f"{row['mean_true']:.4%}",
            f"{row['mean_predicted']:.4%}",
            f"{row['error']:.1%}",
            f"{row['error_of_constant']:.1%}",
        )
    console.print(table)
    console.print("GENERATED data. Error: root mean square of ln(predicted / true) over single ads of new requests.")


def picks_table(picks: Mapping[str, float]) -> None:
    """Prints what ``generated_evaluate.revenue_of_picks`` returns."""
    best = next(iter(picks.values()))
    table = _table("the ad that is best by", "true expected revenue of 1,000 requests", "of the best possible")
    for who, revenue in picks.items():
        table.add_row(who, f"{revenue:.2f}", f"{revenue / best:.1%}")
    console.print(table)
    console.print("GENERATED data, CPA bids: expected revenue = bid x pCTR x pCVR. No claim about real advertising.")


def done(demo: Path, seconds: float) -> None:
    """Prints how long it took and where the files are."""
    console.print(
        f"\nAll that, without the build, took {seconds:.0f} s. Models and requests are in {_shown(demo)}; "
        "try the commands above on them."
    )


def _table(*columns: str) -> Table:
    table = Table()
    for column in columns:
        text = column in ("policy", "campaign (page)", "campaign", "target", "ad", "the ad that is best by")
        table.add_column(column, justify="left" if text else "right", no_wrap=text)
    return table


def _shown(part: str | Path) -> str:
    """A path as seen from the working directory where it is below that, and anything else as it is."""
    return os.path.relpath(part) if isinstance(part, Path) and part.is_relative_to(Path.cwd()) else str(part)
