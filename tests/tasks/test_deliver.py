"""Delivery: which heads give way to a new one, and how the user's pictures become known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lingyin.runtime.manifest import Head
from lingyin.runtime.novelty import fit_novelty
from lingyin.tasks.deliver import replaced, widen


@pytest.mark.parametrize(
    ("base", "entry", "gives_way"),
    [
        (
            Head(name="birads", task="classify", labels=["2", "3"]),
            Head(name="birads", task="measure", labels=["x"]),
            True,
        ),
        (
            Head(name="liver", task="segment", labels=["liver"]),
            Head(name="own", task="segment", labels=["liver"]),
            True,
        ),
        (
            Head(name="liver", task="segment", labels=["liver"]),
            Head(name="own", task="detect", labels=["liver"]),
            False,
        ),
        (Head(name="view", task="classify", labels=["a"]), Head(name="own", task="classify", labels=["b"]), False),
        (Head(name="organ", task="classify", labels=["a"]), Head(name="organ", task="classify", labels=["a"]), False),
    ],
)
def test_heads_that_speak_of_the_same_give_way(base: Head, entry: Head, gives_way: bool) -> None:
    assert replaced(base, entry) is gives_way


def test_own_pictures_become_known_and_nothing_known_becomes_novel() -> None:
    rng = np.random.default_rng(0)
    train = rng.normal(size=(200, 6)).astype(np.float32)
    before = fit_novelty(train, np.arange(200) % 2, train, components=4)
    own = (rng.normal(size=(100, 6)) + 20).astype(np.float32)
    after = widen(before, own)
    assert (before(own) > 1).all()
    assert (after(own) > 1).mean() <= 0.02
    assert (after(train) <= before(train) + 1e-6).all()
    assert len(after.means) == len(before.means) + 1
    assert (after.limits >= before.limits).all()
    np.testing.assert_allclose(after.means[-1], (own - before.centre).mean(axis=0) @ before.basis, rtol=1e-4, atol=1e-4)


def test_limits_never_fall() -> None:
    train = np.random.default_rng(0).normal(size=(200, 6)).astype(np.float32)
    wide = replace(fit_novelty(train, np.zeros(200, int), train, components=4), limits=np.float32([99, 99]))
    np.testing.assert_array_equal(widen(wide, train[:20]).limits, wide.limits)
