"""Geometry against closed forms: ellipses, rectangles, tilted and unevenly sampled outlines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingyin.analyze.measure.caliper import (
    Ellipse,
    Line,
    Points,
    area,
    chords,
    fit_ellipse,
    longest_chord,
    principal_axis,
    resample,
    widest_across,
)


def ellipse_points(
    long: float, short: float, angle: float, count: int = 200, centre: tuple[float, float] = (40, 30)
) -> Points:
    direction = np.array([np.cos(angle), np.sin(angle)])
    return Ellipse(np.asarray(centre, float), long, short, direction).polygon(count)


def rectangle(width: float, height: float, angle: float = 0.0) -> Points:
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (width / 2, height / 2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return resample(corners @ turn.T + (60, 60), 400)


@given(st.floats(5, 60), st.floats(0.5, 0.98), st.floats(0, np.pi))
def test_an_ellipse_is_found_again(long: float, ratio: float, angle: float) -> None:
    fitted = fit_ellipse(ellipse_points(long, long * ratio, angle))
    assert fitted is not None
    assert fitted.long == pytest.approx(long, rel=2e-3)
    assert fitted.short == pytest.approx(long * ratio, rel=2e-3)
    assert fitted.centre == pytest.approx([40, 30], abs=0.01 * long)


def test_a_circle_has_the_circumference_of_a_circle() -> None:
    assert Ellipse(np.zeros(2), 10.0, 10.0, np.array([1.0, 0.0])).circumference == pytest.approx(20 * np.pi)


def test_circumference_of_a_known_ellipse() -> None:
    # complete elliptic integral of the second kind for semi-axes 5 and 3: 25.526998863398124
    assert Ellipse(np.zeros(2), 5.0, 3.0, np.array([1.0, 0.0])).circumference == pytest.approx(25.526998863, rel=1e-6)


def test_too_few_points_are_no_ellipse() -> None:
    assert fit_ellipse(np.zeros((5, 2))) is None


def test_crowded_vertices_do_not_pull_the_fit() -> None:
    points = ellipse_points(20, 12, 0.4)
    crowded = np.vstack([points[:50], np.linspace(points[50], points[51], 300), points[52:]])
    fitted = fit_ellipse(crowded)
    assert fitted is not None
    assert (fitted.long, fitted.short) == pytest.approx((20, 12), rel=5e-3)


@pytest.mark.parametrize("angle", [0.0, 0.5, 1.2, 2.9])
def test_axes_of_an_ellipse_by_calipers(angle: float) -> None:
    points = ellipse_points(18, 11, angle)
    long = longest_chord(points)
    short = widest_across(points, long)
    assert short is not None
    assert long.length == pytest.approx(36, rel=1e-3)
    assert short.length == pytest.approx(22, rel=1e-3)
    assert np.dot(long.end - long.start, short.end - short.start) == pytest.approx(0.0, abs=1e-6)


def test_area_of_a_rectangle() -> None:
    assert area(rectangle(10, 4, 0.7)) == pytest.approx(40, rel=1e-2)


@pytest.mark.parametrize("angle", [0.0, 0.3, -0.8])
def test_a_tilted_band_keeps_its_thickness(angle: float) -> None:
    band = rectangle(60, 3, angle)
    widths = [line.length for line in chords(band, principal_axis(band), margin=0.1)]
    assert np.mean(widths) == pytest.approx(3, rel=0.02)


def test_chords_skip_stations_without_outline_and_a_line_of_no_length() -> None:
    square = rectangle(10, 10)
    long = Line(np.array([0.0, 60.0]), np.array([200.0, 60.0]))
    assert 0 < len(chords(square, long, 40)) < 40
    assert chords(square, Line(np.zeros(2), np.zeros(2))) == []
