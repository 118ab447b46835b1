"""Metrics read from score sheets whose answers are known by construction."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.bench.sheets import Sheet, weighted_kappa

ALL = np.arange(4)


def sheet(task: str, columns: dict[str, np.ndarray], **facts: float) -> Sheet:
    count = len(next(iter(columns.values())))
    subjects = np.array([f"s{i // 2}" for i in range(count)])
    return Sheet(task, subjects, np.array([f"i{i}" for i in range(count)]), columns, facts)


def test_classes_operating_point_and_votes() -> None:
    p = np.array([[0.9, 0.1], [0.4, 0.6], [0.45, 0.55], [0.1, 0.9]])
    truth = np.array([0, 0, 1, 1])
    columns = {"probability": p, "raw": p, "truth": truth, "score": p[:, 1], "positive": truth == 1}
    found = sheet("classify", columns, threshold=0.58, vote=1.0, ordinal=1.0).statistics()
    assert found["sensitivity"](ALL) == 0.5
    assert found["specificity"](ALL) == 0.5
    assert found["AUROC"](ALL) == 0.75
    assert found["AUROC of the finding"](ALL) == 0.75
    assert found["macro F1 by subject"](ALL) == 1.0  # the sure frame of each subject outvotes the unsure one
    assert found["mean absolute error, grades"](ALL) == 0.25
    assert np.isnan(found["sensitivity"](np.array([0, 1])))


def test_kappa_punishes_far_grades_more() -> None:
    truth = np.array([0, 1, 2, 3])
    assert weighted_kappa(truth, truth) == 1.0
    assert weighted_kappa(truth[::-1].copy(), truth) == pytest.approx(-1.0)
    assert weighted_kappa(np.array([0, 1, 2, 2]), truth) > weighted_kappa(np.array([0, 1, 2, 0]), truth)
    assert np.isnan(weighted_kappa(np.zeros(3, int), np.zeros(3, int)))


def test_kappa_agrees_with_scikit_learn() -> None:
    from sklearn.metrics import cohen_kappa_score

    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 4, (2, 60))
    assert weighted_kappa(one, other) == pytest.approx(cohen_kappa_score(one, other, weights="quadratic"))


def test_masks_count_only_where_there_is_something() -> None:
    nan = np.nan
    columns = {
        "dice": np.array([[0.8], [0.6], [nan], [nan]]),
        "surface": np.array([[0.5], [0.3], [nan], [nan]]),
        "false": np.array([[nan], [nan], [1.0], [0.0]]),
    }
    found = sheet("segment", columns).statistics()
    assert found["Dice"](ALL) == pytest.approx(0.7)
    assert found["surface Dice"](ALL) == pytest.approx(0.4)
    assert found["empty ones outlined"](ALL) == 0.5
    assert np.isnan(found["Dice"](np.array([2, 3])))


def test_numbers_have_bias_limits_and_cover() -> None:
    truth = np.array([10.0, 20, 30, 40])
    found = sheet("measure", {"answer": truth + np.array([1, 3, 1, 3]), "truth": truth}, half_width=2.0).statistics()
    assert found["mean absolute error"](ALL) == 2.0
    assert found["bias"](ALL) == 2.0
    spread = 1.96 * np.std([1, 3, 1, 3], ddof=1)
    assert found["upper limit of agreement"](ALL) == pytest.approx(2 + spread)
    assert found["lower limit of agreement"](ALL) == pytest.approx(2 - spread)
    assert found["truth inside the 90 % interval"](ALL) == 0.5
    without = sheet("measure", {"answer": truth, "truth": truth}, half_width=float("nan")).statistics()
    assert "truth inside the 90 % interval" not in without


def test_facts_that_are_unknown_cost_nothing() -> None:
    said = np.array([[True, True, False], [False, True, True]])
    truth = np.array([[1, -1, 1], [1, 0, 0]], np.int8)
    found = sheet("describe", {"said": said, "truth": truth}).statistics()
    rows = np.arange(2)
    assert found["fact F1"](rows) == pytest.approx(2 * 1 / (2 * 1 + 1 + 2))
    assert found["invented facts"](rows) == 0.5


def test_points_and_restored_pictures() -> None:
    points = {"error": np.array([[1.0, 3], [2, 10]]), "missing": np.array([False, True])}
    found = sheet("landmark", points).statistics()
    assert found["mean radial error"](np.arange(2)) == 4.0
    assert found["points within 5"](np.arange(2)) == 0.75
    assert found["nothing found"](np.arange(2)) == 0.5
    restored = {key: np.array([20.0, 30]) for key in ("psnr", "ssim", "psnr_before", "ssim_before")}
    assert sheet("enhance", restored).statistics()["PSNR"](np.array([1])) == 30


def test_sets_of_likely_labels_hold_the_truth_or_not() -> None:
    p = np.array([[0.9, 0.1], [0.4, 0.6], [0.45, 0.55], [0.95, 0.05]])
    columns = {"probability": p, "raw": p, "truth": np.array([0, 0, 1, 1])}
    found = sheet("classify", columns, conformal=0.6).statistics()  # a label of 0.4 and more is in the set
    assert found["truth inside the 90 % set"](ALL) == 0.75
    assert found["labels in the 90 % set"](ALL) == pytest.approx(1.5)
    assert "truth inside the 90 % set" not in sheet("classify", columns).statistics()
