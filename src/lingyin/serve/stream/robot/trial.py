"""One trial of the robot: a volume and a start drawn from a seed, a run of the controller over the stream, the truth
beside what it found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lingyin.serve.stream.robot.controller import Controller, Outcome, Reading
from lingyin.serve.stream.robot.link import Link
from lingyin.serve.stream.robot.probe import Arm
from lingyin.serve.stream.robot.volume import Pose, Volume

Watch = Callable[[Arm, Reading], None]


@dataclass(frozen=True)
class Trial:
    """What came of one start. Lengths in mm; `true_offset_mm` is where the vessel really lies in the last picture."""

    seed: int
    start: Pose
    end: Pose
    outcome: Outcome
    true_offset_mm: float
    true_greatest_mm: float
    moves: int
    looks: int

    @property
    def centred(self) -> bool:
        """Whether the run ended with the vessel really within 2 mm of the middle."""
        return self.outcome.diameter_mm is not None and abs(self.true_offset_mm) <= 2.0

    @property
    def error_mm(self) -> float | None:
        """Greatest diameter measured less the true one."""
        found = self.outcome.diameter_mm
        return None if found is None else found - self.true_greatest_mm


def run_trial(seed: int, host: str, port: int, watch: Watch | None = None) -> Trial:
    """Runs one trial over the stream server at `host:port`; `watch` is told the arm and each reading.

    Raises:
        OSError, WireError: the server cannot be reached or hangs up.
    """
    volume = Volume(seed)
    arm = Arm.at_random(volume, np.random.default_rng([seed, 4]))
    start = arm.pose
    link = Link(host, port)

    def look() -> Reading:
        reading = link.look(*arm.picture())
        if watch is not None:
            watch(arm, reading)
        return reading

    try:
        outcome = Controller(arm, look).run()
    finally:
        link.close()
    return Trial(
        seed=seed,
        start=start,
        end=arm.pose,
        outcome=outcome,
        true_offset_mm=volume.offset_mm(arm.pose),
        true_greatest_mm=volume.vessel.greatest_mm,
        moves=arm.moves,
        looks=link.looks,
    )
