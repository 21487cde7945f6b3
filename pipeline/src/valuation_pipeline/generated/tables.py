# SPDX-License-Identifier: Apache-2.0
"""Drawn days as the Arrow tables of ``valuation-log/1``."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.special import expit, logit

from valuation_pipeline.generated.day import Day
from valuation_pipeline.generated.faults import MOVED, campaign_name
from valuation_pipeline.generated.fields import ACTIVITY, FIELDS, INTERESTS
from valuation_pipeline.generated.world import Codes, Numbers, World
from valuation_pipeline.logs.schema import CANDIDATES, CLICKS, CONVERSIONS, FEATURES, IMPRESSIONS, PRICINGS, TIME, UNIT

CANDIDATES_OF_A_REQUEST = 5
_AD_FIELDS = tuple(field for field in FIELDS if field.of == "ad")


def impression_ids(date_: date, count: int) -> pa.Array:
    """The ids of a day's impressions; their order as texts is the order of time."""
    numbers = pc.utf8_lpad(pc.cast(pa.array(np.arange(count)), pa.string()), width=9, padding="0")
    return pc.binary_join_element_wise(f"i-{date_:%Y%m%d}", numbers, "-")


def impressions(world: World, day: Day, date_: date, gone: set[str], moved: bool, over_predicted: Numbers) -> pa.Table:
    """The impressions of a day.

    Parameters
    ----------
    world : World
    day : Day
    date_ : date
    gone : set of str
        Fields that are not logged.
    moved : bool
        Whether the values of the fields ``faults.MOVED`` have other names.
    over_predicted : ndarray
        The divisor of each row's true pctr; the logged one is not divided.
    """
    rows, count = day.rows, len(day.time)
    columns: dict[str, pa.Array] = {
        "impression_id": impression_ids(date_, count),
        "time": pa.array(day.time, TIME),
        "request_id": pc.replace_substring_regex(impression_ids(date_, count), "^i", "r"),
        "unit": pa.MapArray.from_arrays(
            np.arange(count + 1, dtype=np.int32),
            _repeated("user", count),
            _numbered("u-", rows["user"]),
            type=UNIT,
        ),
        "placement": pc.binary_join_element_wise(_numbered("site-", rows["site"]), _numbered("", rows["slot"]), "/"),
        **_bid_columns(world, rows["campaign"], rows["ad"]),
        "advertiser": _numbered("a-", rows["advertiser"]),
        "features": _features(world, rows, gone, moved),
    }
    rng = np.random.default_rng([world.options.seed, 2, day.index])
    revenue = _expected_revenue(world, rows["campaign"], day.pctr, day.pcvr)
    columns["cost"] = pa.array(np.round(0.7 * revenue * rng.lognormal(-0.02, 0.2, count), 6))
    if world.options.predictions == "noisy":
        pctr = expit(logit(day.pctr * over_predicted) + rng.normal(0.0, 0.1, count))
        pcvr = expit(logit(day.pcvr) + rng.normal(0.0, 0.1, count))
        columns["pctr"], columns["pcvr"] = pa.array(pctr), pa.array(pcvr)
        columns["expected_revenue"] = pa.array(_expected_revenue(world, rows["campaign"], pctr, pcvr))
        columns["predictor"] = _repeated("noisy", count)
        columns["release"] = _repeated("generated", count)
    return _table(IMPRESSIONS, columns, count)


def clicks(ids: pa.Array, day: Day) -> pa.Table:
    """The clicks on the impressions of a day, at any time, in the order of their time."""
    columns = {"impression_id": ids.take(pa.array(day.click_impressions)), "time": pa.array(day.click_time, TIME)}
    return _table(CLICKS, columns, len(day.click_time)).sort_by([("time", "ascending"), ("impression_id", "ascending")])


def conversions(ids: pa.Array, day: Day) -> pa.Table:
    """The conversions of the impressions of a day, at any time, in the order of their time."""
    columns = {
        "impression_id": ids.take(pa.array(day.conversion_impressions)),
        "time": pa.array(day.conversion_time, TIME),
        "revenue": pa.array(day.revenue),
    }
    table = _table(CONVERSIONS, columns, len(day.conversion_time))
    return table.sort_by([("time", "ascending"), ("impression_id", "ascending")])


