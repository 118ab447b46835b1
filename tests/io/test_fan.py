"""Fitting a fan to an outline whose apex, angle and radii are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingyin.io.fan import Fan, draw_fan, fit_fan, outline_of

SHAPE = (240, 320)


def drawn(fan: Fan) -> np.ndarray:
    """The fan by its definition, without any search."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)
    x, y = x - fan.apex_x, y - fan.apex_y
    radius = np.hypot(x, y)
    inside = (np.abs(x) <= fan.slope * y) & (radius >= fan.inner) & (radius <= fan.outer)
    return (inside * 255).astype(np.uint8)


@settings(max_examples=15, deadline=None)
@given(st.floats(150, 170), st.floats(-30, 5), st.floats(0.4, 0.75), st.floats(40, 60), st.floats(180, 200))
def test_a_whole_fan_is_found_again(apex_x, apex_y, slope, inner, outer):
    part = drawn(Fan(apex_x, apex_y, slope, inner, outer, 1.0))
    found = fit_fan(part)
    assert found is not None
    assert found.score > 0.9
    assert found.apex_x == pytest.approx(apex_x, abs=3)
    assert found.apex_y == pytest.approx(apex_y, abs=6)
    assert found.slope == pytest.approx(slope, abs=0.03)
    assert found.left_edge is None
    assert found.right_edge is None


def test_drawing_moves_the_edges_to_the_tissue():
    truth = drawn(Fan(160.0, -10.0, 0.6, 50.0, 200.0, 1.0))
    swollen = cv2.dilate(truth, np.ones((9, 9), np.uint8))  # four pixels of screen left around the tissue
    fan = fit_fan(swollen)
    assert fan is not None
    found = draw_fan(fan, truth // 2, swollen)
    assert (found > 0).sum() == pytest.approx((truth > 0).sum(), rel=0.03)


def test_a_side_of_its_own_is_kept():
    truth = drawn(Fan(160.0, -10.0, 0.6, 50.0, 200.0, 1.0))
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    truth[x > 160 + 0.3 * (y + 10)] = 0
    fan = fit_fan(truth)
    assert fan is not None
    found = draw_fan(fan, truth // 2, truth) > 0
    overlap = 2 * (found & (truth > 0)).sum() / (found.sum() + (truth > 0).sum())
    assert overlap > 0.97


def test_a_vertical_cut_is_kept():
    truth = drawn(Fan(160.0, -10.0, 0.6, 50.0, 200.0, 1.0))
    truth[:, :100] = 0
    fan = fit_fan(truth)
    assert fan is not None
    assert not draw_fan(fan, truth // 2, truth)[:, :99].any()


def test_nothing_straight_is_no_fan():
    disc = np.zeros(SHAPE, np.uint8)
    cv2.circle(disc, (160, 120), 80, 255, -1)
    fan = fit_fan(disc)
    assert fan is None or fan.score < 0.9


def test_outline_is_the_outermost_pixels():
    part = np.zeros((10, 12), np.uint8)
    part[2:7, 3:9] = 255
    outline = outline_of(part)
    assert {tuple(point) for point in outline.above} == {(x, 2) for x in range(3, 9)}
    assert {tuple(point) for point in outline.below} == {(x, 6) for x in range(3, 9)}
    assert {tuple(point) for point in outline.first} == {(3, y) for y in range(2, 7)}
    assert {tuple(point) for point in outline.last} == {(8, y) for y in range(2, 7)}
