"""The carotid artery: the band of its far wall keeps its distance from the axis and its thickness along it."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.io.phantom.carotid import STATIONS, Carotid
from lingyin.io.phantom.parameters import settle
from lingyin.io.phantom.scene import Moment
from lingyin.io.phantom.shapes import area_of

FULL, EMPTY = Moment(0, 1.0, 0.0, 0.0), Moment(1, 0.0, 0.0, 0.0)


def carotid(seed: int, **settings: object) -> Carotid:
    return Carotid(settle("carotid", seed, settings), np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(4))
def test_band_begins_half_a_lumen_from_the_axis_and_is_as_thick_as_measured(seed: int) -> None:
    scene = carotid(seed, lumen_mm=6.4, pulsation_mm=0.6, intima_media_mm=0.9)
    x = np.linspace(scene.left, scene.right, 20001)
    axis = np.column_stack([x, scene.middle + scene.slope * x + scene.bend * x * x])
    points = scene.outlines(EMPTY)["intima_media"]
    inner, outer = points[:STATIONS], points[STATIONS:][::-1]
    away = [np.hypot(*(axis - point).T).min() for point in inner[20:-20:10]]
    assert away == pytest.approx(np.full(len(away), 5.8 / 2), abs=1e-3)
    thick = np.hypot(*(outer - inner).T)
    measured = scene.measure([EMPTY, FULL])
    length = float(np.hypot(*np.diff((inner + outer) / 2, axis=0).T).sum())
    assert measured["intima_media_thickness"] == pytest.approx(area_of(points) / length, rel=2e-3)
    assert measured["intima_media_thickness"] == pytest.approx(0.9, rel=0.01)
    assert np.ptp(thick) > 0.02 * 0.9
    assert measured["common_carotid_lumen_diameter"] == pytest.approx(6.4)


def test_drift_moves_the_band_and_no_more() -> None:
    scene = carotid(3)
    rest, moved = (scene.outlines(each)["intima_media"] for each in (FULL, Moment(1, 1.0, 0.4, -0.3)))
    assert moved - rest == pytest.approx(np.tile([0.4, -0.3], (len(rest), 1)))


def test_tissue_follows_the_wall_near_it_and_rests_far_away() -> None:
    scene = carotid(2, pulsation_mm=0.8, tilt_deg=0)
    x = np.zeros(3, np.float32)
    z = (scene._axis(x) + np.float32([0.01, -0.01, 200])).astype(np.float32)
    _, rest = scene.at_rest(x, z, EMPTY)
    assert rest - z == pytest.approx([0.4, -0.4, 0], abs=1e-3)
