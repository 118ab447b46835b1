"""Numbers and points read from outlines: ellipse ends, head circumference, thickness of a band, change of an area."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.bench.metrics import Floats
from lingyin.runtime.decode import largest_component, outline

Points = NDArray[np.float64]
ENDS = 4  # two of the long axis, two of the short one
LEAST_CORNERS = 5  # that fix an ellipse
EDGE_SHARE = 0.05  # of a band's length at either end, where its border turns
LEAST_BAND_PX = 8


def fit_ellipse(probability: Floats) -> tuple[Points, NDArray[np.float64]] | None:
    """Ends `(4, 2)` of the axes (long, long, short, short) as x, y pixel centres, and the axes' lengths `(2,)` in
    pixels, of the ellipse through the largest outline; None where there is none."""
    rings = outline(largest_component(probability))
    if not rings or len(rings[0]) < LEAST_CORNERS:
        return None
    centre, size, degrees = cv2.fitEllipse(np.asarray(rings[0], np.float32))
    angle = np.deg2rad(degrees)
    directions = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    order = np.argsort(-np.asarray(size), kind="stable")
    ends = [np.asarray(centre) + sign * directions[i] * size[i] / 2 for i in order for sign in (-1, 1)]
    return np.array(ends), np.asarray(size, np.float64)[order]


def ellipse_circumference(probability: Floats) -> float:
    """Circumference in pixels of the fitted ellipse (Ramanujan 1914); NaN where there is none."""
    fitted = fit_ellipse(probability)
    if fitted is None:
        return float("nan")
    a, b = fitted[1] / 2
    h = ((a - b) / (a + b)) ** 2
    return float(np.pi * (a + b) * (1 + 3 * h / (10 + np.sqrt(4 - 3 * h))))


def ellipse_errors(found: Points | None, truth: Points, absent: float) -> NDArray[np.float64]:
    """Distances `(4,)` in pixels between ends of the axes. Either end of an axis may be named first: the nearer naming
    counts. `absent` stands where no ellipse was found."""
    if found is None:
        return np.full(ENDS, absent)
    errors = []
    for axis in (slice(0, 2), slice(2, 4)):
        same = np.linalg.norm(found[axis] - truth[axis], axis=1)
        swapped = np.linalg.norm(found[axis][::-1] - truth[axis], axis=1)
        errors.append(min((same, swapped), key=lambda each: float(each.sum())))
    return np.concatenate(errors)


def band_thickness(mask: NDArray[np.bool_]) -> float:
    """Mean thickness in pixels of the largest band, at right angles to its course, without its ends; NaN if none.

    The band is turned flat along its principal axis; each column's height is its thickness there, corrected for the
    local slope of the band's middle line.
    """
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count < 2:
        return float("nan")
    part = labels == 1 + int(np.argmax(statistics[1:, cv2.CC_STAT_AREA]))
    columns = np.flatnonzero(part.any(axis=0))
    if len(columns) < LEAST_BAND_PX:
        return float("nan")
    inner = columns[int(len(columns) * EDGE_SHARE) : len(columns) - int(len(columns) * EDGE_SHARE)]
    heights = part[:, inner].sum(axis=0).astype(np.float64)
    rows = np.arange(part.shape[0])[:, None]
    middle = (part[:, inner] * rows).sum(axis=0) / heights
    slope = np.gradient(_smoothed(middle)) if len(inner) > 2 else np.zeros(len(inner))
    return float((heights * np.cos(np.arctan(slope))).mean())


def _smoothed(values: NDArray[np.float64], width: int = 9) -> NDArray[np.float64]:
    padded = np.pad(values, width // 2, mode="edge")
    return np.convolve(padded, np.full(width, 1 / width), mode="valid")


def area_change(end_diastole: float, end_systole: float) -> float:
    """Fractional area change in per cent of the area at end diastole; NaN where that is 0."""
    return 100 * (end_diastole - end_systole) / end_diastole if end_diastole > 0 else float("nan")
