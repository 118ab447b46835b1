"""Learning a head: a run may end before its schedule does, and is then the start of the whole one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lingyin.tasks.classify import Classify
from lingyin.tasks.contract import Shape
from lingyin.tasks.features import Bank
from lingyin.tasks.fit import FitSettings, Fitted, Fold, fit

TASK, DIM = Classify(("no", "yes")), 600
SETTINGS = FitSettings(steps=200, batch=64, rate=1e-2, decays=(0.01,), evaluate_every=10, patience=100)


def fold(count: int, seed: int) -> Fold:
    """Vectors whose every number says very little of the label: all of them together do."""
    rng = np.random.default_rng(seed)
    truth = np.arange(count) % 2
    vectors = rng.normal(size=(count, DIM)) + 0.06 * (2 * truth[:, None] - 1)
    labels = [("no", "yes")[at] for at in truth]
    return Fold(
        Bank(np.zeros((count, 1, 1), np.uint8), vectors.astype(np.float32)), labels, np.arange(count).astype(str)
    )


def learnt(until: int = 0) -> Fitted:
    return fit(TASK, Shape(DIM, (), (), 1), fold(24, 0), fold(200, 1), SETTINGS, until)


def test_a_run_that_ends_early_is_the_start_of_the_whole_one() -> None:
    whole, part = learnt(), learnt(until=30)
    assert part.history == whole.history[:3]
    assert [row["step"] for row in learnt(until=27).history] == [10, 20, 27]


def test_a_head_that_ranks_well_but_shouts_is_kept_rather_than_one_that_says_nothing() -> None:
    """Far more numbers than pictures: the first steps make answers so loud that their plain loss rises at once."""
    impatient = replace(SETTINGS, rate=0.5, evaluate_every=20, patience=3)
    found = fit(TASK, Shape(DIM, (), (), 1), fold(24, 0), fold(200, 1), impatient)
    assert found.raw(fold(200, 2).bank).std() > 0
    assert found.metrics["accuracy"] > 0.6
