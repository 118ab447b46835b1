"""Outlines and masks obey geometry: growth, scale, partition, clipping, even-odd rule, closed random waves."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.io.phantom.shapes import Star, area_of, ellipse, fill_polygon, wobble


def test_growing_follows_steiner() -> None:
    outline = ellipse(3, -4, 20, 14, 0.4)
    points = outline.polygon()
    perimeter = float(np.hypot(*(np.roll(points, -1, axis=0) - points).T).sum())
    for by in (-0.5, 0.5, 1.0):
        expected = area_of(points) + perimeter * by + np.pi * by**2
        assert area_of(outline.grown(by).polygon()) == pytest.approx(expected, rel=1e-3)
    assert outline.grown(-100).radii == pytest.approx(0.05)


def test_scaling_keeps_the_centre_and_squares_the_area() -> None:
    outline = Star(5, 9, 10 + wobble(np.random.default_rng(1), 2, 6))
    larger = outline.scaled(1.5)
    assert (larger.x, larger.z) == (5, 9)
    assert area_of(larger.polygon()) == pytest.approx(2.25 * area_of(outline.polygon()))


@pytest.mark.parametrize("seed", range(4))
def test_wobble_is_closed_centred_and_of_the_orders_asked_for(seed: int) -> None:
    wave = wobble(np.random.default_rng(seed), 2, 5)
    assert np.abs(wave).max() == pytest.approx(1.0)
    power = np.abs(np.fft.rfft(wave))
    assert power[2:6].max() > 1
    assert np.delete(power, range(2, 6)).max() < 1e-9
    assert np.array_equal(wave, wobble(np.random.default_rng(seed), 2, 5))
    assert not wobble(np.random.default_rng(seed), 4, 3).any()


@pytest.mark.parametrize("seed", range(3))
def test_mask_has_the_area_of_the_outline_and_the_sign_of_the_distance(seed: int) -> None:
    outline = Star(100.3, 90.7, 70 * (1 + 0.1 * wobble(np.random.default_rng(seed), 2, 6)))
    mask = fill_polygon(outline.polygon(), 190, 200)
    assert mask.sum() == pytest.approx(area_of(outline.polygon()), rel=3e-3)
    x, z = np.meshgrid(np.arange(200, dtype=np.float32), np.arange(190, dtype=np.float32))
    distance = outline.distance(x, z)
    clear = np.abs(distance) > 0.1
    assert np.array_equal(mask[clear], distance[clear] < 0)


def test_a_polygon_beyond_the_picture_is_clipped_like_a_crop() -> None:
    points = ellipse(10.2, 8.6, 30, 20, 0.5).polygon()
    whole = fill_polygon(points + 40, 90, 110)
    assert np.array_equal(fill_polygon(points, 25, 35), whole[40:65, 40:75])
    assert not fill_polygon(points - np.array((0, 100)), 25, 35).any()
    assert not fill_polygon(points + np.array((0, 100)), 25, 35).any()


def test_neighbours_share_no_pixel_and_leave_none() -> None:
    rng = np.random.default_rng(5)
    corners = np.array([[2.0, 2.0], [42.0, 2.0], [42.0, 33.0], [2.0, 33.0]])
    for centre in rng.uniform(5, 30, (10, 2)):
        parts = [fill_polygon(np.array([corners[k - 1], corners[k], centre]), 40, 50) for k in range(4)]
        assert np.array_equal(np.sum(parts, axis=0), fill_polygon(corners, 40, 50).astype(int))


def test_where_a_curve_winds_twice_nothing_is_filled() -> None:
    outer = np.array([[1.5, 1.5], [20.5, 1.5], [20.5, 20.5], [1.5, 20.5], [1.5, 1.5]])
    inner = np.array([[5.5, 5.5], [10.5, 5.5], [10.5, 10.5], [5.5, 10.5], [5.5, 5.5]])
    mask = fill_polygon(np.vstack([outer, inner]), 25, 25)
    assert mask.sum() == 19 * 19 - 5 * 5
    assert not mask[6:11, 6:11].any()
