"""The left ventricle: an affine beat whose ejection fraction, areas and axis follow from two factors."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.io.phantom.parameters import settle
from lingyin.io.phantom.scene import Moment
from lingyin.io.phantom.shapes import area_of, extent
from lingyin.io.phantom.ventricle import LENGTHENING, LeftVentricle

FULL, EMPTY = Moment(0, 1.0, 0.0, 0.0), Moment(1, 0.0, 0.0, 0.0)
CAVITY = "left_ventricle_cavity"


def ventricle(seed: int, **settings: object) -> LeftVentricle:
    return LeftVentricle(settle("left-ventricle", seed, settings), np.random.default_rng(seed))


@pytest.mark.parametrize("ejection", [15.0, 35.0, 55.0, 70.0])
def test_factors_give_the_ejection_fraction_and_the_areas(ejection: float) -> None:
    scene = ventricle(3, ejection_fraction=ejection)
    kept = scene.narrowing**2 * scene.shortening
    assert 100 * (1 - kept) == pytest.approx(ejection, abs=1e-4)
    assert 1 - scene.shortening == pytest.approx(LENGTHENING * (1 - scene.narrowing))
    full, empty = (area_of(scene.outlines(moment)[CAVITY]) for moment in (FULL, EMPTY))
    assert empty / full == pytest.approx(scene.narrowing * scene.shortening)
    measured = scene.measure([EMPTY, FULL])
    assert measured["left_ventricle_end_diastolic_area"] == pytest.approx(full / 100)
    assert measured["left_ventricle_area_change"] == pytest.approx(100 * (1 - empty / full))
    assert scene.measure([FULL]) == {}


@pytest.mark.parametrize("seed", range(3))
def test_the_axis_is_as_long_as_set_and_the_apex_stays(seed: int) -> None:
    scene = ventricle(seed, length_mm=80)
    axis = (float(-np.sin(scene.tilt)), float(np.cos(scene.tilt)))
    full, empty = scene.outlines(FULL)[CAVITY], scene.outlines(EMPTY)[CAVITY]
    assert extent(full, axis) == pytest.approx(80)
    assert extent(empty, axis) == pytest.approx(80 * scene.shortening)
    assert (full @ axis).min() == pytest.approx((empty @ axis).min())


def test_muscle_at_the_edge_of_the_emptied_cavity_comes_from_the_edge_of_the_full_one() -> None:
    scene = ventricle(4)
    empty, full = scene.outlines(EMPTY)[CAVITY].astype(np.float32), scene.outlines(FULL)[CAVITY]
    x, z = scene.at_rest(empty[:, 0], empty[:, 1], EMPTY)
    before, after = (np.hypot(*(points - full).T).mean() for points in (empty, np.column_stack([x, z])))
    assert after < 0.35 * before
    same_x, same_z = scene.at_rest(empty[:, 0], empty[:, 1], FULL)
    assert np.column_stack([same_x, same_z]) == pytest.approx(empty, abs=1e-3)


def test_a_beat_is_full_at_its_ends_and_empty_at_a_third() -> None:
    pulse = np.array([ventricle(1).pulse_at(phase) for phase in np.linspace(0, 1, 201)])
    assert pulse[[0, 70, 200]] == pytest.approx([1, 0, 1])
    assert (np.diff(pulse[:71]) < 0).all()
    assert (np.diff(pulse[70:]) > 0).all()
