"""Metrics against values computed by hand, and the bootstrap that draws whole subjects."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.bench.metrics import (
    Interval,
    auroc,
    balanced_accuracy,
    bootstrap,
    dice,
    macro_auroc,
    macro_f1,
    resamples,
)


def test_auroc_counts_pairs_and_ties_half() -> None:
    truth = np.array([False, True, False, True])
    assert auroc(np.array([0.1, 0.4, 0.35, 0.2]), truth) == 0.75  # 3 of 4 pairs in order
    assert auroc(np.array([0.5, 0.5, 0.1, 0.5]), truth) == 0.75  # 2 ties and 2 in order
    assert auroc(np.array([9.0, 1.0, 8.0, 2.0]), truth) == 0.0
    assert auroc(np.ones(4), truth) == 0.5


@pytest.mark.parametrize("truth", [[True, True], [False, False]])
def test_auroc_of_one_class_is_undefined(truth: list[bool]) -> None:
    assert np.isnan(auroc(np.array([0.1, 0.9]), np.array(truth)))


def test_auroc_equals_the_count_over_all_pairs() -> None:
    rng = np.random.default_rng(5)
    scores, truth = rng.integers(0, 6, 60) / 6, rng.random(60) < 0.3
    gap = scores[truth][:, None] - scores[~truth][None]
    assert auroc(scores, truth) == pytest.approx(((gap > 0) + 0.5 * (gap == 0)).mean())


def test_macro_auroc_of_two_labels_is_that_of_the_second() -> None:
    second = np.array([0.1, 0.4, 0.35, 0.2])
    assert macro_auroc(np.stack([1 - second, second], axis=1), np.array([0, 1, 0, 1])) == 0.75


def test_macro_auroc_leaves_absent_labels_out() -> None:
    p = np.array([[0.7, 0.2, 0.1], [0.2, 0.5, 0.3], [0.4, 0.3, 0.3]])
    # label 0: 0.7 against 0.2 and 0.4 -> 1; label 1: 0.5, 0.3 against 0.2 -> 1; label 2 is absent
    assert macro_auroc(p, np.array([0, 1, 1])) == 1.0
    # label 0: 0.2 against 0.7, 0.4 -> 0; label 1: 0.2, 0.3 against 0.5 -> 0
    assert macro_auroc(p, np.array([1, 0, 1])) == 0.0
    assert np.isnan(macro_auroc(p, np.array([2, 2, 2])))


def test_f1_and_recall_over_the_labels_of_the_truth() -> None:
    targets, predicted = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    # F1: label 0 4/5, label 1 2/3; recall: 2/3 and 1
    assert macro_f1(predicted, targets) == pytest.approx((0.8 + 2 / 3) / 2)
    assert balanced_accuracy(predicted, targets) == pytest.approx(5 / 6)
    foreign = np.array([2, 2, 2, 1])  # label 2 is in no truth: it costs, but is no class of its own
    assert macro_f1(foreign, targets) == 0.5
    assert balanced_accuracy(foreign, targets) == 0.5


def test_dice() -> None:
    one, other = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    assert dice(one, other) == 1.0
    one[:2], other[1:3] = True, True
    assert dice(one, other) == 0.5
    assert dice(one, np.zeros_like(one)) == 0.0
    assert dice(one, ~one) == 0.0


def test_resamples_take_subjects_whole_and_repeat_themselves() -> None:
    subjects = np.array(["b", "a", "b", "c"])
    draws = list(resamples(subjects, 50, seed=3))
    again = list(resamples(subjects, 50, seed=3))
    assert len(draws) == 50
    assert all(np.array_equal(x, y) for x, y in zip(draws, again, strict=True))
    for rows in draws:
        counts = np.bincount(rows, minlength=4)
        assert counts[0] == counts[2]  # both images of b, as often as b is drawn
        assert counts[0] + counts[1] + counts[3] == 3  # as many subjects as there are
    assert any(not np.array_equal(x, y) for x, y in zip(draws, resamples(subjects, 50, seed=4), strict=True))


def test_bootstrap_of_one_subject_has_no_width() -> None:
    values = np.array([1.0, 2.0, 6.0])
    found = bootstrap(lambda rows: float(values[rows].mean()), np.array(["a", "a", "a"]), draws=20)
    assert found == Interval(3.0, 3.0, 3.0, 3)


def test_bootstrap_interval_is_that_of_the_draws() -> None:
    values, subjects = np.arange(12.0), np.array([f"s{i // 2}" for i in range(12)])
    found = bootstrap(lambda rows: float(values[rows].mean()), subjects, draws=200, seed=1)
    drawn = [values[rows].mean() for rows in resamples(subjects, 200, 1)]
    assert (found.value, found.n) == (5.5, 12)
    assert [found.low, found.high] == pytest.approx(np.percentile(drawn, (2.5, 97.5)).tolist())
    assert found.low < 5.5 < found.high


def test_bootstrap_leaves_undefined_draws_out() -> None:
    truth, scores = np.array([True, False]), np.array([0.9, 0.1])
    found = bootstrap(lambda rows: auroc(scores[rows], truth[rows]), np.array(["a", "b"]), draws=40)
    assert found == Interval(1.0, 1.0, 1.0, 2)
    nothing = bootstrap(lambda rows: float("nan"), np.array(["a", "b"]), draws=4)
    assert np.isnan([nothing.value, nothing.low, nothing.high]).all()


def test_bootstrap_of_no_images_is_refused() -> None:
    with pytest.raises(ValueError, match="no images"):
        bootstrap(lambda rows: 0.0, np.array([], np.str_))
