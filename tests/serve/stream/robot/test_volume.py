"""The simulated abdomen: the cut is the true crossing of plane and vessel, and its outline follows the slant."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.serve.stream.robot.volume import Cut, Pose, Vessel, Volume

WINDING = Vessel(20.0, 25.0, 10.0, 20.0, 40.0, 6.0, 0.7)
ANGLE = float(np.radians(15.0))


@pytest.mark.parametrize("yaw", [-ANGLE, 0.0, ANGLE])
@pytest.mark.parametrize("tilt", [-ANGLE, ANGLE])
def test_the_centre_in_the_plane_lies_on_the_vessels_course(yaw: float, tilt: float) -> None:
    """Back from the picture into the body, by a rotation written out here, the centre is where the vessel is."""
    pose = Pose(15.0, -20.0, yaw, tilt)
    cut = WINDING.cut(pose)
    across = pose.x_mm + cut.sideways_mm * np.cos(yaw)
    along = pose.z_mm + cut.sideways_mm * np.sin(yaw) + cut.deep_mm * np.sin(tilt)
    assert (across, cut.deep_mm * np.cos(tilt)) == pytest.approx(WINDING.centre_at(along), abs=0.2)
    assert cut.diameter_mm == pytest.approx(WINDING.diameter_at(along))


def test_the_bulge_is_widest_at_its_place_and_grows_to_the_front() -> None:
    assert WINDING.diameter_at(10.0) == WINDING.greatest_mm
    widths = [WINDING.diameter_at(z) for z in (10.0, 20.0, 40.0, 80.0)]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == pytest.approx(20.0, abs=0.1)

    def front(z: float) -> float:
        return WINDING.centre_at(z)[1] - WINDING.diameter_at(z) / 2

    def back(z: float) -> float:
        return WINDING.centre_at(z)[1] + WINDING.diameter_at(z) / 2

    assert back(10.0) > back(80.0)
    assert front(10.0) < front(80.0)


def test_drawn_vessels_are_of_the_promised_sizes() -> None:
    drawn = [Vessel.draw(np.random.default_rng(seed)) for seed in range(200)]
    assert all(28.0 <= each.greatest_mm <= 55.0 for each in drawn)
    assert all(each.bulge_mm > 0 for each in drawn)
    assert max(each.greatest_mm for each in drawn) - min(each.greatest_mm for each in drawn) > 20


def test_the_outline_is_stretched_by_the_slant_around_the_centre() -> None:
    volume = Volume(3)
    section = volume._section(Cut(0.0, 60.0, 40.0, 1.2, 1.1))
    angles = np.linspace(0, 2 * np.pi, len(section.outline.radii), endpoint=False)
    points = section.outline.radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert np.ptp(points, axis=0) == pytest.approx((48.0, 44.0), rel=0.05)
    assert section.centre_z == 60.0
    assert 0 < section.wall_mm <= 4.0


def test_a_normal_vessel_has_no_thrombus_and_keeps_its_whole_lumen() -> None:
    volume = Volume(0)
    volume._values["thrombus"] = 0.5
    normal, wide = (volume._section(Cut(0.0, 60.0, size, 1.0, 1.0)) for size in (20.0, 50.0))
    assert not normal.has_thrombus
    assert normal.lumen_radius == pytest.approx(10.0 - normal.wall_mm)
    assert wide.has_thrombus
    assert wide.lumen_radius == pytest.approx(0.5 * (25.0 - wide.wall_mm))
    assert np.hypot(*wide.lumen_shift) + wide.lumen_radius < 25.0 - wide.wall_mm


def test_kept_tissue_is_bounded_and_shared_by_cuts_of_the_same_mm(monkeypatch: pytest.MonkeyPatch) -> None:
    volume = Volume(0)
    first = volume._rest(Cut(0.0, 60.2, 30.4, 1.0, 1.0))
    assert volume._rest(Cut(9.0, 59.8, 29.6, 1.1, 1.1)) is first
    monkeypatch.setattr("lingyin.serve.stream.robot.volume.MOST_KEPT", 2)
    for deep in (61.0, 62.0):
        volume._rest(Cut(0.0, deep, 30.0, 1.0, 1.0))
    assert list(volume._resting) == [(61, 30), (62, 30)]
