"""Probes: where each sample of each beam lies in the body, and where it lands on the screen.

The body's frame is in mm: x to the right of the image, z downwards from the middle of the probe's face.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lingyin.core.clip import Box, Mask
from lingyin.core.errors import UsageError

Field = NDArray[np.floating[Any]]  # float32 in the main; (samples, beams), or (H, W) on the screen

BEAMS = 176
SAMPLES = 400
PICTURE_WIDTH, PICTURE_HEIGHT = 440, 360  # most pixels that the sector takes
MARGIN_LEFT, MARGIN_TOP, MARGIN_RIGHT, MARGIN_BOTTOM = 44, 34, 52, 26


@dataclass(frozen=True)
class Probe:
    """A linear, convex or sector probe with the depth it is set to.

    `radius_mm` is the radius of the face (0 for linear); `half_width` is half the face in mm for linear probes, half
    the opening angle in radians for the others.
    """

    shape: str
    depth_mm: float
    radius_mm: float
    half_width: float

    @property
    def is_linear(self) -> bool:
        return self.shape == "linear"

    @property
    def sample_mm(self) -> float:
        return self.depth_mm / (SAMPLES - 1)

    @property
    def beam_mm(self) -> float:
        """Distance between beams at half depth, mm."""
        step = 2 * self.half_width / (BEAMS - 1)
        return step if self.is_linear else step * (self.radius_mm + self.depth_mm / 2)

    def grid(self) -> tuple[Field, Field]:
        """x and z (samples, beams) in mm of every sample."""
        across = np.linspace(-self.half_width, self.half_width, BEAMS, dtype=np.float32)
        along = np.linspace(0.0, self.depth_mm, SAMPLES, dtype=np.float32)
        if self.is_linear:
            x, z = np.meshgrid(across, along)
            return x, z
        angle, radius = np.meshgrid(across, along + np.float32(self.radius_mm))
        return radius * np.sin(angle), radius * np.cos(angle) - np.float32(self.radius_mm)

    def index_of(self, x: Field, z: Field) -> tuple[Field, Field]:
        """Fractional beam and sample of points in mm."""
        if self.is_linear:
            across, along = x, z
        else:
            below = z + np.float32(self.radius_mm)
            across, along = np.arctan2(x, below), np.hypot(x, below) - np.float32(self.radius_mm)
        beam = (across / self.half_width + 1) * ((BEAMS - 1) / 2)
        return beam.astype(np.float32), (along / self.sample_mm).astype(np.float32)

    @property
    def extent_mm(self) -> tuple[float, float, float]:
        """Half width, top and bottom of the sector in mm."""
        if self.is_linear:
            return self.half_width, 0.0, self.depth_mm
        widest = (self.radius_mm + self.depth_mm) * float(np.sin(self.half_width))
        return widest, self.radius_mm * (float(np.cos(self.half_width)) - 1.0), self.depth_mm


def make_probe(shape: str, depth_mm: float, footprint: float) -> Probe:
    """A probe of ordinary size. `footprint` from 0 to 1 runs from the narrowest to the widest of its kind.

    Raises:
        UsageError: unknown shape.
    """
    if shape == "linear":
        return Probe(shape, depth_mm, 0.0, min(19.0 + 8.0 * footprint, 1.2 * depth_mm))
    if shape == "convex":
        return Probe(shape, depth_mm, 40.0 + 20.0 * (1 - footprint), float(np.radians(28.0 + 9.0 * footprint)))
    if shape == "sector":
        return Probe(shape, depth_mm, 2.0, float(np.radians(36.0 + 9.0 * footprint)))
    if shape == "endocavity":
        return Probe(shape, depth_mm, 10.0 + 2.0 * footprint, float(np.radians(55.0 + 15.0 * footprint)))
    raise UsageError(f"probe {shape!r} is unknown; choose linear, convex, sector or endocavity")


@dataclass(frozen=True)
class Screen:
    """Where the sector lies on the screen: size, spacing, and for each pixel the beam and sample shown there."""

    width: int
    height: int
    mm_per_px_x: float
    mm_per_px_y: float
    origin_x: float  # pixel column of x = 0
    origin_y: float  # pixel row of z = 0
    beam: Field
    sample: Field
    sector: Mask
    box: Box

    def to_pixels(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, 2) mm to (N, 2) pixels (x, y), pixel centres at integers."""
        return points_mm / (self.mm_per_px_x, self.mm_per_px_y) + (self.origin_x, self.origin_y)


def make_screen(probe: Probe, pixel_aspect: float) -> Screen:
    """Lays the sector out on a screen with margins for the furniture. `pixel_aspect` is pixel height over width."""
    half, top, bottom = probe.extent_mm
    mm_x = max(2 * half / PICTURE_WIDTH, (bottom - top) / pixel_aspect / PICTURE_HEIGHT)
    mm_y = mm_x * pixel_aspect
    picture_w, picture_h = int(np.ceil(2 * half / mm_x)), int(np.ceil((bottom - top) / mm_y))
    width, height = MARGIN_LEFT + picture_w + MARGIN_RIGHT, MARGIN_TOP + picture_h + MARGIN_BOTTOM
    width, height = width + width % 2, height + height % 2
    origin_x, origin_y = MARGIN_LEFT + picture_w / 2, MARGIN_TOP - top / mm_y
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    beam, sample = probe.index_of((x - origin_x) * mm_x, (y - origin_y) * mm_y)
    sector = (beam >= 0) & (beam <= BEAMS - 1) & (sample >= 0) & (sample <= SAMPLES - 1)
    columns, rows = np.flatnonzero(sector.any(axis=0)), np.flatnonzero(sector.any(axis=1))
    box = Box(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
    return Screen(width, height, mm_x, mm_y, origin_x, origin_y, beam, sample, sector, box)
