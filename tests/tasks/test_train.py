"""Joint training on bright squares: it learns, a resumed run ends like an unbroken one, apart stays apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from lingyin.core.errors import UsageError
from lingyin.tasks.augment import Movement
from lingyin.tasks.batches import Sampler, assemble
from lingyin.tasks.store import Store
from lingyin.tasks.train import Trainer, head_weights, learning_rate, run, to_input
from tests.nets.tiny import SIZE, tiny_net, tiny_recipe
from tests.tasks.squares import pack


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def _trainer(store: Store, **train: object) -> tuple[Trainer, Sampler]:
    recipe = tiny_recipe(**train)
    sampler = Sampler([store], recipe.sources, frozenset({"lone"}), size=SIZE, batch=recipe.train.batch, seed=3)
    return Trainer(recipe, tiny_net(recipe), head_weights(recipe, [store]), mixed=False), sampler


def test_rate_warms_up_stays_and_falls_to_zero() -> None:
    rates = [learning_rate(step, 100, 10, 0.3) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert set(rates[10:70]) == {1.0}
    assert rates[85] == pytest.approx(0.5)
    assert rates[100] == 0.0


def test_squares_are_learnt(tmp_path: Path) -> None:
    store = pack(tmp_path / "store", tiny_recipe(), train=60, validation=20)
    trainer, sampler = _trainer(store, steps=260, batch=12, dropout=0.0, encoder_rate=5e-3)
    run(trainer, sampler, tmp_path / "run")
    first, last = trainer.history[0], trainer.history[-1]
    assert last["segment"] < 0.6 * first["segment"]
    rows = np.flatnonzero((store.split == "val") & (store.source == "squares"))
    batch = assemble([(store, int(row), Movement()) for row in rows], SIZE)
    with torch.no_grad():
        answers = trainer.averaged()(to_input(batch))
    masks = answers.masks[batch.sample, batch.structure].sigmoid().numpy() > 0.5
    drawn = batch.grids > 0.5
    assert 2 * (masks & drawn).sum() / (masks.sum() + drawn.sum()) > 0.7


def test_resumed_run_ends_like_an_unbroken_one(tmp_path: Path) -> None:
    store = pack(tmp_path / "store", tiny_recipe())
    whole, sampler = _trainer(store)
    run(whole, sampler, tmp_path / "whole")
    half, sampler = _trainer(store)
    while half.step < 3:
        half.update(sampler(half.step))
    half.save(tmp_path / "half")
    again, sampler = _trainer(store)
    again.load(tmp_path / "half")
    run(again, sampler, tmp_path / "half")
    assert again.step == whole.step == 6
    for name, value in whole.net.state_dict().items():
        assert torch.equal(value, again.net.state_dict()[name]), name
        assert torch.equal(whole.average[name], again.average[name]), name


def test_no_checkpoint_and_a_foreign_one_are_named(tmp_path: Path) -> None:
    store = pack(tmp_path / "store", tiny_recipe())
    trainer, _ = _trainer(store)
    with pytest.raises(UsageError, match="no checkpoint to resume from"):
        trainer.load(tmp_path / "nowhere")
    torch.save({"net": {"foreign": torch.zeros(1)}}, tmp_path / "checkpoint.pt")
    with pytest.raises(UsageError, match="another recipe"):
        trainer.load(tmp_path)


def test_images_of_an_apart_set_move_its_own_branch_only(tmp_path: Path) -> None:
    store = pack(tmp_path / "store", tiny_recipe())
    trainer, _ = _trainer(store, dropout=0.0)
    rows = np.flatnonzero((store.split == "train") & (store.source == "lone"))[:4]
    batch = assemble([(store, int(row), Movement()) for row in rows], SIZE, frozenset({"lone"}))
    before = {name: value.clone() for name, value in trainer.net.state_dict().items()}
    trainer.update(batch)
    moved = {name for name, value in trainer.net.state_dict().items() if not torch.equal(value, before[name])}
    assert moved
    assert all(name.startswith("own.") for name in moved)


def test_the_same_step_draws_the_same_batch(tmp_path: Path) -> None:
    store = pack(tmp_path / "store", tiny_recipe())
    _, sampler = _trainer(store)
    first, second, other = sampler(4), sampler(4), sampler(5)
    assert np.array_equal(first.images, second.images)
    assert np.array_equal(first.grids, second.grids)
    assert not np.array_equal(first.images, other.images)
