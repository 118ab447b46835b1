"""Intervals: each part widens, parts add in quadrature, nothing goes below zero."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.analyze.measure.interval import PIXEL_SD, SPAN_90, interval_90, robust_spread


def half(interval: tuple[float, float]) -> float:
    return (interval[1] - interval[0]) / 2


def test_the_edge_alone() -> None:
    assert interval_90(20.0, (21.0, 19.0), relative_floor=0.0) == pytest.approx((19.0, 21.0))


def test_the_floor_alone() -> None:
    assert half(interval_90(20.0, (20.0, 20.0), relative_floor=0.01)) == pytest.approx(SPAN_90 * 0.2)


def test_pixels_alone() -> None:
    assert half(interval_90(20.0, (20.0, 20.0), (), 0.5, 0.0)) == pytest.approx(SPAN_90 * PIXEL_SD * 0.5)


def test_parts_add_in_quadrature() -> None:
    both = half(interval_90(20.0, (21.0, 19.0), (), 0.5, 0.0))
    assert both == pytest.approx(np.hypot(1.0, SPAN_90 * PIXEL_SD * 0.5))


def test_never_below_zero() -> None:
    assert interval_90(0.1, (3.0, 0.0))[0] == 0.0


def test_spread_ignores_an_outlier_and_short_series() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(10, 1, 500).tolist()
    assert robust_spread([*values, 1e6]) == pytest.approx(1.0, rel=0.15)
    assert robust_spread([1.0, 5.0]) == 0.0
