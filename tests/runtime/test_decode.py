"""Decoding: a known shape on the grid comes back to the frame to a fraction of a pixel."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lingyin.core.clip import Box
from lingyin.runtime.decode import largest_component, mask_on_frame, outline
from lingyin.runtime.prepare import Prepared, letterbox


def grid_of_disc(prepared: Prepared, centre: tuple[float, float], radius: float, cells: int) -> np.ndarray:
    """Share of each grid cell inside a disc given in frame pixels: what a perfect network would answer."""
    fine = 8 * cells
    step = prepared.image.shape[0] / fine
    place = (np.arange(fine) + 0.5) * step - 0.5
    x = (place - prepared.matrix[0, 2]) / prepared.matrix[0, 0]
    y = (place - prepared.matrix[1, 2]) / prepared.matrix[1, 1]
    inside = np.hypot(x[None, :] - centre[0], y[:, None] - centre[1]) <= radius
    return inside.reshape(cells, 8, cells, 8).mean(axis=(1, 3)).astype(np.float32)


def prepared_for(box: Box, size: int = 224) -> Prepared:
    return Prepared(np.zeros((size, size), np.float32), letterbox(box, size))


@pytest.mark.parametrize(("scale", "cells"), [(1, 112), (2, 112), (4, 112), (2, 224)])
def test_disc_comes_back_within_a_third_of_a_pixel(scale, cells):
    width, height = 300 * scale, 240 * scale
    prepared = prepared_for(Box(20 * scale, 10 * scale, 290 * scale, 230 * scale))
    centre, radius = (140.3 * scale, 111.8 * scale), 40.6 * scale
    whole = mask_on_frame(grid_of_disc(prepared, centre, radius, cells), prepared, height, width)
    assert whole.shape == (height, width)
    assert whole.dtype == np.float32
    ring = np.asarray(outline(whole)[0])
    distance = np.hypot(*(ring - centre).T)
    assert abs(distance.mean() - radius) < 0.1 * scale
    assert np.abs(distance - radius).max() < 0.3 * scale


def test_outside_the_square_is_zero():
    prepared = prepared_for(Box(50, 50, 100, 100))
    whole = mask_on_frame(np.ones((112, 112), np.float32), prepared, 150, 150)
    assert whole[75, 75] == pytest.approx(1.0)
    assert whole[20, 75] == 0.0
    assert whole[75, 140] == 0.0


def test_anisotropic_pixels_are_undone():
    prepared = Prepared(np.zeros((224, 224), np.float32), letterbox(Box(0, 0, 200, 100), 224, pixel_aspect=2.0))
    whole = mask_on_frame(np.tile(np.linspace(0, 1, 112, dtype=np.float32)[:, None], (1, 112)), prepared, 100, 200)
    assert whole[10, 100] < whole[50, 100] < whole[90, 100]
    assert whole[50, 100] == pytest.approx(0.5, abs=0.02)


@settings(max_examples=40)
@given(st.floats(12, 48), st.floats(12, 38), st.floats(3, 9), st.floats(0.2, 0.8))
def test_outline_lies_on_the_level(x, y, radius, level):
    expected = radius + (0.5 - level) * 8
    assume(expected >= 1.5)  # a ring of less is not straight between two pixels
    rows, columns = np.mgrid[:50, :60]
    distance = np.hypot(columns - x, rows - y)
    probability = np.clip(0.5 + (radius - distance) / 8, 0, 1).astype(np.float32)
    rings = outline(probability, level)
    assert len(rings) == 1
    found = np.hypot(*(np.asarray(rings[0]) - (x, y)).T)
    np.testing.assert_allclose(found, expected, atol=0.15)


def test_outlines_are_sorted_and_holes_left_out():
    picture = np.zeros((60, 80), np.float32)
    picture[5:15, 5:15] = 1
    picture[20:55, 30:70] = 1
    picture[30:40, 40:50] = 0
    rings = outline(picture)
    assert len(rings) == 2
    assert np.asarray(rings[0]).min(axis=0).tolist() == [29.5, 19.5]
    assert np.asarray(rings[1]).max(axis=0).tolist() == [14.5, 14.5]


def test_nothing_to_outline_and_everything_to_outline():
    assert outline(np.zeros((10, 10), np.float32)) == []
    ring = np.asarray(outline(np.ones((10, 12), np.float32))[0])
    assert ring.min() == -0.5
    assert ring.max(axis=0).tolist() == [11.5, 9.5]


@given(st.integers(0, 10_000))
def test_any_map_gives_closed_rings_whose_area_is_near_the_pixel_count(seed):
    rng = np.random.default_rng(seed)
    picture = (rng.random((14, 17)) > 0.6).astype(np.float32)
    total = 0.0
    for ring in outline(picture):
        x, y = np.asarray(ring).T
        total += abs(0.5 * (x * np.roll(y, -1) - np.roll(x, -1) * y).sum())
        steps = np.hypot(*(np.roll(np.asarray(ring), -1, axis=0) - ring).T)
        assert steps.max() <= np.sqrt(2) + 1e-9
    assert total >= 0.5 * picture.sum()  # a lone pixel is a diamond of half its area; filled holes only add


def test_largest_component_keeps_its_soft_edge_and_drops_the_rest():
    rows, columns = np.mgrid[:40, :60]
    big = np.clip(1.2 - np.hypot(columns - 15, rows - 20) / 10, 0, 1)
    small = np.clip(1.2 - np.hypot(columns - 48, rows - 20) / 5, 0, 1)
    kept = largest_component(np.maximum(big, small).astype(np.float32))
    assert kept[20, 48] == 0.0
    np.testing.assert_allclose(kept[:, :28], big[:, :28], atol=1e-6)
    assert largest_component(np.zeros((4, 4), np.float32)).sum() == 0
