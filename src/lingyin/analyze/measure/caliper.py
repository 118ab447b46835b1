"""Lengths of outlines: ellipse, widest chord and its perpendicular, thickness along an axis. Pure geometry, all in mm.

Points are `(N, 2)` float arrays of (x, y). Callers bring pixels to mm first (x and y may have different spacings), so
that angles and perpendiculars are those of the body and not of the screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]  # (N, 2)


class Line(NamedTuple):
    """A caliper: its two ends and the distance between them."""

    start: Points  # (2,)
    end: Points  # (2,)

    @property
    def length(self) -> float:
        return float(np.hypot(*(self.end - self.start)))


@dataclass(frozen=True, slots=True)
class Ellipse:
    """Centre, semi-axes `long >= short`, and direction of the long axis as a unit vector."""

    centre: Points
    long: float
    short: float
    direction: Points

    @property
    def circumference(self) -> float:
        """Ramanujan's second approximation (1914); its error is below 1e-5 for a ratio of axes under 2."""
        h = ((self.long - self.short) / (self.long + self.short)) ** 2
        return float(np.pi * (self.long + self.short) * (1 + 3 * h / (10 + np.sqrt(4 - 3 * h))))

    @property
    def long_axis(self) -> Line:
        return Line(self.centre - self.long * self.direction, self.centre + self.long * self.direction)

    @property
    def short_axis(self) -> Line:
        across = np.array([-self.direction[1], self.direction[0]])
        return Line(self.centre - self.short * across, self.centre + self.short * across)

    def polygon(self, count: int = 72) -> Points:
        """`count` points on the ellipse, for drawing."""
        angle = np.linspace(0.0, 2 * np.pi, count, endpoint=False)
        across = np.array([-self.direction[1], self.direction[0]])
        return np.asarray(
            self.centre
            + self.long * np.cos(angle)[:, None] * self.direction
            + self.short * np.sin(angle)[:, None] * across
        )


def fit_ellipse(points: Points) -> Ellipse | None:
    """Direct least-squares ellipse (Fitzgibbon, Pilu and Fisher 1999) through an outline; None for fewer than 6 points.

    The outline is resampled evenly first, so that stretches with many vertices do not pull.
    """
    if len(points) < 6:
        return None
    even = resample(points, 128)
    middle = even.mean(axis=0)  # the fit works in single precision; centring keeps its digits
    (x, y), (width, height), degrees = cv2.fitEllipseDirect((even - middle).astype(np.float32))
    if not (width > 0 and height > 0 and np.isfinite([x, y, width, height]).all()):
        return None
    angle = np.deg2rad(degrees if width >= height else degrees + 90.0)
    direction = np.array([np.cos(angle), np.sin(angle)])
    return Ellipse(np.array([x, y]) + middle, max(width, height) / 2, min(width, height) / 2, direction)


def resample(points: Points, count: int) -> Points:
    """`count` points at even distances along a closed outline."""
    closed = np.vstack([points, points[:1]])
    steps = np.hypot(*np.diff(closed, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.linspace(0.0, along[-1], count, endpoint=False)
    return np.stack([np.interp(at, along, closed[:, axis]) for axis in (0, 1)], axis=1)


def area(points: Points) -> float:
    """Area inside a closed outline (shoelace formula)."""
    x, y = points[:, 0], points[:, 1]
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def longest_chord(points: Points) -> Line:
    """The two outline points furthest apart (maximum Feret diameter)."""
    hull = cv2.convexHull((points - points[0]).astype(np.float32))[:, 0].astype(np.float64) + points[0]
    between = hull[:, None] - hull[None]
    first, second = np.unravel_index(int(np.hypot(between[..., 0], between[..., 1]).argmax()), (len(hull), len(hull)))
    return Line(hull[first], hull[second])


def widest_across(points: Points, along: Line, stations: int = 96) -> Line | None:
    """The longest chord at right angles to `along`: the second caliper of a two-axis measurement."""
    widths = chords(points, along, stations)
    return max(widths, key=lambda line: line.length, default=None)


def chords(points: Points, along: Line, stations: int = 64, margin: float = 0.0) -> list[Line]:
    """Chords of the outline at right angles to `along`, at even stations between its ends (less `margin`, a share of
    it).

    Each chord spans the outermost crossings at its station; stations that the outline does not cross are left out.
    """
    length = along.length
    if length <= 0:
        return []
    direction = (along.end - along.start) / length
    across = np.array([-direction[1], direction[0]])
    forward = (points - along.start) @ direction  # (N,)
    sideways = (points - along.start) @ across
    after_forward, after_sideways = np.roll(forward, -1), np.roll(sideways, -1)
    inset = (margin + 0.5 / stations) * length
    found = []
    for station in np.linspace(inset, length - inset, stations):
        crosses = (forward > station) != (after_forward > station)
        if not crosses.any():
            continue
        share = (station - forward[crosses]) / (after_forward[crosses] - forward[crosses])
        heights = sideways[crosses] + share * (after_sideways[crosses] - sideways[crosses])
        foot = along.start + station * direction
        found.append(Line(foot + heights.min() * across, foot + heights.max() * across))
    return found


def principal_axis(points: Points) -> Line:
    """The axis of greatest spread of the area inside an outline, from end to end of the outline."""
    even = resample(points, 256)
    centre = even.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov((even - centre).T))
    direction = vectors[:, 1]
    reach = (even - centre) @ direction
    return Line(centre + reach.min() * direction, centre + reach.max() * direction)
