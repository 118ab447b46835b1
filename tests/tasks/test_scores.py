"""Figures of merit of probabilities against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.tasks.scores import calibration_error, class_scores, label_scores, ordinal_scores


def test_exclusive_labels() -> None:
    probability = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.55, 0.45]], np.float32)
    found = class_scores(probability, np.array([0, 0, 1, 1]))
    assert found == pytest.approx(
        {
            "macro_f1": (0.8 + 2 / 3) / 2,
            "auroc": 1.0,
            "accuracy": 0.75,
            "balanced_accuracy": 0.75,
            "ece": (0.1 + 0.4 + 0.3 + 0.55) / 4,
            "brier": 2 * (0.1**2 + 0.4**2 + 0.3**2 + 0.55**2) / 4,
        },
        abs=1e-6,
    )


def test_a_label_never_seen_does_not_count_and_one_alone_has_no_curve() -> None:
    probability = np.array([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1]], np.float32)
    assert class_scores(probability, np.array([0, 1]))["macro_f1"] == 1
    alone = class_scores(probability[:1], np.array([0]))
    assert np.isnan(alone["auroc"])
    assert alone["accuracy"] == 1


def test_calibration_error_pools_what_is_equally_sure() -> None:
    probability = np.array([[0.75, 0.25]] * 4 + [[1.0, 0.0]] * 4, np.float32)
    truth = np.array([0, 0, 0, 1, 0, 0, 1, 1])
    assert calibration_error(probability, truth) == pytest.approx(0.5 * 0 + 0.5 * 0.5)
    assert calibration_error(probability, truth, bins=1) == pytest.approx(0.875 - 0.625)


def test_grades() -> None:
    sure = np.eye(3, dtype=np.float32)
    assert ordinal_scores(sure, np.array([0, 1, 2])) == pytest.approx({"kappa": 1, "grade_mae": 0})
    assert ordinal_scores(sure, np.array([2, 1, 0])) == pytest.approx({"kappa": -1, "grade_mae": 4 / 3})
    alike = ordinal_scores(sure[[1, 1]], np.array([1, 1]))
    assert np.isnan(alike["kappa"])
    assert alike["grade_mae"] == 0


def test_labels_of_their_own_skip_the_unknown() -> None:
    nan = np.nan
    truth = np.array([[1, nan], [0, 1], [1, 1], [nan, 1]], np.float32)  # the second is never known to be absent
    probability = np.array([[0.9, 0.1], [0.6, 0.2], [0.4, 0.3], [0.0, 0.4]], np.float32)
    found = label_scores(probability, truth)
    assert found == pytest.approx({"auroc": 0.5, "average_precision": (1 + 2 / 3) / 2, "macro_f1": 0.5})
    assert all(np.isnan(each) for each in label_scores(probability[:, 1:], truth[:, 1:]).values())
