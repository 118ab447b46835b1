"""Probes and screens: closed formulas for areas, steps and extents; points go to beams and back."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.core.errors import UsageError
from lingyin.io.phantom.probe import BEAMS, PICTURE_HEIGHT, PICTURE_WIDTH, SAMPLES, make_probe, make_screen

SHAPES = ("linear", "convex", "sector", "endocavity")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("aspect", [0.8, 1.25])
def test_sector_on_screen_has_the_area_of_the_ring_or_rectangle(shape: str, aspect: float) -> None:
    probe = make_probe(shape, 90.0, 0.3)
    screen = make_screen(probe, aspect)
    area = screen.sector.sum() * screen.mm_per_px_x * screen.mm_per_px_y
    outer = probe.radius_mm + probe.depth_mm
    ring = probe.half_width * (outer**2 - probe.radius_mm**2)
    expected = 2 * probe.half_width * probe.depth_mm if shape == "linear" else ring
    assert area == pytest.approx(expected, rel=0.01)
    assert screen.box.right - screen.box.left <= PICTURE_WIDTH + 1
    assert screen.box.bottom - screen.box.top <= PICTURE_HEIGHT + 1
    assert (screen.width % 2, screen.height % 2) == (0, 0)
    assert screen.sector.shape == (screen.height, screen.width)


@pytest.mark.parametrize("shape", SHAPES)
def test_extent_and_steps_are_those_of_the_grid(shape: str) -> None:
    probe = make_probe(shape, 120.0, 0.7)
    x, z = probe.grid()
    assert x.shape == (SAMPLES, BEAMS)
    half, top, bottom = probe.extent_mm
    assert [np.abs(x).max(), z.min(), z.max()] == pytest.approx([half, top, bottom], abs=0.01)
    steps = np.hypot(np.diff(x, axis=0), np.diff(z, axis=0))
    assert steps == pytest.approx(probe.sample_mm, abs=1e-3)
    across = np.hypot(np.diff(x, axis=1), np.diff(z, axis=1))
    middle = (across[SAMPLES // 2 - 1] + across[SAMPLES // 2]) / 2
    assert middle == pytest.approx(probe.beam_mm, rel=2e-3)


@pytest.mark.parametrize("shape", SHAPES)
def test_footprint_widens_and_shallow_linear_probes_stay_narrow(shape: str) -> None:
    narrow, wide = (make_probe(shape, 100.0, footprint) for footprint in (0.0, 1.0))
    assert wide.half_width > narrow.half_width
    assert make_probe("linear", 10.0, 1.0).half_width == pytest.approx(12.0)


def test_unknown_shape_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="'round' is unknown; choose linear, convex, sector or endocavity"):
        make_probe("round", 100.0, 0.5)


def test_the_screen_shows_the_beam_that_the_probe_sends_there() -> None:
    probe = make_probe("convex", 100.0, 0.5)
    screen = make_screen(probe, 1.2)
    points = np.array([[-20.0, 60.0], [0.0, 30.0], [15.0, 80.0]])
    pixels = screen.to_pixels(points)
    back = (pixels - (screen.origin_x, screen.origin_y)) * (screen.mm_per_px_x, screen.mm_per_px_y)
    assert back == pytest.approx(points)
    beam, sample = probe.index_of(points[:, 0], points[:, 1])
    column, row = np.rint(pixels).astype(int).T
    assert screen.beam[row, column] == pytest.approx(beam, abs=1)
    assert screen.sample[row, column] == pytest.approx(sample, abs=1.5)
