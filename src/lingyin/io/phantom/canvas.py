"""The canvas that anatomy is painted on, in the probe's own grid: echo, attenuation and specular echo of a frame."""

from __future__ import annotations

import cv2
import numpy as np

from lingyin.io.phantom.probe import Field, Probe
from lingyin.io.phantom.shapes import Star

# Echo levels in dB below full white at neutral gain.
FLUID = -75.0
BLOOD = -62.0
DARK = -40.0
MUSCLE = -34.0
TISSUE = -29.0
FAT = -31.0
GLAND = -25.0
BRIGHT = -14.0

BONE_LOSS = 2.5  # dB per mm, both ways: a shadow within a centimetre
GAS_LOSS = 1.6
FLUID_GAIN = -0.12  # fluid attenuates less than the time gain expects: enhancement behind it


class Canvas:
    """Echo (dB), loss (dB/mm both ways) and specular amplitude, each (samples, beams), for one moment."""

    def __init__(self, probe: Probe, x: Field, z: Field, echo: Field, loss: Field) -> None:
        self.probe = probe
        self.x = x
        self.z = z
        self.echo = echo
        self.loss = loss
        self.specular = np.zeros_like(echo)

    def fill(self, distance: Field, echo: float | Field, loss: float = 0.0, soft_mm: float = 0.4) -> None:
        """Paints the inside (negative distance) with an echo level and a loss; the edge is `soft_mm` wide."""
        inside = np.clip(np.float32(0.5) - distance * np.float32(1.0 / soft_mm), 0, 1)
        self.echo += (echo - self.echo) * inside
        self.loss += (np.float32(loss) - self.loss) * inside

    def add(self, weight: Field, echo_db: float) -> None:
        """Raises (or lowers) the echo level by `echo_db` where weight is 1."""
        self.echo += weight * np.float32(echo_db)

    def line(self, distance: Field, echo_db: float, thick_mm: float, scatter: float = 0.15, power: float = 2.0) -> None:
        """A specular interface where distance is 0: bright across the beam, faint along it.

        `scatter` is what is left of it where the beam runs along it; `power` how sharply it falls off.
        """
        near = np.abs(distance) < np.float32(3 * thick_mm)
        if not near.any():
            return
        rows = np.flatnonzero(near.any(axis=1))
        part = slice(max(0, int(rows[0]) - 1), int(rows[-1]) + 2)
        cut = distance[part]
        if cut.shape[0] < 3:
            return
        along = np.abs(np.gradient(cut, axis=0)) * np.float32(1.0 / self.probe.sample_mm)
        facing = np.float32(scatter) + np.float32(1 - scatter) * np.clip(along, 0, 1) ** np.float32(power)
        peak = np.exp(-((cut * np.float32(1.0 / thick_mm)) ** 2)) * np.float32(10 ** (echo_db / 20))
        self.specular[part] = np.maximum(self.specular[part], peak * facing)

    def vessel(self, star: Star, wall_mm: float, wall_db: float, blood_db: float) -> None:
        """A round vessel: dark lumen within a bright wall of the given thickness, both inside the outline."""
        outer = star.distance(self.x, self.z)
        self.fill(outer, wall_db, soft_mm=0.3)
        self.fill(outer + np.float32(wall_mm), blood_db, FLUID_GAIN / 3, soft_mm=0.5)
        self.line(outer + np.float32(wall_mm), BRIGHT - 2, 0.5)


def spread_sideways(picture: Field, beams: float) -> Field:
    """Smears a picture across the beams: side lobes."""
    size = int(beams) | 1
    return np.asarray(cv2.blur(picture, (size, 3), borderType=cv2.BORDER_REFLECT), np.float32)
