"""Runs units of work in this process, in several, or on a cluster; processes end with the one that started them."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from lingyin.core.errors import InputError, OutputError
from lingyin.curate.units import Cursor, Unit, run_unit

Failure = tuple[type[InputError] | type[OutputError], str, str, str]
_cursor = Cursor()


def run_units(
    units: Sequence[Unit], folder: Path, workers: int, tell: Callable[[int, int], None], cluster: str | None = None
) -> None:
    """Runs all units that are not done yet; `tell(done, total)` after each, those done before included.

    Args:
        units: what is to be done.
        folder: where the units' files lie.
        workers: processes; of no meaning on a cluster.
        tell: is told of progress.
        cluster: address of a Ray cluster that does the work.

    Raises what the first failing unit raises, and what `in_cluster` raises; units already done stay.
    """
    waiting = [unit for unit in units if not unit.is_done(folder)]
    done = len(units) - len(waiting)
    tell(done, len(units))
    if not waiting:
        return
    if cluster is not None:
        from lingyin.curate.cluster import in_cluster

        walk = in_cluster(waiting, folder, cluster)
    elif workers > 1 and len(waiting) > 1:
        walk = _in_processes(waiting, folder, workers)
    else:
        walk = _here(waiting, folder)
    for failure in walk:
        if failure is not None:
            kind, path, problem, remedy = failure
            raise kind(path, problem, remedy)
        done += 1
        tell(done, len(units))


def _here(units: Sequence[Unit], folder: Path) -> Iterator[Failure | None]:
    for unit in units:
        yield _run(unit, folder)


def _in_processes(units: Sequence[Unit], folder: Path, workers: int) -> Iterator[Failure | None]:
    pool = ProcessPoolExecutor(
        min(workers, len(units)),
        mp_context=multiprocessing.get_context("spawn"),  # a forked child would inherit threads that hold locks
        initializer=_start,
        initargs=(os.getpid(),),
    )
    try:
        for future in as_completed([pool.submit(_run, unit, folder) for unit in units]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _run(unit: Unit, folder: Path) -> Failure | None:
    try:
        run_unit(unit, folder, _cursor)
    except (InputError, OutputError) as error:
        return failure_of(error)
    return None


def failure_of(error: InputError | OutputError) -> Failure:
    """An error as its parts: exceptions with arguments of their own do not travel between processes."""
    return type(error), error.path, error.problem, error.remedy


def _start(parent: int) -> None:
    import cv2

    cv2.setNumThreads(1)  # the processes are the threads
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
