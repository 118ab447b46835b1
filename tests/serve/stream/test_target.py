"""From masks of known shapes to centre, size, offset and centreline; and from those to advice."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from lingyin.core.clip import Box
from lingyin.runtime.prepare import Prepared, letterbox
from lingyin.serve.stream.servo import HOLD, PRESS_LESS, PRESS_MORE, SEARCH, SLIDE, TILT, advise
from lingyin.serve.stream.target import Target, find_target

BOX = Box(40, 20, 440, 420)
SIZE, GRID = 224, 56
SPACING = (0.5, 0.25)  # mm per pixel in x and y


def placed() -> Prepared:
    aspect = SPACING[1] / SPACING[0]
    return Prepared(np.zeros((SIZE, SIZE), np.float32), letterbox(BOX, SIZE, aspect))


def ellipse(x: float, y: float, half_x: float, half_y: float) -> NDArray[np.float32]:
    """Probability on the network's grid of an ellipse given in pixels of the frame, its edge half a cell wide."""
    inverse = placed().inverse
    at = (np.arange(GRID) + 0.5) * SIZE / GRID - 0.5
    columns, rows = inverse[0, 0] * at + inverse[0, 2], inverse[1, 1] * at + inverse[1, 2]
    away = np.hypot((columns[None] - x) / half_x, (rows[:, None] - y) / half_y)
    return np.asarray(1 / (1 + np.exp((away - 1) * 12)), np.float32)


def found(mask: NDArray[np.float32], spacing: tuple[float, float] | None = SPACING) -> Target:
    target = find_target({"lumen": mask * 0, "outer": mask}, placed(), BOX, spacing)
    assert target is not None
    return target


def test_place_and_size_in_mm() -> None:
    target = found(ellipse(279.5, 219.5, 60, 120))  # a circle of 30 mm radius
    assert target.structure == "outer"
    assert target.offset_mm == pytest.approx((20.0, 0.0), abs=0.3)
    assert target.offset_px == pytest.approx((40.0, 0.0), abs=0.6)
    for size in (target.sideways_mm, target.deep_mm, target.narrowest_mm):
        assert size == pytest.approx(60.0, abs=1.2)
    assert target.area_mm2 == pytest.approx(np.pi * 900, rel=0.03)
    assert len(target.centreline_px) == 1
    assert not target.is_cut


def test_without_a_spacing_only_pixels_are_told() -> None:
    target = found(ellipse(279.5, 219.5, 60, 120), None)
    assert target.offset_px == pytest.approx((40.0, 0.0), abs=0.6)
    assert target.offset_mm is None
    assert target.narrowest_mm is None


def test_a_long_structure_gets_a_centreline() -> None:
    target = found(ellipse(239.5, 180.0, 150, 40))  # 150 by 20 mm
    assert len(target.centreline_px) > 4
    assert np.abs(target.centreline_px[:, 1] - 180.0).max() < 4


def test_one_at_the_edge_is_cut() -> None:
    assert found(ellipse(430, 219.5, 60, 120)).is_cut


def test_of_two_parts_the_larger_counts() -> None:
    both = np.maximum(ellipse(150, 120, 20, 40), ellipse(300, 300, 50, 100))
    assert found(both).centre_px == pytest.approx((300, 300), abs=2)


def test_a_faint_or_empty_mask_is_no_target() -> None:
    mask = ellipse(279.5, 219.5, 60, 120)
    assert find_target({"outer": mask * 0.55}, placed(), BOX, SPACING) is None
    assert find_target({"outer": mask * 0}, placed(), BOX, SPACING) is None
    assert find_target({}, placed(), BOX, SPACING) is None


@pytest.mark.parametrize(
    ("mask", "advice"),
    [
        (ellipse(239.5, 219.5, 60, 120), [HOLD]),
        (ellipse(300, 219.5, 60, 120), [SLIDE]),
        (ellipse(239.5, 219.5, 60, 70), [PRESS_LESS]),
        (ellipse(239.5, 219.5, 60, 95), [TILT]),
        (ellipse(239.5, 219.5, 60, 170), [TILT]),
        (ellipse(430, 219.5, 60, 170), [SLIDE]),
    ],
)
def test_advice_follows_place_and_shape(mask: NDArray[np.float32], advice: list[str]) -> None:
    assert advise(found(mask), 0.9, knows_organ=True)[: len(advice)] == advice


def test_advice_without_a_target() -> None:
    assert advise(None, 0.9, knows_organ=True) == [TILT]
    assert advise(None, 0.9, knows_organ=False) == [SEARCH]
    assert advise(None, 0.1, knows_organ=False) == [PRESS_MORE, SEARCH]
