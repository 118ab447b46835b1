"""Numbers read from drawn outlines of known size."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lingyin.bench.outlines import (
    area_change,
    band_thickness,
    ellipse_circumference,
    ellipse_errors,
    fit_ellipse,
)


def ellipse(a: float, b: float, degrees: float) -> np.ndarray:
    """A soft-edged ellipse with half axes a and b about (100, 90)."""
    big = np.zeros((800, 800), np.uint8)
    cv2.ellipse(big, ((100.0 * 4 + 1.5, 90.0 * 4 + 1.5), (a * 8, b * 8), degrees), 255, -1)
    return cv2.resize(big, (200, 200), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


@pytest.mark.parametrize("degrees", [0, 30, 90, 155])
def test_ends_lie_on_the_axes(degrees: float) -> None:
    fitted = fit_ellipse(ellipse(60, 40, degrees))
    assert fitted is not None
    ends, size = fitted
    assert size == pytest.approx([120, 80], abs=1)
    along = np.array([np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))])
    truth = np.array([[100, 90] + sign * along * 60 for sign in (-1, 1)])
    errors = ellipse_errors(ends, np.concatenate([truth, ends[2:]]), absent=99)
    assert errors[:2] == pytest.approx([0, 0], abs=1)


def test_circumference_of_a_circle() -> None:
    assert ellipse_circumference(ellipse(50, 50, 0)) == pytest.approx(2 * np.pi * 50, rel=0.01)


def test_either_naming_of_an_axis_is_right() -> None:
    ends = np.array([[0.0, 0], [10, 0], [5, -3], [5, 3]])
    assert ellipse_errors(ends[[1, 0, 3, 2]], ends, absent=9).tolist() == [0, 0, 0, 0]
    assert ellipse_errors(None, ends, absent=9).tolist() == [9, 9, 9, 9]


def test_no_outline_gives_no_number() -> None:
    assert np.isnan(ellipse_circumference(np.zeros((20, 20), np.float32)))
    assert np.isnan(band_thickness(np.zeros((20, 20), np.bool_)))


@pytest.mark.parametrize("slope", [0.0, 0.4])
def test_thickness_is_taken_at_right_angles(slope: float) -> None:
    canvas = np.zeros((200, 300), np.uint8)
    columns = np.arange(20, 280)
    for column in columns:
        middle = 60 + slope * (column - 20)
        half = 6 / np.cos(np.arctan(slope))
        canvas[round(middle - half) : round(middle + half), column] = 1
    assert band_thickness(canvas > 0) == pytest.approx(12, rel=0.05)


def test_area_change_in_per_cent() -> None:
    assert area_change(200, 120) == pytest.approx(40)
    assert np.isnan(area_change(0, 120))
