"""Temperature, calibration error and intervals on data whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.bench.calibration import (
    calibration_error_by_chance,
    expected_calibration_error,
    interval_width,
    reliability,
    temperature_of,
    tempered,
)
from lingyin.runtime.network import softmax


def drawn(sharpness: float, count: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Answers whose logits are `sharpness` times as large as the truth was drawn with."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (count, 3)).astype(np.float32)
    truth = np.array([rng.choice(3, p=row / row.sum()) for row in softmax(logits).astype(np.float64)])
    return softmax(logits * np.float32(sharpness)), truth


def test_honest_answers_have_almost_no_error() -> None:
    assert expected_calibration_error(*drawn(1.0)) < 0.02


def test_the_temperature_of_overconfident_answers_is_found_and_mends_them() -> None:
    sharp, truth = drawn(3.0)
    assert expected_calibration_error(sharp, truth) > 0.1
    temperature = temperature_of(sharp[:2000], truth[:2000])
    assert temperature == pytest.approx(3, rel=0.15)
    assert expected_calibration_error(tempered(sharp[2000:], temperature), truth[2000:]) < 0.04


def test_an_empty_val_changes_nothing() -> None:
    assert temperature_of(np.zeros((0, 2), np.float32), np.zeros(0, np.int64)) == 1.0
    assert np.isnan(interval_width(np.zeros(0)))


def test_reliability_counts_every_image_once() -> None:
    rows = reliability(*drawn(1.0, 105))
    assert rows[:, 2].sum() == 105
    assert (np.diff(rows[:, 0]) >= 0).all()


def test_the_interval_covers_as_often_as_said() -> None:
    rng = np.random.default_rng(1)
    width = interval_width(rng.normal(0, 2, 500))
    assert np.mean(np.abs(rng.normal(0, 2, 5000)) <= width) == pytest.approx(0.9, abs=0.03)


@pytest.mark.parametrize("count", [60, 500])
def test_chance_alone_explains_the_error_of_honest_answers(count: int) -> None:
    rng = np.random.default_rng(1)
    p = softmax(rng.normal(0, 1.5, (count, 3)).astype(np.float32))
    errors = []
    for _ in range(60):
        truth = np.array([rng.choice(3, p=row / row.sum()) for row in p.astype(np.float64)])
        errors.append(expected_calibration_error(p, truth))
    assert calibration_error_by_chance(p) == pytest.approx(np.mean(errors), rel=0.12)


def test_certain_answers_leave_nothing_to_chance() -> None:
    assert calibration_error_by_chance(np.eye(3)) == 0.0
