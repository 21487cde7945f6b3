# SPDX-License-Identifier: Apache-2.0
"""Whether the engine reproduces what servers logged: the same release and features must give the same prediction."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from valuation import Engine, Error

from valuation_pipeline.checks.engines import BOTH, score
from valuation_pipeline.checks.judging import percent
from valuation_pipeline.checks.options import CheckOptions
from valuation_pipeline.checks.verdicts import Status, Verdict
from valuation_pipeline.features import FeatureSet


def check_replay(
    table: pa.Table, feature_set: FeatureSet, releases: Mapping[str, Path], options: CheckOptions
) -> list[Verdict]:
    """Replay rows of a table of features that name the release that valued them.

    Parameters
    ----------
    table : pyarrow.Table
        Rows of the newest day, from ``features.tabulate``.
    feature_set : FeatureSet
        Their fields.
    releases : mapping of str to Path
        The available releases, by id.
    options : CheckOptions
        ``replay_tolerance`` and ``replay_limit`` are used.

    Returns
    -------
    list of Verdict
        One for each available release in the log.
    """
    logged = table.filter(pc.and_(pc.is_valid(table["release"]), pc.is_valid(table["pctr"])))
    named = sorted(set(logged["release"].to_pylist()))
    at_hand = [name for name in named if name in releases]
    if not at_hand:
        reason = (
            f"No row of the day names a prediction and an available release (the log names {', '.join(named[:5])})."
            if named
            else "No row of the day names a prediction and the release that made it; log pctr and release to have this."
        )
        return [Verdict("replay", "predictions", "skipped", None, options.replay_limit, reason)]
    verdicts = []
    for name in at_hand:
        rows = logged.filter(pc.equal(logged["release"], name))
        with Engine() as engine:
            try:
                engine.load(releases[name])
            except Error as error:
                reason = f"Release {name} cannot be loaded to replay its predictions: {error}"
                verdicts.append(Verdict("replay", name, "skipped", None, options.replay_limit, reason))
                continue
            values = score(engine, rows, feature_set, pricing=BOTH, bids=1.0)
        verdicts.append(_judge(name, rows, {target: values[target] for target in ("pctr", "pcvr")}, options))
    return verdicts


def _judge(name: str, rows: pa.Table, values: Mapping[str, np.ndarray], options: CheckOptions) -> Verdict:
    differs = np.zeros(rows.num_rows, bool)
    for target, replayed in values.items():
        logged = rows[target].to_numpy(zero_copy_only=False).astype(np.float64)
        known = ~np.isnan(logged)
        close = np.isclose(logged, replayed.astype(np.float64), rtol=options.replay_tolerance, atol=0)
        differs |= known & ~close
    share = float(differs.mean())
    status: Status = "failed" if share > options.replay_limit else "passed"
    if not differs.any():
        reason = f"All {rows.num_rows:,} predictions that servers logged under release {name} are reproduced by it."
        return Verdict("replay", name, status, share, options.replay_limit, reason)
    place = int(np.flatnonzero(differs)[0])
    row = {column: rows[column][place].as_py() for column in ("impression_id", "campaign", "pctr", "pcvr")}
    again = ", ".join(f"{target} {float(replayed[place]):.9g}" for target, replayed in values.items())
    was = ", ".join(f"{target} {row[target]:.9g}" for target in values if row[target] is not None)
    reason = (
        f"{percent(share)} of {rows.num_rows:,} predictions that servers logged under release {name} are not "
        f"reproduced by it, for example impression {row['impression_id']} of campaign {row['campaign']}: logged {was}, "
        f"replayed {again}: servers see other features than features.toml takes from the log, or have a policy; "
        f"`valuation explain` such a row with its features on both sides."
    )
    return Verdict("replay", name, status, share, options.replay_limit, reason)
