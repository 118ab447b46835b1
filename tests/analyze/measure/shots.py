"""Shots with known shapes, for tests of the measurements."""

from __future__ import annotations

import numpy as np

from lingyin.analyze.measure.caliper import Ellipse, Points
from lingyin.analyze.measure.shot import Scale, Shot

CALIBRATED = Scale(0.25, 0.5, 1.0)  # mm per pixel differ in x and y on purpose
BARE = Scale(1.0, 1.0, 2.0, calibrated=False)


def ellipse_mm(long: float, short: float, angle: float = 0.0, centre: tuple[float, float] = (60.0, 70.0)) -> Points:
    """Outline of an ellipse with the given full axes, in mm."""
    direction = np.array([np.cos(angle), np.sin(angle)])
    return Ellipse(np.asarray(centre), long / 2, short / 2, direction).polygon(180)


def shot(frame: int, outline_mm: Points, scale: Scale = CALIBRATED, cut: bool = False, margin_mm: float = 0.2) -> Shot:
    """A shot whose 0.5 outline is the given one; the 0.3 and 0.7 outlines lie `margin_mm` outside and inside of it."""
    centre = outline_mm.mean(axis=0)
    outward = (outline_mm - centre) / np.hypot(*(outline_mm - centre).T)[:, None]
    outlines = {
        level: scale.to_px(outline_mm + step * margin_mm * outward) for level, step in ((0.3, 1), (0.5, 0), (0.7, -1))
    }
    return Shot(frame, frame / 25, 0.9, 0.8, outlines, scale, cut)


def band_mm(length: float, thickness: float, sag: float = 0.0, tilt: float = 0.0) -> Points:
    """Outline of a horizontal band of constant vertical thickness, bent by `sag` in the middle and tilted (radians)."""
    x = np.linspace(0, length, 120)
    middle = sag * np.sin(np.pi * x / length) + np.tan(tilt) * x
    half = thickness / 2 / np.cos(np.arctan(np.gradient(middle, x)))
    top, bottom = np.stack([x, middle - half], 1), np.stack([x, middle + half], 1)
    return np.vstack([top, bottom[::-1]]) + np.array([10.0, 40.0])
