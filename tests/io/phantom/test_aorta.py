"""The aorta's section: it pulsates by the millimetres set, its lumen lies within its wall, thrombus narrows it."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.io.phantom import make_phantom
from lingyin.io.phantom.aorta import Aorta
from lingyin.io.phantom.parameters import settle
from lingyin.io.phantom.scene import Moment, narrowest
from lingyin.io.phantom.shapes import area_of

FULL, EMPTY = Moment(0, 1.0, 0.0, 0.0), Moment(1, 0.0, 0.0, 0.0)
OUTER, LUMEN = "abdominal_aorta_outer", "abdominal_aorta_lumen"


def aorta(seed: int, **settings: object) -> Aorta:
    return Aorta(settle("aorta", seed, settings), np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(3))
def test_emptying_shrinks_the_section_by_the_pulsation(seed: int) -> None:
    scene = aorta(seed, diameter_mm=40, pulsation_mm=3)
    full, empty = scene.outlines(FULL)[OUTER], scene.outlines(EMPTY)[OUTER]
    assert narrowest(full) == pytest.approx(40)
    assert narrowest(empty) == pytest.approx(37)
    assert area_of(empty) / area_of(full) == pytest.approx((37 / 40) ** 2)
    assert scene.measure([EMPTY, FULL, EMPTY])["abdominal_aorta_diameter"] == pytest.approx(40)


@pytest.mark.parametrize("seed", range(4))
def test_without_thrombus_the_wall_is_what_parts_lumen_and_outline(seed: int) -> None:
    scene = aorta(seed, diameter_mm=24, wall_mm=2, thrombus=0.8)  # too narrow a vessel for thrombus
    measured = scene.measure([FULL])
    assert measured["abdominal_aorta_lumen_diameter"] == pytest.approx(24 - 2 * 2, abs=0.1)


@pytest.mark.parametrize("seed", range(4))
def test_thrombus_narrows_the_lumen_which_stays_within_the_wall(seed: int) -> None:
    lumina = []
    for share in (0.1, 0.3, 0.5):
        scene = aorta(seed, diameter_mm=50, thrombus=share)
        lumina.append(scene.measure([FULL])["abdominal_aorta_lumen_diameter"])
        for moment in (FULL, EMPTY):
            outer = scene.outlines(moment)[OUTER]
            centre = outer.mean(axis=0)
            radii = np.hypot(*(outer - centre).T).min()
            points = scene.outlines(moment)[LUMEN]
            assert np.hypot(*(points - centre).T).max() < radii
    assert lumina[0] > lumina[1] > lumina[2]


def test_tissue_of_the_shrunken_outline_comes_from_the_outline_at_rest() -> None:
    scene = aorta(2, diameter_mm=36, pulsation_mm=3, oblique=1)
    moment = Moment(1, 0.0, 1.5, -2.0)
    points = scene.outlines(moment)[OUTER].astype(np.float32)
    x, z = scene.at_rest(points[:, 0], points[:, 1], moment)
    away = scene.outline.distance(x[:, None], z[:, None])
    assert np.abs(away).max() < 0.25
    far_x, far_z = scene.at_rest(np.float32([101.5]), np.float32([498.0]), moment)
    assert [float(far_x[0]), float(far_z[0])] == pytest.approx([100, 500], abs=0.1)


@pytest.mark.parametrize(
    ("kind", "structure"),
    [
        ("aorta", LUMEN),
        ("aortic-root", "aortic_root_lumen"),
        ("thyroid", "thyroid_nodule"),
        ("ovary", "ovarian_lesion"),
    ],
)
def test_drifting_sections_keep_the_area_of_their_masks(kind: str, structure: str) -> None:
    still = {"pulsation_mm": 0} if kind.startswith("aort") else {}
    phantom = make_phantom(kind, 5, frames=3, drift_mm=1.5, frame_rate_hz=5, **still)
    area = phantom.masks[structure].sum(axis=(1, 2))
    assert area == pytest.approx(area[0], rel=0.01)
    assert not np.array_equal(phantom.masks[structure][0], phantom.masks[structure][2])


def test_a_wall_cannot_be_thicker_than_a_fifth_of_the_radius() -> None:
    scene = aorta(1, diameter_mm=10, wall_mm=4)
    assert scene.wall_mm == pytest.approx(1.0)
