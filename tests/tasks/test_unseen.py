"""Answers to pictures that a head has not learnt from: nobody judges itself, subjects stay whole, few prove little."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.tasks.classify import Classify
from lingyin.tasks.contract import Shape
from lingyin.tasks.features import Bank
from lingyin.tasks.fit import FitSettings, Fold, fit, join
from lingyin.tasks.unseen import best_step, cross_answers, ruling_out, spread

TASK = Classify(("no", "yes"))
SETTINGS = FitSettings(steps=60, batch=32, rate=5e-2, decays=(0.01,), evaluate_every=20, patience=3)


def chance(count: int, dim: int, seed: int) -> Fold:
    """Vectors that say nothing of their labels: only learning by heart could be right. Two views of each picture."""
    rng = np.random.default_rng(seed)
    vectors = np.repeat(rng.normal(size=(count, dim)).astype(np.float32), 2, axis=0)
    labels = [("no", "yes")[number % 2] for number in range(count) for _ in range(2)]
    subjects = np.array([f"s{number}" for number in range(count) for _ in range(2)])
    return Fold(Bank(np.zeros((2 * count, 4, 4), np.uint8), vectors), labels, subjects)


def test_no_picture_is_judged_by_a_head_that_knows_it() -> None:
    fold = chance(40, 200, seed=0)
    fitted = fit(TASK, Shape(200, (), (), 4), fold, fold, SETTINGS)
    assert fitted.metrics["accuracy"] == 1.0  # by heart
    plain = np.arange(80) % 2 == 0
    unseen = cross_answers(fitted, fold, plain, SETTINGS)
    assert len(unseen.raw) == len(unseen.labels) == 40
    truth = np.array([label == "yes" for label in unseen.labels])
    assert truth.sum() == 20
    assert ((unseen.raw.argmax(axis=1) == 1) == truth).mean() < 0.75
    calibration = TASK.calibrate(unseen.raw, unseen.labels)
    assert calibration["temperature"] > 2 * fitted.calibration["temperature"]


def test_pictures_of_one_subject_cannot_judge_each_other() -> None:
    fold = chance(4, 3, seed=1)
    alone = Fold(fold.bank, fold.labels, np.array(["one"] * 8))
    fitted = fit(TASK, Shape(3, (), (), 4), fold, fold, SETTINGS)
    with pytest.raises(ValueError, match="one subject"):
        cross_answers(fitted, alone, np.ones(8, bool), SETTINGS)


def test_subjects_stay_whole_and_strata_are_spread_evenly() -> None:
    subjects = np.array([f"s{number // 2}" for number in range(40)])
    strata = np.array([number // 2 % 4 == 0 for number in range(40)]).astype(np.int64)
    part = spread(strata, subjects, 5, seed=3)
    assert all(len(set(part[subjects == name])) == 1 for name in subjects)
    assert np.bincount(part).tolist() == [8] * 5
    assert np.bincount(part[strata == 1]).tolist() == [2] * 5
    assert (spread(strata, subjects, 5, seed=3) == part).all()


def test_the_step_that_was_kept() -> None:
    assert best_step([{"step": 20, "val": 0.5}, {"step": 40, "val": 0.3}, {"step": 60, "val": 0.4}], 400) == 40
    assert best_step([], 400) == 400


def test_joined_folds_keep_vectors_labels_and_subjects_together() -> None:
    one, two = chance(2, 3, seed=0), chance(1, 3, seed=1)
    both = join(one, two)
    np.testing.assert_array_equal(both.bank.cls, np.concatenate([one.bank.cls, two.bank.cls]))
    assert both.labels == ["no", "no", "yes", "yes", "no", "no"]
    assert both.subjects.tolist() == ["s0", "s0", "s1", "s1", "s0", "s0"]


@pytest.mark.parametrize(("shown", "rank"), [(0, 0), (8, 0), (9, 1), (18, 1), (19, 2), (99, 10)])
def test_a_label_is_ruled_out_only_where_enough_pictures_showed_it(shown: int, rank: int) -> None:
    probability = np.concatenate([np.linspace(0.5, 0.9, shown), np.full(7, 0.01)]).astype(np.float32)
    limit = ruling_out(probability, np.arange(shown + 7) < shown)
    assert limit == (pytest.approx(np.linspace(0.5, 0.9, shown)[rank - 1]) if rank else 0.0)


def test_nine_of_ten_true_labels_are_not_ruled_out() -> None:
    rng = np.random.default_rng(0)
    kept = []
    for _ in range(400):
        p = rng.beta(3, 2, 31).astype(np.float32)
        kept.append(p[30] >= ruling_out(p[:30], np.ones(30, bool)))
    assert 0.88 <= np.mean(kept) <= 0.96
