"""The canvas: soft edges are half painted at the outline, interfaces shine where they face the beam."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.io.phantom.canvas import BLOOD, FLUID_GAIN, Canvas, spread_sideways
from lingyin.io.phantom.probe import make_probe
from lingyin.io.phantom.shapes import ellipse


@pytest.fixture
def canvas() -> Canvas:
    probe = make_probe("linear", 40.0, 0.5)
    x, z = probe.grid()
    return Canvas(probe, x, z, np.full_like(x, -30), np.zeros_like(x))


def test_fill_paints_inside_half_at_the_edge_and_nothing_outside(canvas: Canvas) -> None:
    distance = canvas.z - np.float32(20)
    canvas.fill(distance, -50.0, 2.0, soft_mm=4.0)
    assert canvas.echo[canvas.z < 18] == pytest.approx(-50)
    assert canvas.loss[canvas.z < 18] == pytest.approx(2)
    assert canvas.echo[canvas.z > 22] == pytest.approx(-30)
    assert not canvas.loss[canvas.z > 22.001].any()
    ramp = (canvas.z > 18) & (canvas.z < 22)
    assert canvas.echo[ramp] == pytest.approx(-40 + 5 * distance[ramp], abs=1e-3)


def test_add_raises_by_the_weight(canvas: Canvas) -> None:
    weight = (canvas.x > 0).astype(np.float32) / 2
    canvas.add(weight, 6.0)
    assert np.unique(canvas.echo).tolist() == [-30, -27]


def test_interface_across_the_beam_is_bright_and_along_it_faint(canvas: Canvas) -> None:
    canvas.line(canvas.z - np.float32(20), -20.0, 0.5, scatter=0.2)
    assert canvas.specular.max(axis=0) == pytest.approx(0.1, rel=0.03)
    assert not canvas.specular[np.abs(canvas.z - 20) > 2].any()
    upright = Canvas(canvas.probe, canvas.x, canvas.z, canvas.echo, canvas.loss)
    upright.line(canvas.x.copy(), -20.0, 0.5, scatter=0.2)
    assert upright.specular.max() == pytest.approx(0.2 * 0.1, rel=0.1)


def test_interfaces_do_not_add_up_and_those_out_of_sight_do_nothing(canvas: Canvas) -> None:
    canvas.line(canvas.z - np.float32(20), -20.0, 0.5)
    once = canvas.specular.copy()
    canvas.line(canvas.z - np.float32(20), -20.0, 0.5)
    canvas.line(canvas.z + np.float32(50), 0.0, 0.5)
    assert np.array_equal(canvas.specular, once)


def test_vessel_is_blood_within_a_wall_of_its_thickness(canvas: Canvas) -> None:
    star = ellipse(0, 20, 8, 8)
    canvas.vessel(star, 2.0, -15.0, BLOOD)
    radius = np.hypot(canvas.x, canvas.z - 20)
    assert canvas.echo[radius < 5.5] == pytest.approx(BLOOD)
    assert canvas.loss[radius < 5.5] == pytest.approx(FLUID_GAIN / 3)
    assert canvas.echo[(radius > 6.4) & (radius < 7.7)] == pytest.approx(-15)
    assert canvas.echo[radius > 8.3] == pytest.approx(-30)
    assert radius[canvas.specular > 0.9 * canvas.specular.max()] == pytest.approx(6, abs=0.25)


def test_side_lobes_spread_over_an_odd_number_of_beams() -> None:
    picture = np.zeros((21, 41), np.float32)
    picture[10, 20] = 1
    spread = spread_sideways(picture, 8.7)
    assert np.flatnonzero(spread.any(axis=0)).tolist() == list(range(16, 25))
    assert np.flatnonzero(spread.any(axis=1)).tolist() == [9, 10, 11]
    assert spread.sum() == pytest.approx(1)
