# SPDX-License-Identifier: Apache-2.0
"""Writes a generated log: the log itself, its truth, and a configuration that suits it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from valuation_pipeline.errors import PipelineError
from valuation_pipeline.files import whole_folder
from valuation_pipeline.generated import tables
from valuation_pipeline.generated.day import DAY, at_rates, draw_day
from valuation_pipeline.generated.faults import OVER_PREDICTED, Fault, campaign_name, parse_fault
from valuation_pipeline.generated.fields import features_toml
from valuation_pipeline.generated.options import GeneratorOptions
from valuation_pipeline.generated.planted import PLANTED, plant
from valuation_pipeline.generated.served import Served
from valuation_pipeline.generated.world import World, draw_world
from valuation_pipeline.logs.schema import CLICKS, CONVERSIONS, TIME

TRUTH = pa.schema([("impression_id", pa.string()), ("pctr", pa.float64()), ("pcvr", pa.float64())])


def generate(
    output: Path,
    options: GeneratorOptions,
    faults: Sequence[str] = (),
    progress: Callable[[date], None] = lambda day: None,
    models: Path | None = None,
) -> None:
    """Write a log with known truth.

    The folder gets ``log/`` (``valuation-log/1``, a Parquet file for each table and day; clicks and conversions on the
    days on which they came, also after the last day), ``truth.parquet`` (impression_id, pctr, pcvr: the true
    probabilities of clicks and, among clicks, conversions), ``features.toml``, ``pipeline.toml``, and
    ``planted.parquet`` (the requested wrong rows).

    The same options give the same rows. Memory is that of one day. A million impressions take ten seconds.

    Parameters
    ----------
    output : Path
        Must not exist yet.
    options : GeneratorOptions
    faults : sequence of str
        ``NAME[=argument]`` of ``faults.FAULTS``.
    progress : callable
        Called after each day.
    models : Path, optional
        A directory of releases, a release, or model documents: the engine's predictions by them are logged. Their
        fields are those of the log's features.toml.

    Raises
    ------
    PipelineError
        The folder exists, a fault is invalid, or the engine refuses the models.
    """
    if output.exists():
        raise PipelineError(f"{output}: is there already; a log is generated into a folder of its own")
    world = at_rates(draw_world(options))
    throughout = (world.campaign_days == [0, options.days - 1]).all(axis=1)
    biggest = campaign_name(int(np.argmax(world.campaign_weights * throughout)))
    parsed = [parse_fault(fault, options, biggest) for fault in faults]
    with whole_folder(output) as folder:
        features = folder / "features.toml"
        features.write_text(features_toml(), encoding="utf-8")
        (folder / "pipeline.toml").write_text('format = "valuation-pipeline/1"\n', encoding="utf-8")
        served = Served(models, features) if models else None
        _Writer(folder, world, parsed, served).write(progress)


class _Writer:
    """Writes day after day, and keeps later clicks and conversions for the days that follow."""

    def __init__(self, folder: Path, world: World, faults: list[Fault], served: Served | None) -> None:
        self.log = folder / "log"
        self.folder = folder
        self.world = world
        self.faults = faults
        self.served = served
        self.pending = {"clicks": CLICKS.empty_table(), "conversions": CONVERSIONS.empty_table()}
        self.planted = [PLANTED.empty_table()]

    def write(self, progress: Callable[[date], None]) -> None:
        dates = self.world.options.dates
        with pq.ParquetWriter(self.folder / "truth.parquet", TRUTH) as truth:
            for index, day in enumerate(dates):
                truth.write_table(self._write_day(index, day))
                progress(day)
        after, index = dates[-1], len(dates)
        while any(len(table) for table in self.pending.values()):
            after += timedelta(days=1)
            for name, table in self._take_pending(index, after).items():
                self._write_table(name, after, table)
            index += 1
        pq.write_table(pa.concat_tables(self.planted), self.folder / "planted.parquet")

    def _write_day(self, index: int, date_: date) -> pa.Table:
        world, faults = self.world, [fault for fault in self.faults if fault.on(index)]
        numbers = {campaign_name(campaign): campaign for campaign in range(world.options.campaigns)}
        shifts = {numbers[fault.subject]: 1 / OVER_PREDICTED for fault in faults if fault.name == "over_predicted"}
        swapped = {numbers[fault.subject] for fault in faults if fault.name == "labels_swapped"}
        day = draw_day(world, index, _midnight(date_), shifts, swapped)
        over_predicted = np.where(np.isin(day.rows["campaign"], list(shifts)), OVER_PREDICTED, 1.0)
        gone = {fault.subject for fault in faults if fault.name == "feature_gone"}
        moved = any(fault.name == "vocabulary_moved" for fault in faults)
        shown = tables.impressions(world, day, date_, gone, moved, over_predicted)
        if self.served:
            for name, column in self.served.predictions(shown).items():
                place = shown.schema.get_field_index(name)
                shown = shown.set_column(place, shown.schema.field(place), column)
        ids = shown["impression_id"].combine_chunks()
        came = {"clicks": tables.clicks(ids, day), "conversions": tables.conversions(ids, day)}
        for name, table in came.items():
            self.pending[name] = pa.concat_tables([self.pending[name], table])
        written = {"impressions": shown, **self._take_pending(index, date_)}
        written, planted = plant(written, day, date_, _midnight(date_), faults, world.options.seed)
        self.planted.append(planted)
        if world.options.candidate_share:
            written["candidates"] = tables.candidates(world, day, shown)
        for name, table in written.items():
            self._write_table(name, date_, table)
        truth = [ids, pa.array(day.pctr), pa.array(day.pcvr)]
        return pa.table(truth, schema=TRUTH)

    def _take_pending(self, index: int, date_: date) -> dict[str, pa.Table]:
        """The clicks and conversions of the day, without those that a fault loses."""
        end = pa.scalar(_midnight(date_) + DAY, pa.int64()).cast(TIME)
        faults = {fault.name for fault in self.faults if fault.on(index)}
        stopped = any(fault.name == "conversions_stopped" and index >= fault.first_day for fault in self.faults)
        taken = {}
        for name, table in self.pending.items():
            now = pc.less(table["time"], end)
            arrived = table.filter(now).sort_by([("time", "ascending"), ("impression_id", "ascending")])
            self.pending[name] = table.filter(pc.invert(now))
            lost = (name == "clicks" and "clicks_missing" in faults) or (name == "conversions" and stopped)
            taken[name] = arrived.slice(0, 0) if lost else arrived
        return taken

    def _write_table(self, name: str, date_: date, table: pa.Table) -> None:
        folder = self.log / name / f"date={date_}"
        folder.mkdir(parents=True)
        pq.write_table(table, folder / "part-0.parquet", compression="zstd")
        (folder / "_SUCCESS").touch()


def _midnight(date_: date) -> int:
    return int(datetime(date_.year, date_.month, date_.day, tzinfo=UTC).timestamp()) * 1_000_000
