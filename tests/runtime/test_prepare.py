"""Preparing a frame: the map is exact both ways, the aspect is kept, and what lies outside the box stays out."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingyin.core.clip import Box
from lingyin.runtime.prepare import invert, letterbox, prepare, to_grey, warp

coordinate = st.floats(0, 500)
side = st.floats(2, 900)


@given(coordinate, coordinate, side, side, st.floats(0.5, 2.0), coordinate, coordinate)
def test_map_to_the_square_and_back_returns_the_point(left, top, width, height, aspect, x, y):
    matrix = letterbox(Box(left, top, left + width, top + height), 224, aspect)
    there = matrix @ np.array([x, y, 1.0])
    back = invert(matrix) @ np.array([*there, 1.0])
    np.testing.assert_allclose(back, [x, y], atol=1e-6)


@given(coordinate, coordinate, side, side, st.floats(0.5, 2.0))
def test_box_fits_the_square_and_touches_two_of_its_sides(left, top, width, height, aspect):
    box = Box(left, top, left + width, top + height)
    matrix = letterbox(box, 224, aspect)
    first = matrix @ np.array([box.left - 0.5, box.top - 0.5, 1.0])
    last = matrix @ np.array([box.right - 0.5, box.bottom - 0.5, 1.0])
    spans = last - first
    assert spans.max() == pytest.approx(224, rel=1e-9)
    assert spans.min() <= 224 * (1 + 1e-9)
    np.testing.assert_allclose((first + last) / 2, 111.5, atol=1e-6)
    assert spans[1] / spans[0] == pytest.approx(height * aspect / width, rel=1e-6)


def test_only_the_box_is_seen():
    frame = np.full((100, 200, 3), 255, np.uint8)
    frame[20:60, 50:130] = 0
    prepared = prepare(frame, Box(50, 20, 130, 60), 64)
    assert prepared.image.dtype == np.float32
    assert prepared.image.shape == (64, 64)
    assert prepared.image.max() == 0.0


def test_a_mark_lands_where_the_map_says():
    frame = np.zeros((300, 400, 3), np.uint8)
    cv2.circle(frame, (210, 130), 9, (255, 255, 255), -1)
    prepared = prepare(frame, Box(100, 50, 350, 250), 224)
    weight = prepared.image / prepared.image.sum()
    rows, columns = np.mgrid[:224, :224]
    expected = prepared.matrix @ np.array([210, 130, 1.0])
    np.testing.assert_allclose([(weight * columns).sum(), (weight * rows).sum()], expected, atol=0.05)


def test_strong_shrinking_averages_instead_of_picking_pixels():
    checkers = (np.indices((960, 960)).sum(axis=0) % 2 * 255).astype(np.uint8)
    image = warp(checkers, Box(0, 0, 960, 960), letterbox(Box(0, 0, 960, 960), 96), 96)
    assert abs(int(image[4:-4, 4:-4].max()) - int(image[4:-4, 4:-4].min())) <= 2


@pytest.mark.parametrize("shrink_side", [500, 1000, 2000])
def test_shrinking_keeps_the_place(shrink_side):
    picture = np.zeros((shrink_side, shrink_side), np.uint8)
    centre = shrink_side * 0.37
    cv2.circle(picture, (round(centre), round(centre)), shrink_side // 20, 255, -1)
    box = Box(0, 0, shrink_side, shrink_side)
    image = warp(picture, box, letterbox(box, 128), 128).astype(float)
    rows, columns = np.mgrid[:128, :128]
    expected = letterbox(box, 128) @ np.array([round(centre), round(centre), 1.0])
    found = [(image * columns).sum() / image.sum(), (image * rows).sum() / image.sum()]
    np.testing.assert_allclose(found, expected, atol=0.1)


def test_box_off_the_frame_is_black_and_an_empty_box_an_error():
    frame = np.full((50, 50, 3), 200, np.uint8)
    assert prepare(frame, Box(60, 60, 90, 90), 32).image.max() == 0.0
    with pytest.raises(ValueError, match="empty"):
        prepare(frame, Box(10, 10, 10, 30), 32)


def test_grey_follows_luma_and_grey_frames_pass():
    frame = np.zeros((2, 2, 3), np.uint8)
    frame[..., 1] = 100
    assert to_grey(frame)[0, 0] == 59
    assert to_grey(frame[..., 1]) is not frame
    assert (to_grey(np.ascontiguousarray(frame[..., 1])) == 100).all()
