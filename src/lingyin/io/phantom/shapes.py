"""Exact shapes in mm: closed outlines and courses, their signed distances, and their masks on a pixel grid."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.core.clip import Mask
from lingyin.io.phantom.probe import Field

Points = NDArray[np.float64]  # (N, 2) as (x, z) in mm, or (x, y) in pixels
ANGLES = 360


@dataclass(frozen=True)
class Star:
    """A closed outline seen whole from its centre: `radii (360,)` mm, one a degree, from +x towards +z."""

    x: float
    z: float
    radii: NDArray[np.float64]

    def polygon(self) -> Points:
        """The outline (360, 2) in mm."""
        angle = np.radians(np.arange(ANGLES))
        return np.column_stack([self.x + self.radii * np.cos(angle), self.z + self.radii * np.sin(angle)])

    def distance(self, x: Field, z: Field) -> Field:
        """Signed distance in mm, first order at the outline: negative inside."""
        dx, dz = x - np.float32(self.x), z - np.float32(self.z)
        radius, angle = cv2.cartToPolar(dx, dz, angleInDegrees=True)
        slope = (np.roll(self.radii, -1) - np.roll(self.radii, 1)) / (2 * np.radians(1.0))
        tilt = self.radii / np.hypot(self.radii, slope)
        table = np.stack([np.append(self.radii, self.radii[0]), np.append(tilt, tilt[0])]).astype(np.float32)
        whole = np.minimum(angle.astype(np.int32), ANGLES - 1)
        part = angle - whole
        outline = table[0][whole] * (1 - part) + table[0][whole + 1] * part
        distance: Field = (radius - outline) * table[1][whole]
        return distance

    def grown(self, by_mm: float) -> Star:
        """The outline moved outwards by `by_mm` along its normals, to first order."""
        slope = (np.roll(self.radii, -1) - np.roll(self.radii, 1)) / (2 * np.radians(1.0))
        tilt = self.radii / np.hypot(self.radii, slope)
        return Star(self.x, self.z, np.maximum(self.radii + by_mm / tilt, 0.05))

    def scaled(self, factor: float) -> Star:
        return Star(self.x, self.z, self.radii * factor)


def ellipse(x: float, z: float, half_width: float, half_height: float, turn_rad: float = 0.0) -> Star:
    """An ellipse with half axes along x and z, turned by `turn_rad` from +x towards +z."""
    angle = np.radians(np.arange(ANGLES)) - turn_rad
    radii = half_width * half_height / np.hypot(half_height * np.cos(angle), half_width * np.sin(angle))
    return Star(x, z, radii)


def wobble(rng: np.random.Generator, lowest: int, highest: int, fall: float = 1.0) -> NDArray[np.float64]:
    """A smooth random closed curve (360,) of mean 0 and unit greatest size, made of waves `lowest` to `highest`."""
    angle = np.radians(np.arange(ANGLES))
    wave = np.zeros(ANGLES)
    for order in range(lowest, highest + 1):
        wave += rng.normal() / order**fall * np.cos(order * angle + rng.uniform(0, 2 * np.pi))
    peak = float(np.abs(wave).max())
    return wave / peak if peak > 0 else wave


def fill_polygon(points: Points, height: int, width: int) -> Mask:
    """Pixels (height, width) whose centre lies inside the closed polygon (x, y), by the even-odd rule."""
    mask = np.zeros((height, width), bool)
    top = max(0, int(np.ceil(points[:, 1].min())))
    bottom = min(height - 1, int(np.floor(points[:, 1].max())))
    if bottom < top:
        return mask
    start, end = points, np.roll(points, -1, axis=0)
    rows = np.arange(top, bottom + 1)[:, None]
    crosses = (start[None, :, 1] <= rows) != (end[None, :, 1] <= rows)
    row, edge = np.nonzero(crosses)
    fraction = (rows[row, 0] - start[edge, 1]) / (end[edge, 1] - start[edge, 1])
    column = np.ceil(start[edge, 0] + fraction * (end[edge, 0] - start[edge, 0]))
    toggles = np.zeros((bottom - top + 1, width + 1), np.int32)
    np.add.at(toggles, (row, np.clip(column, 0, width).astype(int)), 1)
    mask[top : bottom + 1] = (np.cumsum(toggles, axis=1)[:, :width] % 2).astype(bool)
    return mask


def area_of(points: Points) -> float:
    """Area of a simple polygon (shoelace formula), in squared units of the points."""
    x, y = points[:, 0], points[:, 1]
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def extent(points: Points, direction: tuple[float, float]) -> float:
    """Size of the points along a unit direction: the caliper with parallel jaws across it."""
    along = points @ np.asarray(direction)
    return float(along.max() - along.min())
