"""The robot in a box: exact geometry of the cut, an arm with limits, a controller that arrives over the stream."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lingyin.runtime import Network
from lingyin.serve.stream.perceive import Perception
from lingyin.serve.stream.robot.controller import ORGAN, STRUCTURE, Controller
from lingyin.serve.stream.robot.probe import REACH_X_MM, Arm
from lingyin.serve.stream.robot.trial import run_trial
from lingyin.serve.stream.robot.volume import Cut, Pose, Vessel, Volume
from tests.serve.stream.conftest import Serve

STRAIGHT = Vessel(20.0, 25.0, 10.0, 20.0, 40.0, 0.0, 0.0)


class Ideal:
    """A stream that sees the vessel exactly wherever it lies within 50 mm of the middle."""

    def __init__(self, arm: Arm, blind: bool = False) -> None:
        self.arm, self.blind = arm, blind

    def look(self) -> dict[str, Any]:
        cut = self.arm.volume.vessel.cut(self.arm.pose)
        seen = abs(cut.sideways_mm) < 50 and not self.blind
        target = {
            "structure": STRUCTURE,
            "certainty": 0.95,
            "offset_mm": [cut.sideways_mm, 0.0],
            "sideways_mm": cut.diameter_mm * cut.wider,
            "deep_mm": cut.diameter_mm * cut.deeper,
            "narrowest_mm": cut.diameter_mm,
            "cut": abs(cut.sideways_mm) > 45,
        }
        return {
            "organ": {"code": ORGAN if seen else None},
            "now": {"contradicts": False},
            "target": target if seen else None,
        }


def test_a_plain_cut_shows_the_vessel_as_it_is() -> None:
    cut = STRAIGHT.cut(Pose(12.0, 10.0))
    assert cut == Cut(pytest.approx(-12.0), pytest.approx(57.5), pytest.approx(45.0), 1.0, 1.0)  # type: ignore[arg-type]


def test_a_slanted_cut_is_stretched_and_lies_along_the_body() -> None:
    turned = STRAIGHT.cut(Pose(20.0, 0.0, yaw=0.3))
    assert turned.sideways_mm == pytest.approx(-20.0 / np.cos(0.3))
    assert turned.wider == pytest.approx(1 / np.cos(0.3))
    tilted = STRAIGHT.cut(Pose(0.0, 0.0, tilt=0.2))
    along = tilted.deep_mm * np.sin(0.2)
    assert tilted.diameter_mm == pytest.approx(STRAIGHT.diameter_at(along), abs=0.1)
    assert tilted.deeper == pytest.approx(1 / np.cos(0.2))


def test_a_volume_is_the_same_again_and_its_vessel_where_the_truth_says(volume: Volume) -> None:
    again = Volume(0)
    assert again.vessel == volume.vessel
    fresh = again.picture(Pose(15.0, 0.0))
    assert (Volume(0).picture(Pose(15.0, 0.0)) == fresh).all()
    cut = volume.vessel.cut(Pose(15.0, 0.0))
    column, row = volume.screen.to_pixels(np.array([[cut.sideways_mm, cut.deep_mm]]))[0]
    inside = fresh[round(row) - 4 : round(row) + 5, round(column) - 4 : round(column) + 5]
    assert inside.mean() < 0.4 * fresh[volume.screen.sector].mean()  # blood is dark


def test_the_arm_stops_at_its_reach_and_ends_a_little_off(volume: Volume) -> None:
    arm = Arm(volume, Pose(0.0, 0.0), np.random.default_rng(0))
    assert arm.move(x_mm=30.0)
    assert 0 < abs(arm.pose.x_mm - 30.0) < 2.0
    assert arm.pose.z_mm == 0.0
    assert not arm.move(x_mm=500.0)
    assert arm.pose.x_mm == REACH_X_MM


@pytest.mark.parametrize("seed", range(8))
def test_with_ideal_sight_the_controller_always_arrives(seed: int) -> None:
    volume = Volume(0)
    volume.vessel = Vessel.draw(np.random.default_rng(seed))
    arm = Arm.at_random(volume, np.random.default_rng(seed))
    outcome = Controller(arm, Ideal(arm).look).run()
    assert outcome.stages == ["find", "square", "sweep", "measure"]
    assert outcome.centred
    assert abs(volume.offset_mm(arm.pose)) < 2.0
    assert outcome.diameter_mm == pytest.approx(volume.vessel.greatest_mm, abs=2.5)


def test_it_searches_where_nothing_is_seen(volume: Volume) -> None:
    arm = Arm(volume, Pose(85.0, 0.0), np.random.default_rng(0))
    assert Controller(arm, Ideal(arm).look).run().centred


def test_it_gives_up_where_there_is_nothing(volume: Volume) -> None:
    arm = Arm(volume, Pose(0.0, 0.0), np.random.default_rng(0))
    outcome = Controller(arm, Ideal(arm, blind=True).look).run()
    assert not outcome.found
    assert outcome.diameter_mm is None
    assert outcome.stages == ["find"]


def test_a_false_target_does_not_hold_it(volume: Volume) -> None:
    """Something like an aorta shows once, beside the vessel, and is gone when the probe gets there."""
    arm = Arm(volume, Pose(70.0, 0.0), np.random.default_rng(0))
    ideal = Ideal(arm)
    shown = 0

    def look() -> dict[str, Any]:
        nonlocal shown
        reading = ideal.look()
        if reading["target"] is None and shown < 3:
            shown += 1
            false = Ideal(Arm(volume, replace(arm.pose, x_mm=-20.0), np.random.default_rng(0)))
            return false.look()
        return reading

    assert Controller(arm, look).run().centred


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 3])
def test_over_the_stream_it_finds_centres_and_measures(serve: Serve, network: Network, seed: int) -> None:
    trial = run_trial(seed, "127.0.0.1", serve(Perception(network)).port)
    assert trial.centred
    assert trial.error_mm is not None
    assert abs(trial.error_mm) < 4.0
