# SPDX-License-Identifier: Apache-2.0
"""Releases: published by the batch, switched and removed by operators.

A directory of releases has ``releases/<id>/`` for each release, with its model files, a compiled file and a
manifest.json of sizes and checksums, and ``LATEST``, which names the one that serves. One process at a time writes
there; readers need no lock.
"""

from __future__ import annotations

import ctypes
import os
from typing import TypedDict, cast

from valuation._abi import PublishingStruct, PublishSwitch
from valuation._arguments import id_arguments, path_arguments
from valuation._library import library
from valuation._report import report_of


class ManifestFile(TypedDict):
    """A file of a release; ``xxh128`` is its checksum, in hexadecimal."""

    name: str
    bytes: int
    xxh128: str


class ManifestCompiledFile(ManifestFile):
    """The compiled file of a release, and the version of its format."""

    format: int


class ManifestCounts(TypedDict):
    """The contents of a release."""

    campaigns: int
    click_models: int
    conversion_models: int
    weights: int
    #: Nothing shows that trainer and engine agree on these.
    models_without_self_tests: int


class Priors(TypedDict):
    """The overall rates, which value campaigns without any model; None where unknown."""

    click: float | None
    conversion: float | None


class Manifest(TypedDict):
    """The manifest of a release."""

    format: str
    id: str
    #: In UTC, for example ``"2026-11-21T03:00:00Z"``.
    created: str
    #: The trainer according to the first model that names one.
    trainer: str | None
    publisher: str
    files: list[ManifestFile]
    compiled: ManifestCompiledFile | None
    counts: ManifestCounts
    priors: Priors
    #: A digest of the secret of its directory, which its keys use.
    secret: str | None
    checksum: str


class ReleaseSummary(TypedDict):
    """One release of a directory. If ``problem`` says why its manifest is not sound, the rest is None."""

    id: str
    #: Whether LATEST names it.
    latest: bool
    created: str | None
    bytes: int | None
    campaigns: int | None
    click_models: int | None
    conversion_models: int | None
    weights: int | None
    compiled: bool | None
    problem: str | None


def publish(
    path: str | os.PathLike[str],
    to: str | os.PathLike[str],
    *,
    id: str | None = None,  # noqa: A002
    click_prior: float | None = None,
    conversion_prior: float | None = None,
    compiled: bool = True,
    keep_latest: bool = False,
) -> Manifest:
    """Publish models as a release, and make LATEST name it. Any thread.

    The models are loaded as an engine would load them, including self-tests, so what would not load is not published.
    LATEST changes last, when everything is on the disk and was read again: whenever this stops, the release that LATEST
    names is complete. The first publish in a directory also creates its secret, the file SECRET, under which engines
    compute keys.

    Parameters
    ----------
    path : str or os.PathLike
        As :meth:`valuation.Engine.load` takes it, but no compiled file. The files of a release are published anew.
    to : str or os.PathLike
        The directory of releases, which is created if it does not exist.
    id : str, optional
        Id of the release: 1 to 64 letters, digits, dots, hyphens and underscores, not beginning with a dot. By default
        the time, for example ``2026-11-21T030000Z``.
    click_prior, conversion_prior : float, optional
        P(click) and P(conversion | click) for campaigns without any model, in (0, 1]; a click prior of 1 says that a
        click is given, for logs of clicks alone. By default the observed rates of campaigns, or the rates in the
        models' training, if known.
    compiled : bool, default=True
        Whether to write a compiled file, which engines map instead of building the index.
    keep_latest : bool, default=False
        Leave LATEST as it is; see :func:`select_release`.

    Returns
    -------
    dict
        The release's manifest, see :class:`Manifest`. O(bytes + weights).

    Raises
    ------
    ModelError, ModelNotFoundError, ChecksumError, SecretError, OutOfMemoryError
        As :meth:`valuation.Engine.load`. Nothing was published.
    InvalidArgumentError, ValueError
        If the id or a prior is impossible, or the path is of a compiled file.
    ReleaseExistsError
        If a release of that id exists. It is a FileExistsError, too.
    BusyError
        If another process is publishing or pruning there.
    WriteError
        If the disk is full or read-only.
    """
    switches = (0 if compiled else PublishSwitch.NO_COMPILED) | (PublishSwitch.KEEP_LATEST if keep_latest else 0)
    publishing = PublishingStruct.new(
        switches, id_arguments(id)[0], _prior("click_prior", click_prior), _prior("conversion_prior", conversion_prior)
    )
    manifest = report_of(
        library.valuation_publish, *path_arguments(path), *path_arguments(to), ctypes.byref(publishing)
    )
    return cast(Manifest, manifest)


def list_releases(directory: str | os.PathLike[str]) -> list[ReleaseSummary]:
    """List the releases of a directory, newest first. Any thread.

    Parameters
    ----------
    directory : str or os.PathLike
        The directory of releases.

    Returns
    -------
    list of dict
        See :class:`ReleaseSummary`. Reads only manifests. O(releases).

    Raises
    ------
    ModelNotFoundError, ModelError, OutOfMemoryError
        If the directory, or its LATEST, cannot be read.
    """
    return cast(list[ReleaseSummary], report_of(library.valuation_releases_list, *path_arguments(directory)))


def select_release(directory: str | os.PathLike[str], id: str | None = None) -> Manifest:  # noqa: A002
    """Make LATEST name another release, after loading that release as an engine would. Any thread.

    Running engines follow at their next :meth:`valuation.Engine.refresh`.

    Parameters
    ----------
    directory : str or os.PathLike
        The directory of releases.
    id : str, optional
        Id of the release; by default the one that LATEST named before.

    Returns
    -------
    dict
        The manifest of the release that LATEST names now, see :class:`Manifest`.

    Raises
    ------
    UnknownReleaseError
        If there is no such release.
    ModelError, ModelNotFoundError, ChecksumError, SecretError, OutOfMemoryError
        As :meth:`valuation.Engine.load`. LATEST is unchanged.
    BusyError, WriteError
        As :func:`publish`.
    """
    manifest = report_of(library.valuation_releases_select, *path_arguments(directory), *id_arguments(id))
    return cast(Manifest, manifest)


def prune_releases(directory: str | os.PathLike[str], keep: int) -> list[str]:
    """Remove all releases except the newest ``keep`` and those that LATEST, PREVIOUS or the policy names. Any thread.

    A release whose manifest is not sound is kept for a person to look at. Engines that serve a removed release go on
    serving it.

    Parameters
    ----------
    directory : str or os.PathLike
        The directory of releases.
    keep : int
        At least 1.

    Returns
    -------
    list of str
        The ids of the releases removed.

    Raises
    ------
    ValueError
        If ``keep`` is less than 1, or beyond 64 bits.
    ModelNotFoundError, ModelError, BusyError, WriteError, OutOfMemoryError
        As :func:`publish`.
    """
    if not 1 <= keep < 2**63:
        raise ValueError(f"keep must be from 1 to 2**63 - 1, not {keep}")
    return cast(list[str], report_of(library.valuation_releases_prune, *path_arguments(directory), keep))


def _prior(name: str, prior: float | None) -> float:
    """Return a prior in the form that the library takes: 0 for None."""
    if prior is None:
        return 0.0
    if not 0 < prior <= 1:
        raise ValueError(
            f"{name} must be a probability above 0 and at most 1, not {prior}; leave it out for what training says"
        )
    return prior
