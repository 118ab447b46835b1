"""Lengths and areas in millimetres against shapes whose size is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingyin.core.clip import Box, Clip, Region, RegionKind, Source
from lingyin.io.geometry import area_mm2, ellipse_perimeter, length_mm, polyline_length_mm, scale_at

SCALE = (0.2, 0.3)
WHOLE = Region(Box(0, 0, 400, 300), RegionKind.TISSUE, *SCALE, "dicom-region")
place = st.tuples(st.floats(0, 399), st.floats(0, 299))


def clip_with(*regions: Region) -> Clip:
    frames = [np.zeros((300, 400, 3), np.uint8)]
    return Clip(frames, np.zeros(1), 400, 300, Source("a.dcm", "dicom"), regions)  # type: ignore[arg-type]


@given(place, place)
def test_length_uses_both_scales_and_knows_no_direction(start, end):
    clip = clip_with(WHOLE)
    expected = math.hypot((end[0] - start[0]) * SCALE[0], (end[1] - start[1]) * SCALE[1])
    assert length_mm(clip, start, end) == pytest.approx(expected, abs=1e-9)
    assert length_mm(clip, end, start) == pytest.approx(expected, abs=1e-9)


@given(st.floats(10, 90), st.floats(10, 90))
def test_ellipse_of_many_corners(semi_x, semi_y):
    """The corners' polygon has area `n/2 sin(2 pi / n)` of the ellipse's, and at most its perimeter."""
    count = 180
    turn = np.arange(count) * 2 * math.pi / count
    polygon = [(200 + semi_x * math.cos(each), 150 + semi_y * math.sin(each)) for each in turn]
    clip = clip_with(WHOLE)
    a, b = semi_x * SCALE[0], semi_y * SCALE[1]
    assert area_mm2(clip, polygon) == pytest.approx(a * b * count / 2 * math.sin(2 * math.pi / count), rel=1e-9)
    assert polyline_length_mm(clip, polygon, closed=True) == pytest.approx(ellipse_perimeter(a, b), rel=1e-3)


def test_open_and_closed_lines():
    square = [(0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0)]
    assert polyline_length_mm(clip_with(WHOLE), square) == pytest.approx(20 + 30 + 20)
    assert polyline_length_mm(clip_with(WHOLE), square, closed=True) == pytest.approx(20 + 30 + 20 + 30)
    assert area_mm2(clip_with(WHOLE), square) == pytest.approx(600.0)
    assert area_mm2(clip_with(WHOLE), square[::-1]) == pytest.approx(600.0)


@pytest.mark.parametrize(
    "regions",
    [
        (),
        (Region(Box(0, 0, 400, 300), RegionKind.TISSUE),),
        (Region(Box(0, 0, 150, 300), RegionKind.TISSUE, *SCALE),),
        (
            Region(Box(0, 0, 150, 300), RegionKind.TISSUE, *SCALE),
            Region(Box(150, 0, 400, 300), RegionKind.TISSUE, 0.1, 0.1),
        ),
        # an uncalibrated inset lies over the calibrated whole
        (Region(Box(180, 0, 400, 300), RegionKind.GRAPHICS), WHOLE),
    ],
)
def test_no_length_without_one_scale_for_both_ends(regions):
    clip = clip_with(*regions)
    assert scale_at(clip, [(10.0, 10.0), (200.0, 10.0)]) is None
    assert length_mm(clip, (10, 10), (200, 10)) is None
    assert area_mm2(clip, [(10, 10), (200, 10), (200, 50)]) is None


def test_a_larger_region_speaks_for_an_inset_of_the_same_scale():
    inset = Region(Box(180, 0, 260, 300), RegionKind.COLOR_FLOW, *SCALE)
    assert length_mm(clip_with(inset, WHOLE), (10, 10), (200, 10)) == pytest.approx(190 * 0.2)


def test_no_points_no_scale():
    assert scale_at(clip_with(WHOLE), []) is None


@given(st.floats(0.1, 1000))
def test_perimeter_of_a_circle_and_of_a_needle(radius):
    assert ellipse_perimeter(radius, radius) == pytest.approx(2 * math.pi * radius)
    assert ellipse_perimeter(radius, 0) == pytest.approx(4 * radius, rel=5e-4)
    assert ellipse_perimeter(0, 0) == 0.0
