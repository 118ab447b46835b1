"""Exact shapes: polygons, masks and distances agree with closed formulas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingyin.io.phantom.probe import make_probe, make_screen
from lingyin.io.phantom.scene import narrowest, widest
from lingyin.io.phantom.shapes import area_of, ellipse, extent, fill_polygon


@settings(max_examples=30, deadline=None)
@given(st.floats(3, 40), st.floats(0.5, 1.0), st.floats(-1.5, 1.5))
def test_ellipse_has_its_area_and_axes(half: float, ratio: float, turn: float) -> None:
    points = ellipse(5.0, -2.0, half, half * ratio, turn).polygon()
    assert area_of(points) == pytest.approx(np.pi * half**2 * ratio, rel=1e-3)
    assert narrowest(points) == pytest.approx(2 * half * ratio, rel=2e-3)
    long, short = widest(points)
    assert long == pytest.approx(2 * half, rel=2e-3)
    assert short == pytest.approx(2 * half * ratio, rel=6e-3)
    assert extent(points, (float(np.cos(turn)), float(np.sin(turn)))) == pytest.approx(2 * half, rel=2e-3)


def test_mask_holds_the_pixels_whose_centres_are_inside() -> None:
    square = np.array([[2.5, 1.5], [6.5, 1.5], [6.5, 4.5], [2.5, 4.5]])
    mask = fill_polygon(square, 8, 10)
    assert mask.sum() == 12
    assert mask[2:5, 3:7].all()


def test_distance_is_exact_for_a_circle_and_first_order_at_an_ellipse() -> None:
    x, z = np.meshgrid(np.linspace(-30, 30, 61, dtype=np.float32), np.linspace(-30, 30, 61, dtype=np.float32))
    circle = ellipse(1.0, 2.0, 12.0, 12.0)
    assert circle.distance(x, z) == pytest.approx(np.hypot(x - 1, z - 2) - 12, abs=1e-3)
    outline = ellipse(0.0, 0.0, 14.0, 10.0, 0.3)
    edge = outline.grown(0.3).polygon().astype(np.float32)
    assert outline.distance(edge[:, :1], edge[:, 1:]) == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize("shape", ["convex", "linear", "sector", "endocavity"])
def test_grid_and_screen_agree(shape: str) -> None:
    probe = make_probe(shape, 100.0, 0.5)
    x, z = probe.grid()
    beam, sample = probe.index_of(x, z)
    assert beam[200] == pytest.approx(np.arange(beam.shape[1]), abs=0.02)
    assert sample[:, 88] == pytest.approx(np.arange(sample.shape[0]), abs=0.02)
    screen = make_screen(probe, 1.1)
    assert screen.mm_per_px_y == pytest.approx(1.1 * screen.mm_per_px_x)
    assert screen.sector[round(screen.origin_y + 50 / screen.mm_per_px_y), round(screen.origin_x)]
    bottom = screen.to_pixels(np.array([[0.0, 100.0]]))[0]
    assert bottom[1] == pytest.approx(screen.box.bottom, abs=2)
