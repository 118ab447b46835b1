"""The simulated arm: holds a pose within its reach, moves by what it is told, each move a little off, and takes
pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lingyin.serve.stream.robot.volume import HALF_LENGTH_MM, Pose, Volume

REACH_X_MM, REACH_ANGLE = 90.0, float(np.radians(30.0))
SLACK_MM, SLACK_ANGLE = 0.2, float(np.radians(0.3))  # standard deviation of where a move ends


class Arm:
    """Four degrees of freedom: across, along, yaw and tilt. The controller never learns the pose itself, only what it
    asked for since the start."""

    def __init__(self, volume: Volume, start: Pose, rng: np.random.Generator) -> None:
        self.volume, self.pose = volume, start
        self._rng = rng
        self.moves = 0

    @classmethod
    def at_random(cls, volume: Volume, rng: np.random.Generator) -> Arm:
        """Anywhere over the vessel's length, up to 60 mm beside the middle, turned and tilted by up to 15 degrees."""
        turn = np.radians(15.0)
        start = Pose(
            rng.uniform(-60.0, 60.0),
            rng.uniform(-HALF_LENGTH_MM, HALF_LENGTH_MM),
            rng.uniform(-turn, turn),
            rng.uniform(-turn, turn),
        )
        return cls(volume, start, rng)

    def move(self, x_mm: float = 0.0, z_mm: float = 0.0, yaw: float = 0.0, tilt: float = 0.0) -> bool:
        """Slides along the probe's face and the body and turns; False where it came to the end of its reach.

        `x_mm` runs along the face, as pictures show it: turned by yaw, a slide sideways also goes along the body.
        """
        self.moves += 1
        here, off = self.pose, self._rng.normal(0.0, 1.0, 4)
        slide = x_mm + SLACK_MM * off[0] * (x_mm != 0)
        along = z_mm + SLACK_MM * off[1] * (z_mm != 0)
        wanted = (
            here.x_mm + slide * float(np.cos(here.yaw)),
            here.z_mm + along + slide * float(np.sin(here.yaw)),
            here.yaw + yaw + SLACK_ANGLE * off[2] * (yaw != 0),
            here.tilt + tilt + SLACK_ANGLE * off[3] * (tilt != 0),
        )
        limits = (REACH_X_MM, HALF_LENGTH_MM, REACH_ANGLE, REACH_ANGLE)
        held = [float(np.clip(value, -limit, limit)) for value, limit in zip(wanted, limits, strict=True)]
        self.pose = Pose(*held)
        return all(abs(value - kept) < 1e-9 for value, kept in zip(wanted, held, strict=True))

    def picture(self) -> tuple[NDArray[np.uint8], tuple[float, float]]:
        """What the probe shows now, `(H, W)` grey, and mm per pixel."""
        screen = self.volume.screen
        return self.volume.picture(self.pose), (screen.mm_per_px_x, screen.mm_per_px_y)