def candidates(world: World, day: Day, shown: pa.Table) -> pa.Table:
    """The candidates of a share of the day's requests: the ad shown, at a random position, and others."""
    rng = np.random.default_rng([world.options.seed, 3, day.index])
    requests = np.flatnonzero(rng.random(len(day.time)) < world.options.candidate_share)
    of_request = np.repeat(requests, CANDIDATES_OF_A_REQUEST)
    position = np.tile(np.arange(CANDIDATES_OF_A_REQUEST), len(requests))
    is_shown = position == np.repeat(rng.integers(0, CANDIDATES_OF_A_REQUEST, len(requests)), CANDIDATES_OF_A_REQUEST)
    live = (world.campaign_days[:, 0] <= day.index) & (day.index <= world.campaign_days[:, 1])
    others = rng.choice(np.flatnonzero(live), len(of_request))
    campaign = np.where(is_shown, day.rows["campaign"][of_request], others)
    ad = np.where(is_shown, day.rows["ad"][of_request], rng.integers(0, world.click.ads.shape[1], len(of_request)))
    rows = {name: codes[of_request] for name, codes in day.rows.items()}
    rows |= {"campaign": campaign, "ad": ad}
    rows |= {field.name: world.ad_features[field.name][campaign, ad] for field in _AD_FIELDS}
    # How often a user saw a candidate that was not shown is unknown here: its value is that of a first impression.
    rows["seen"] = np.where(is_shown, rows["seen"], 0)
    pctr, pcvr = world.probabilities(rows)
    columns = {
        "request_id": shown["request_id"].combine_chunks().take(pa.array(of_request)),
        "time": pa.array(day.time[of_request], TIME),
        "position": pa.array(position, pa.int32()),
        **_bid_columns(world, campaign, ad),
        "features": _map_of([(field.name, _labels(field.labels()), rows[field.name]) for field in _AD_FIELDS], []),
        "expected_revenue": pa.array(_expected_revenue(world, campaign, pctr, pcvr)),
        "shown": pa.array(is_shown),
    }
    return _table(CANDIDATES, columns, len(of_request))


def _bid_columns(world: World, campaign: Codes, ad: Codes) -> dict[str, pa.Array]:
    names = pa.array([campaign_name(number) for number in range(world.options.campaigns)])
    ads = world.click.ads.shape[1]
    ad_names = pa.array([f"{name}/{number}" for name in names.to_pylist() for number in range(ads)])
    return {
        "campaign": names.take(pa.array(campaign)),
        "ad": ad_names.take(pa.array(campaign * ads + ad)),
        "pricing": pa.array(PRICINGS).take(pa.array(world.pricing[campaign])),
        "bid": pa.array(world.bid[campaign]),
    }


def _expected_revenue(world: World, campaign: Codes, pctr: Numbers, pcvr: Numbers) -> Numbers:
    """Expected revenue of one impression: CPM bids are for a thousand, CPC for a click, CPA for a conversion."""
    result: Numbers = world.bid[campaign] * np.choose(world.pricing[campaign], [1e-3, pctr, pctr * pcvr])
    return result


def _features(world: World, rows: dict[str, Codes], gone: set[str], moved: bool) -> pa.Array:
    single = []
    for field in FIELDS:
        if field.name not in gone:
            labels = field.labels()
            if moved and field.name in MOVED:
                labels = [f"new-{label}" for label in labels]
            single.append((field.name, _labels(labels), rows[field.name]))
    numbers = [f"{hundredths / 100:g}" for hundredths in range(1000)]
    single.append((ACTIVITY, _labels(numbers), rows[ACTIVITY]))
    return _map_of(single, [(INTERESTS.name, _labels(INTERESTS.labels()), world.interests[rows["user"]])])


def _map_of(single: list[tuple[str, pa.Array, Codes]], multi: list[tuple[str, pa.Array, Codes]]) -> pa.Array:
    """Maps of field → list of texts, from the codes of each field; -1 is no value, a field without a value is left out.

    Built without a Python object for each row: the values of all fields are consecutive in one vocabulary, and are
    taken from it row by row.
    """
    names = [name for name, _, _ in (*single, *multi)]
    vocabulary = pa.concat_arrays([labels for _, labels, _ in (*single, *multi)])
    firsts = np.cumsum([0] + [len(labels) for _, labels, _ in (*single, *multi)])
    blocks, widths = [], []
    for first, (_, _, codes) in zip(firsts, (*single, *multi), strict=False):
        block = codes[:, None] if codes.ndim == 1 else codes
        blocks.append(np.where(block < 0, -1, block + first))
        widths.append(block.shape[1])
    matrix = np.concatenate(blocks, axis=1)
    present = matrix >= 0
    items = vocabulary.take(pa.array(matrix[present]))
    edges = np.cumsum([0, *widths])[:-1]
    lengths = np.add.reduceat(present, edges, axis=1)
    has = lengths > 0
    keys = pa.array(names).take(pa.array(np.broadcast_to(np.arange(len(names)), has.shape)[has]))
    lists = pa.ListArray.from_arrays(_offsets(lengths[has]), items)
    return pa.MapArray.from_arrays(_offsets(has.sum(axis=1)), keys, lists, type=FEATURES)


def _offsets(lengths: NDArray[np.integer]) -> pa.Array:
    return pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))


def _labels(texts: list[str]) -> pa.Array:
    return pa.array(texts, pa.string())


def _numbered(prefix: str, numbers: Codes) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pc.cast(pa.array(numbers), pa.string()), "")


def _repeated(text: str, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(text, pa.string()), count)


def _table(schema: pa.Schema, columns: dict[str, pa.Array], count: int) -> pa.Table:
    return pa.table([columns.get(field.name, pa.nulls(count, field.type)) for field in schema], schema=schema)
