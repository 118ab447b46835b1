"""Decoding of raw outputs in numpy: exact on answers that are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingyin.runtime.answers import answer_rows
from lingyin.runtime.heads import coherent, decode_boxes, decode_spots, decode_value, iou, sigmoid, softmax
from lingyin.runtime.manifest import Head
from lingyin.runtime.prepare import Prepared


@given(st.lists(st.floats(-500, 500), min_size=2, max_size=6))
def test_probabilities_are_probabilities(logits: list[float]) -> None:
    row = np.array([logits], np.float32)
    np.testing.assert_allclose(softmax(row).sum(), 1, atol=1e-5)
    assert ((sigmoid(row) >= 0) & (sigmoid(row) <= 1)).all()
    np.testing.assert_allclose(sigmoid(row) + sigmoid(-row), 1, atol=1e-6)


@given(st.floats(8, 50), st.floats(8, 50))
def test_a_bump_gives_its_centre_to_a_fraction_of_a_cell(x: float, y: float) -> None:
    rows, columns = np.mgrid[:16, :16]
    across, down = (x + 0.5) / 4 - 0.5, (y + 0.5) / 4 - 0.5
    raw = -((columns - across) ** 2 + (rows - down) ** 2) / (2 * 0.8**2)
    spot = decode_spots(raw[None].astype(np.float32), 4)[0]
    assert np.hypot(spot.x - x, spot.y - y) < 0.5
    assert 0.8 * 4 * 0.8 < spot.sd < 1.4 * 4 * 0.8


def test_two_rival_peaks_make_the_radius_wide() -> None:
    raw = np.full((1, 16, 16), -8.0, np.float32)
    raw[0, 3, 3] = 4.0
    alone = decode_spots(raw, 4)[0]
    raw[0, 12, 12] = 3.9
    rivals = decode_spots(raw, 4)[0]
    assert (rivals.x, rivals.y) == pytest.approx((alone.x, alone.y), abs=0.2)
    assert rivals.radius > 3 * alone.radius


def test_boxes_of_peaks_and_no_doubles() -> None:
    raw = np.full((6, 16, 16), -6.0, np.float32)
    raw[-4:] = np.log(20 / 4)
    raw[0, 4, 4], raw[0, 4, 5], raw[1, 4, 6], raw[0, 12, 12] = 3.0, 2.0, 1.0, 2.5
    raw[0, 6, 4] = 1.5  # a peak of its own whose box overlaps the first by two thirds
    found = decode_boxes(raw, 4)
    assert list(found.classes) == [0, 0, 1]
    np.testing.assert_allclose(found.boxes[0], [-2.5, -2.5, 37.5, 37.5], atol=1e-4)
    assert list(found.scores) == sorted(found.scores, reverse=True)


def test_overlap_of_boxes() -> None:
    one = np.array([[0, 0, 2, 2]])
    np.testing.assert_allclose(iou(one, np.array([[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6]]))[0], [1, 1 / 3, 0])


def test_no_fact_is_likelier_than_the_one_above_it() -> None:
    below = np.array([[1, 1, 1], [0, 1, 1], [0, 0, 1]], bool)
    said = coherent(np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32), below)
    assert (np.diff(said, axis=1) <= 0).all()


def test_rows_are_in_pixels_of_the_image() -> None:
    prepared = Prepared(np.zeros((64, 64), np.float32), np.array([[0.5, 0, 3], [0, 0.5, -2]], np.float64))
    head = Head(name="length", task="measure", labels=["width"], unit="mm", calibration={"spreads": 2.0, "length": 1.0})
    raw = np.array([10.0, np.log(0.5)], np.float32)
    assert decode_value(raw, 2.0).low == pytest.approx(9.0)
    assert answer_rows(head, raw, prepared, None) == [("width", "20", "18", "22", "px")]
    assert answer_rows(head, raw, prepared, 0.1) == [("width", "2", "1.8", "2.2", "mm")]
    point = Head(name="corner", task="landmark", labels=["corner"], stride=4)
    raw = np.full((1, 16, 16), -30.0, np.float32)
    raw[0, 5, 6] = 0
    name, x, y, _ = answer_rows(point, raw, prepared, None)[0]
    assert (name, float(x), float(y)) == ("corner", 2 * (25.5 - 3), 2 * (21.5 + 2))
    boxes = Head(name="lesion", task="detect", labels=["lesion"], stride=4)
    raw = np.full((5, 16, 16), -6.0, np.float32)
    raw[0, 4, 4], raw[1:] = 3.0, np.log(2)
    row = answer_rows(boxes, raw, prepared, None)[0]
    assert [float(each) for each in row[1:5]] == [2 * (9.5 - 3), 2 * (9.5 + 2), 2 * (25.5 - 3), 2 * (25.5 + 2)]
