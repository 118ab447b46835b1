"""Batches: draws decided by seed and step, sources by their share, and a reader thread that hides no error."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from lingyin.tasks.augment import Movement
from lingyin.tasks.batches import Sampler, assemble, prefetch
from lingyin.tasks.store import Store
from tests.nets.tiny import SIZE, tiny_recipe
from tests.tasks.squares import pack


class _Steps:
    """Stands in for a sampler: hands back the step, fails at one of them, and counts."""

    def __init__(self, fails_at: int = -1, error: BaseException | None = None) -> None:
        self.fails_at, self.error, self.asked = fails_at, error, 0
        self.threads: set[threading.Thread] = set()

    def __call__(self, step: int) -> int:
        self.asked += 1
        self.threads.add(threading.current_thread())
        if step == self.fails_at and self.error is not None:
            raise self.error
        return step * 10


def _sampler(steps: _Steps) -> Sampler:
    return cast(Sampler, steps)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return pack(tmp_path, tiny_recipe(), train=32)  # 32 squares and 16 of `lone` to train on


def test_prefetch_hands_over_every_step_once_and_in_order() -> None:
    steps = _Steps()
    assert list(prefetch(_sampler(steps), 3, 20, depth=2)) == [(n, n * 10) for n in range(3, 20)]
    assert steps.asked == 17
    assert threading.current_thread() not in steps.threads
    assert list(prefetch(_sampler(_Steps()), 5, 5)) == []


@pytest.mark.parametrize("error", [ValueError("broken picture"), KeyboardInterrupt(), MemoryError()])
def test_an_error_in_the_thread_is_raised_in_turn_and_ends_the_thread(error: BaseException) -> None:
    steps, seen = _Steps(4, error), []
    with pytest.raises(type(error)) as caught:
        seen.extend(step for step, _ in prefetch(_sampler(steps), 2, 100, depth=1))
    assert caught.value is error
    assert steps.asked == 3
    assert not any(thread.is_alive() for thread in steps.threads)


def test_leaving_early_stops_a_thread_that_waits_for_room() -> None:
    steps = _Steps()
    reader = prefetch(_sampler(steps), 0, 1000, depth=3)
    assert next(reader)[0] == 0
    reader.close()  # type: ignore[attr-defined]
    assert not any(thread.is_alive() for thread in steps.threads)
    assert steps.asked <= 5  # one taken, three waiting, one in hand


def test_shares_follow_the_root_of_size_and_leave_out_what_has_no_factor(store: Store) -> None:
    sampler = Sampler([store], {"squares": 1.0, "lone": 2.0, "absent": 9.0}, size=SIZE, batch=2, seed=0)
    assert sampler.names == ["lone", "squares"]
    assert sampler.shares.tolist() == pytest.approx([2 * 4 / (8 + 32**0.5), 32**0.5 / (8 + 32**0.5)])
    assert all(store.split[row] == "train" for rows in sampler.rows.values() for _, row in rows)
    assert Sampler([store], {"squares": 1.0, "lone": 0.0}, size=SIZE, batch=2, seed=0).names == ["squares"]


def test_an_apart_source_shows_its_mask_and_hides_its_labels(store: Store) -> None:
    lone, square = (int(np.flatnonzero(store.source == name)[0]) for name in ("lone", "squares"))
    items = [(store, square, Movement()), (store, lone, Movement())]
    batch = assemble(items, SIZE, frozenset({"lone"}))
    assert batch.apart.tolist() == [False, True]
    assert batch.targets[1].tolist() == [-1, -1]
    assert batch.targets[0].tolist() == store.target[square].tolist()
    assert batch.sample.tolist() == [0, 1]
    assert [store.structures[number] for number in batch.structure] == ["square", "apart"]
    assert batch.grids.shape == (2, SIZE // 2, SIZE // 2)
    assert assemble(items, SIZE).targets[1].tolist() == store.target[lone].tolist()
    # squares are at least 180 bright on a ground below 40: mask and picture show the same place
    coarse = batch.images.reshape(2, SIZE // 2, 2, SIZE // 2, 2).mean((2, 4))
    assert coarse[batch.grids == 1].min() > 0.6
    assert coarse[batch.grids == 0].max() < 0.3
