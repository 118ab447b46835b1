"""The ovarian cyst lies within the ovary, keeps its axes, and a septum brightens it."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.io.phantom import make_phantom
from lingyin.io.phantom.ovary import Ovary
from lingyin.io.phantom.parameters import settle
from lingyin.io.phantom.scene import Moment


def ovary(seed: int, **settings: object) -> Ovary:
    return Ovary(settle("ovary", seed, settings), np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(5))
def test_axes_are_those_set_and_the_picture_is_deep_enough(seed: int) -> None:
    scene = ovary(seed, long_axis_mm=40, axis_ratio=0.75)
    measured = scene.measure([Moment(0, 1.0, 1.0, 2.0)])
    assert measured["ovarian_lesion_long_axis"] == pytest.approx(40)
    assert measured["ovarian_lesion_short_axis"] == pytest.approx(0.75 * 40, rel=0.1)
    assert scene.cyst.polygon()[:, 1].max() + 10 < scene.probe.depth_mm
    assert (scene.ovary.radii >= scene.cyst.radii * 1.12 + 3.5 - 1e-9).all()


def test_cyst_is_darker_than_the_ovary_and_a_septum_brightens_it() -> None:
    grey = []
    for septum in (0, 1):
        phantom = make_phantom("ovary", 3, frames=1, long_axis_mm=35, septum=septum, gain_db=0, noise_db=-60)
        mask = phantom.masks["ovarian_lesion"][0]
        grey.append(phantom.frames[0][mask].mean())
        assert grey[-1] < phantom.frames[0][phantom.screen.sector & ~mask].mean()
    assert grey[1] > grey[0] + 2
