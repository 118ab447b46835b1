"""The thyroid nodule lies within its lobe, keeps its axes while it drifts, and is darker the lower its level."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.io.phantom import make_phantom
from lingyin.io.phantom.parameters import settle
from lingyin.io.phantom.scene import Moment
from lingyin.io.phantom.thyroid import Thyroid


def thyroid(seed: int, **settings: object) -> Thyroid:
    return Thyroid(settle("thyroid", seed, settings), np.random.default_rng(seed))


@pytest.mark.parametrize("long", [6.0, 14.0])
@pytest.mark.parametrize("seed", range(5))
def test_nodule_lies_within_its_lobe(long: float, seed: int) -> None:
    scene = thyroid(seed, long_axis_mm=long, axis_ratio=0.8)
    points = scene.nodule.polygon().astype(np.float32)
    assert scene.lobe.distance(points[:, :1], points[:, 1:]).max() < 0.3


def test_axes_are_those_set_whatever_the_drift() -> None:
    scene = thyroid(7, long_axis_mm=18, axis_ratio=0.6)
    here, there = (scene.measure([Moment(0, 1.0, shift, -shift)]) for shift in (0.0, 2.0))
    assert here == pytest.approx(there)
    assert here["thyroid_nodule_long_axis"] == pytest.approx(18)
    assert here["thyroid_nodule_short_axis"] == pytest.approx(0.6 * 18, rel=0.1)


def test_level_of_the_nodule_sets_its_grey() -> None:
    levels = []
    for level in (-25, -8, 0):
        phantom = make_phantom("thyroid", 4, frames=1, nodule_db=level, halo=0, gain_db=0, noise_db=-60)
        levels.append(phantom.frames[0][phantom.masks["thyroid_nodule"][0]].mean())
    assert levels[0] < levels[1] - 10 < levels[2] - 20
