"""Joining frames: weights, agreement, and no growth of certainty with length."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingyin.analyze.fuse import join_probabilities, join_separately, weighted_median


def test_one_frame_is_left_as_it_is() -> None:
    joined = join_probabilities([np.array([0.2, 0.7, 0.1])], [0.5])
    assert joined.probabilities == pytest.approx([0.2, 0.7, 0.1])
    assert joined.top == 1
    assert joined.agreement == 1.0
    assert joined.certainty == pytest.approx(0.7)


def test_repeating_a_frame_does_not_make_it_more_certain() -> None:
    frame = np.array([0.3, 0.6, 0.1])
    assert join_probabilities([frame] * 50, [1.0] * 50).probabilities == pytest.approx(frame)


def test_good_frames_count_more_than_bad_ones() -> None:
    frames = [np.array([0.9, 0.1]), np.array([0.1, 0.9])]
    assert join_probabilities(frames, [1.0, 0.1]).top == 0
    assert join_probabilities(frames, [0.1, 1.0]).top == 1
    assert join_probabilities(frames, [0.75, 0.25]).agreement == pytest.approx(0.75)


def test_a_single_zero_is_no_veto() -> None:
    frames = [np.array([0.95, 0.05])] * 9 + [np.array([0.0, 1.0])]
    assert join_probabilities(frames, [1.0] * 10).top == 0


def test_frames_of_no_quality_count_alike() -> None:
    assert join_probabilities([np.array([0.8, 0.2]), np.array([0.6, 0.4])], [0.0, 0.0]).agreement == 1.0


@given(st.lists(st.lists(st.floats(0.01, 1.0), min_size=4, max_size=4), min_size=1, max_size=12))
def test_joined_probabilities_sum_to_one(rows: list[list[float]]) -> None:
    tables = [np.asarray(row) / sum(row) for row in rows]
    joined = join_probabilities(tables, [1.0] * len(tables))
    assert joined.probabilities.sum() == pytest.approx(1.0)
    assert 0.0 <= joined.agreement <= 1.0 + 1e-9


@pytest.mark.parametrize(
    ("values", "weights", "expected"),
    [([3.0, 1.0, 2.0], [1, 1, 1], 2.0), ([1.0, 9.0], [0.1, 0.9], 9.0), ([5.0], [0.0], 5.0), ([1.0, 2.0], [1, 1], 1.0)],
)
def test_weighted_median(values: list[float], weights: list[float], expected: float) -> None:
    assert weighted_median(values, weights) == expected


def test_labels_joined_separately_need_not_sum_to_one() -> None:
    joined = join_separately([np.array([0.9, 0.8, 0.1]), np.array([0.9, 0.6, 0.3])], [1.0, 1.0])
    assert joined.probabilities[0] == pytest.approx(0.9)
    assert 0.6 < joined.probabilities[1] < 0.8
    assert joined.probabilities[2] < 0.3
    assert joined.top == 0
    assert joined.agreement == pytest.approx(1.0)
