"""Furniture keeps clear of the sector, and its ruler is true to the depth."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lingyin.io.phantom.furniture import draw_furniture
from lingyin.io.phantom.parameters import settle
from lingyin.io.phantom.probe import make_probe, make_screen


@pytest.mark.parametrize("shape", ["linear", "convex", "sector"])
def test_sector_and_four_pixels_around_it_stay_black(shape: str) -> None:
    screen = make_screen(make_probe(shape, 80.0, 0.5), 1.0)
    settled = settle("aorta", 1, {"depth_mm": 80})
    for seed in range(3):
        picture = draw_furniture(screen, settled, "TITLE", np.random.default_rng(seed))
        assert np.array_equal(picture, draw_furniture(screen, settled, "TITLE", np.random.default_rng(seed)))
        away = cv2.distanceTransform((~screen.sector).astype(np.uint8), cv2.DIST_C, 3)
        assert picture[away > 5].any()
        assert not picture[away <= 4].any()


@pytest.mark.parametrize(("depth", "step"), [(60.0, 5.0), (120.0, 10.0)])
@pytest.mark.parametrize("aspect", [1.0, 1.3])
def test_ruler_ticks_lie_at_their_depths(depth: float, step: float, aspect: float) -> None:
    screen = make_screen(make_probe("linear", depth, 0.5), aspect)
    settled = settle("aorta", 1, {"depth_mm": depth})
    places = [round(screen.box.right + 14), round(screen.box.left - 14)]
    sides = set()
    for seed in range(6):
        picture = draw_furniture(screen, settled, "", np.random.default_rng(seed))
        columns = [picture[30:-20, place + 1] for place in places]
        side = int(columns[0].any() == 0)
        sides.add(side)
        rows = np.flatnonzero(columns[side]) + 30
        depths = (rows - screen.origin_y) * screen.mm_per_px_y
        assert depths == pytest.approx(np.arange(0, depth + 0.1, step), abs=screen.mm_per_px_y)
    assert sides == {0, 1}
