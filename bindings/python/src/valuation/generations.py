# SPDX-License-Identifier: Apache-2.0
"""What an engine says of itself, and what the numbers of its generations and sources stand for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Literal

from valuation._abi import EngineStateStruct, GenerationStruct, SourceStruct
from valuation.constants import Status
from valuation.policy import Source

_KINDS: dict[int, Literal["release", "ensemble", "naive", "constant"]] = {
    1: "release",
    2: "ensemble",
    3: "naive",
    4: "constant",
}


@dataclass(frozen=True)
class Generation:
    """What served from a moment on: models and policy. See :meth:`valuation.Engine.find_generation`.

    Attributes
    ----------
    number : int
        From 1, in each engine and process for itself.
    time : datetime
        When it was put into service, in UTC.
    release : str or None
        Id of the release that LATEST stood for; None if the models were no release.
    models_digest : str or None
        The checksum at the end of the release's manifest; of a lone compiled file, that of its index.
    policy_version : str or None
        None without a policy, and if it has none.
    policy_digest : str or None
        The checksum of the policy's file, as ``xxh128sum`` prints it; None without a policy.
    path : str
        Where the models were loaded from; the end of a path of more than 511 bytes.
    """

    number: int
    time: datetime
    release: str | None
    models_digest: str | None
    policy_version: str | None
    policy_digest: str | None
    path: str


@dataclass(frozen=True)
class EngineState:
    """How an engine is, for those who watch it. See :meth:`valuation.Engine.state`.

    Attributes
    ----------
    generation : int
        What serves; 0 if nothing is loaded.
    loaded_at : datetime or None
        When it was put into service, in UTC.
    latest_replaced_at : datetime or None
        When the LATEST that the engine follows was replaced; one that was refused, or is only prepared, does not count.
    models : int
        Of LATEST, including priors and observed rates that stand in for models.
    index_bytes : int
        Of the indexes that score: that of LATEST and those of the releases that the policy names.
    is_mapped : bool
        Whether the models are a compiled file, not built in this process.
    is_prepared : bool
        Whether :meth:`valuation.Engine.commit` would put something into service.
    refreshed_at : datetime or None
        When models were last loaded, refreshed or prepared, or that was tried.
    refresh_failures : int
        How many of these failed since one succeeded.
    refresh_status : int
        A :class:`valuation.Status`: the outcome of the last one.
    refresh_message : str
        The message of its failure, at most 255 bytes; ``""`` if it succeeded.
    release, previous, held_back : str or None
        Ids of the release that serves, of that which :meth:`valuation.Engine.roll_back` goes back to, and of that which
        :meth:`valuation.Engine.refresh` skips because it was rolled back, or because something else was loaded since.
    policy_version : str or None
        The version that the policy gives, or None.
    """

    generation: int
    loaded_at: datetime | None
    latest_replaced_at: datetime | None
    models: int
    index_bytes: int
    is_mapped: bool
    is_prepared: bool
    refreshed_at: datetime | None
    refresh_failures: int
    refresh_status: int
    refresh_message: str
    release: str | None
    previous: str | None
    held_back: str | None
    policy_version: str | None


def generation_of(struct: GenerationStruct) -> Generation:
    """Return what the library filled in."""
    return Generation(
        number=struct.generation,
        time=datetime.fromtimestamp(struct.time_ms / 1000, timezone.utc),
        release=_text(struct.release),
        models_digest=_text(struct.models_digest),
        policy_version=_text(struct.policy_version),
        policy_digest=_text(struct.policy_digest),
        path=struct.path.decode(errors="replace"),
    )


def state_of(struct: EngineStateStruct) -> EngineState:
    """Return what the library filled in."""
    try:
        status: int = Status(struct.refresh_status)
    except ValueError:
        status = struct.refresh_status
    return EngineState(
        generation=struct.generation,
        loaded_at=_time(struct.loaded_at_ms),
        latest_replaced_at=_time(struct.latest_replaced_ms),
        models=struct.models,
        index_bytes=struct.index_bytes,
        is_mapped=struct.is_mapped,
        is_prepared=struct.is_prepared,
        refreshed_at=_time(struct.refreshed_at_ms),
        refresh_failures=struct.refresh_failures,
        refresh_status=status,
        refresh_message=struct.refresh_message.decode(errors="replace"),
        release=_text(struct.release),
        previous=_text(struct.previous),
        held_back=_text(struct.held_back),
        policy_version=_text(struct.policy_version),
    )


def source_of(struct: SourceStruct) -> Source:
    """Return what the library filled in."""
    kind = _KINDS[struct.kind]
    releases = () if kind == "constant" else tuple(struct.releases.decode().split(","))
    return Source(_text(struct.predictor), _text(struct.experiment), _text(struct.variant), kind, releases)


def _text(text: bytes) -> str | None:
    return text.decode(errors="replace") or None


def _time(milliseconds: int) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc) if milliseconds else None
