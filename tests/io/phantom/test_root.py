"""The aortic root: three sinuses, leading edge to leading edge, and a near wall that belongs to the section."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.io.phantom.parameters import settle
from lingyin.io.phantom.root import AorticRoot
from lingyin.io.phantom.scene import Moment, narrowest
from lingyin.io.phantom.shapes import area_of

STRUCTURE = "aortic_root_lumen"


def root(seed: int, **settings: object) -> AorticRoot:
    return AorticRoot(settle("aortic-root", seed, settings), np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(4))
def test_three_sinuses_bulge(seed: int) -> None:
    waves = np.abs(np.fft.rfft(root(seed).leading.radii))
    assert int(waves[1:20].argmax()) + 1 == 3
    assert 2 * waves[3] / waves[0] + 0.006 >= 0.012
    assert 2 * waves[3] / waves[0] <= 0.035 + 0.006


def test_the_wall_is_shared_out_between_near_and_far_edge() -> None:
    scene = root(1, wall_mm=2)
    assert scene.near_wall + scene.far_wall == pytest.approx(2)
    assert scene.near_wall[270] == pytest.approx(2)  # towards the probe
    assert scene.near_wall[:181] == pytest.approx(0)


def test_diameter_is_the_largest_of_the_cine_and_drift_changes_nothing() -> None:
    scene = root(2, diameter_mm=36, pulsation_mm=2)
    pulses = [Moment(0, 0.0, 0.0, 0.0), Moment(1, 0.5, 3.0, -1.0), Moment(2, 1.0, -2.0, 4.0)]
    widths = [narrowest(scene.outlines(moment)[STRUCTURE]) for moment in pulses]
    assert widths == pytest.approx([34, 35, 36])
    assert scene.measure(pulses) == {"aortic_root_diameter": pytest.approx(36)}
    areas = [area_of(scene.outlines(moment)[STRUCTURE]) for moment in pulses]
    assert areas[0] / areas[2] == pytest.approx((34 / 36) ** 2)
