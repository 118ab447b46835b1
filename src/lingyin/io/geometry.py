"""Lengths and areas in millimetres on a clip, only where both ends lie in the same calibrated region (else None)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from lingyin.core.clip import Clip, Region

Point = tuple[float, float]  # (x, y) pixels of the stored frame
SAME_SCALE = 1e-6  # relative


def scale_at(clip: Clip, points: Sequence[Point]) -> tuple[float, float] | None:
    """(mm per pixel in x, in y) that holds for all points; None unless one calibrated region holds them all.

    Where regions overlap, each point belongs to the region of highest precedence (the first that holds it, see
    `Clip.regions`). A larger region around it may speak for it only if both have the same scale.
    """
    region = clip.region_at(*points) if points else None
    if region is None or not region.is_calibrated:
        return None
    owners = [clip.region_at(point) for point in points]
    if any(owner is None or not _same_scale(owner, region) for owner in owners):
        return None
    assert region.mm_per_px_x is not None
    assert region.mm_per_px_y is not None
    return region.mm_per_px_x, region.mm_per_px_y


def length_mm(clip: Clip, start: Point, end: Point) -> float | None:
    """Distance in mm with separate scales in x and y (PS3.3 C.8.5.5.1.15), None if it cannot be measured."""
    return polyline_length_mm(clip, [start, end])


def polyline_length_mm(clip: Clip, points: Sequence[Point], closed: bool = False) -> float | None:
    """Length of a line through points in mm; `closed` adds the way back to the first. None if uncalibrated."""
    scale = scale_at(clip, points)
    if scale is None:
        return None
    placed = np.asarray(points, np.float64) * scale
    if closed:
        placed = np.concatenate([placed, placed[:1]])
    return float(np.hypot(*np.diff(placed, axis=0).T).sum())


def area_mm2(clip: Clip, polygon: Sequence[Point]) -> float | None:
    """Area in mm2 of a simple polygon (shoelace formula); None if uncalibrated."""
    scale = scale_at(clip, polygon)
    if scale is None:
        return None
    x, y = (np.asarray(polygon, np.float64) * scale).T
    # about the first corner, so that far-off coordinates cost no digits
    x, y = x - x[0], y - y[0]
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def ellipse_perimeter(semi_axis_a: float, semi_axis_b: float) -> float:
    """Perimeter of an ellipse from its semi-axes, in their unit (Ramanujan 1914, second approximation).

    The relative error is below 4.1e-4 for any ellipse and 1e-9 for the flattening of a head.
    """
    a, b = abs(semi_axis_a), abs(semi_axis_b)
    if a + b == 0:
        return 0.0
    h = ((a - b) / (a + b)) ** 2
    return math.pi * (a + b) * (1 + 3 * h / (10 + math.sqrt(4 - 3 * h)))


def _same_scale(one: Region, other: Region) -> bool:
    pairs = ((one.mm_per_px_x, other.mm_per_px_x), (one.mm_per_px_y, other.mm_per_px_y))
    return all(a is not None and b is not None and math.isclose(a, b, rel_tol=SAME_SCALE) for a, b in pairs)
