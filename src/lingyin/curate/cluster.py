"""Spreads units of work over the nodes of a Ray cluster; this process alone writes what comes back."""

from __future__ import annotations

import functools
import itertools
import logging
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lingyin.core.errors import InputError, LingyinError, OutputError, UsageError
from lingyin.curate.recognise import Origin, fingerprint
from lingyin.curate.units import ENGINE, Cursor, Unit, make_unit, write_unit
from lingyin.curate.workers import Failure, failure_of
from lingyin.version import __version__

TRIES = 10  # of a unit whose process or node died under it
_AHEAD = 2  # units under way per core, so that no node idles while this process writes
PATIENCE_S = 300.0  # without any node: one that comes by itself takes minutes
_GLANCE_S = 5.0  # between two looks at how many cores there are
_cursor = Cursor()


class ClusterError(LingyinError):
    """The cluster cannot be reached, has no node left, lost a unit too often, or runs other versions."""

    exit_code = 3


def in_cluster(units: Sequence[Unit], folder: Path, address: str) -> Iterator[Failure | None]:
    """Runs units on a cluster, as many at a time as it has cores, and writes each to `folder` as it comes back.

    A unit whose node or process dies is done again elsewhere; its bytes are the same. Nodes may come and go.

    Args:
        units: what is to be done.
        folder: where the units' files lie, on this machine.
        address: what `ray.init` takes: `HOST:PORT`, `auto`, or `local` for a cluster of this machine alone.

    Raises:
        ClusterError: see there; what is done stays.
        UsageError: Ray is not installed.
        OutputError: `folder` cannot be written.
    """
    ray = _imported()
    joined = ray.is_initialized()
    if not joined:
        _join(ray, address)
    try:
        remote = ray.remote(num_cpus=1, max_retries=TRIES)(work_on)
        waiting, quiet_since = iter(units), time.monotonic()
        running: dict[Any, Unit] = {}
        while True:
            cores = int(ray.cluster_resources().get("CPU", 0))
            room = max(1, _AHEAD * cores) - len(running)
            running |= {remote.remote(unit, versions()): unit for unit in itertools.islice(waiting, max(0, room))}
            if not running:
                return
            for done in ray.wait([*running], timeout=_GLANCE_S)[0]:
                quiet_since = time.monotonic()
                made, failure = _result(ray, done)
                if made is not None:
                    write_unit(running[done], folder, made)
                del running[done]
                yield failure
            if not cores and time.monotonic() - quiet_since > PATIENCE_S:
                raise ClusterError("the cluster has no node left; start some and run again: what is done stays")
    finally:
        if not joined:
            ray.shutdown()


def versions() -> dict[str, str]:
    """What decides a unit's bytes besides its settings and files, by name."""
    import cv2
    import numpy as np
    import pyarrow as pa

    engine = f"{__version__} ({ENGINE})"
    return {"lingyin": engine, "numpy": np.__version__, "opencv": cv2.__version__, "pyarrow": pa.__version__}


def work_on(unit: Unit, asked: dict[str, str]) -> tuple[tuple[bytes, bytes] | None, Failure | None]:
    """What a node does: the content of a unit's two files, or why there is none.

    Raises ClusterError where other versions run here than those that are asked for.
    """
    own = versions()
    if other := [f"{name} {own[name]} instead of {version}" for name, version in asked.items() if own[name] != version]:
        raise ClusterError(f"a node of the cluster runs {', '.join(other)}; install the same versions on all")
    try:
        if _seen(unit.origin) != unit.mark:
            raise InputError(
                unit.origin.folder, "is another one on a node of the cluster", "mount the same files there"
            )
        return make_unit(unit, _cursor), None
    except (InputError, OutputError) as error:
        return None, failure_of(error)


@functools.cache
def _seen(origin: Origin) -> str:
    """The mark of a source on this node; looked at once, when its first unit is done here."""
    import cv2

    cv2.setNumThreads(1)  # the cluster's processes are the threads
    return fingerprint(origin)


def _imported() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere; read when Ray is imported
    try:
        import ray
    except ModuleNotFoundError as error:
        raise UsageError('--cluster needs the extra `cluster`: pip install "lingyin[cluster]"') from error
    return ray


def _join(ray: Any, address: str) -> None:
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
    except (ConnectionError, ValueError, RuntimeError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ClusterError(f"there is no Ray cluster at {address} ({reason}); start one with `ray start`") from error


def _result(ray: Any, done: Any) -> tuple[tuple[bytes, bytes] | None, Failure | None]:
    """What a node made. Raises ClusterError where it could not, as a defect would."""
    try:
        made: tuple[tuple[bytes, bytes] | None, Failure | None] = ray.get(done)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None
    except ray.exceptions.RayError as error:
        reason = str(error).strip().splitlines()[0]
        raise ClusterError(f"a unit of work was lost {TRIES} times ({reason}); what is done stays") from error
    return made
