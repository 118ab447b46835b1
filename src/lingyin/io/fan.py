"""Fits a fan to the part of a picture that shows tissue: outline and grey levels in, a fan mask out.

The apex is searched along the straight side that is seen, so a side in shadow is mirrored from the other one. Where
the mirrored side lies outside the tissue and a straight edge of the tissue's own is seen, that edge stands instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]  # (H, W)
Floats = NDArray[np.float64]

_SLOPES = np.tan(np.radians(np.arange(4.0, 80.0, 0.75)))
_TOUCH = 2.0  # pixels: outline pixels this close to an edge of the fan touch it
_SLACK = 8.0  # pixels: outline pixels this close belong to the edge, and the edge is sought this far
_WANDER = 0.5  # grey levels of contrast that moving an edge by one pixel must gain
_OWN_SIDE = 0.5  # share of the rows that a straight edge must touch to stand instead of the mirrored side
_MISSED_SIDE = 0.2  # share of the rows that may touch the mirrored side all the same
_CUT_SIDE = 0.2  # share of the rows that end at one place where a vertical edge cuts the fan


@dataclass(frozen=True)
class Fan:
    """Apex in pixels, slope of the sides against the vertical, radii of the two arcs, inward shift of each side.

    `left_edge`, `right_edge`: offset and slope of the tissue's own straight side where the fan is narrower there,
    `away = offset + slope * y` with `away` being x to the right and -x to the left. `score` is the share of the
    outline that the fan touches, less twice the share that lies outside it.
    """

    apex_x: float
    apex_y: float
    slope: float
    inner: float
    outer: float
    score: float
    left: float = 0.0
    right: float = 0.0
    left_edge: tuple[float, float] | None = None
    right_edge: tuple[float, float] | None = None

    @property
    def secant(self) -> float:
        return float(np.hypot(1.0, self.slope))


@dataclass(frozen=True)
class Outline:
    """Outermost pixels (N, 2) as (x, y): upper and lower end of columns, left and right end of rows."""

    above: Floats
    below: Floats
    first: Floats
    last: Floats


def fit_fan(part: Grey) -> Fan | None:
    """The fan that touches most of the outline of the non-zero pixels; None where no side is straight enough."""
    outline = outline_of(part)
    best: Fan | None = None
    for mirror, edge in ((1.0, outline.last), (-1.0, outline.first * (-1.0, 1.0))):
        for slope, offset in _lines(edge):
            fan = _best_apex(mirror, slope, offset, outline)
            if best is None or fan.score > best.score:
                best = fan
    if best is None:
        return None
    fan = _centred(best, outline)
    return replace(fan, left_edge=_own_side(fan, -1.0, outline.first), right_edge=_own_side(fan, 1.0, outline.last))


def draw_fan(fan: Fan, grey: Grey, part: Grey) -> Grey:
    """The fan as a 0/255 picture, its edges moved to the nearby steepest rise of grey, cut where the part is cut."""
    fan = _sharpened(fan, grey)
    y, x = np.mgrid[: part.shape[0], : part.shape[1]].astype(np.float32)
    beyond_own = np.zeros(part.shape, bool)
    for sign, side in ((-1.0, fan.left_edge), (1.0, fan.right_edge)):
        if side is not None:
            beyond_own |= sign * x > side[0] + side[1] * y + 1.0
    x -= fan.apex_x
    y -= fan.apex_y
    radius = np.hypot(x, y)
    reach = fan.slope * y
    mask = (-x <= reach - fan.left * fan.secant) & (x <= reach - fan.right * fan.secant)
    mask &= (radius >= fan.inner) & (radius <= fan.outer) & (y > 0) & ~beyond_own
    drawn: Grey = (mask * 255).astype(np.uint8)
    _cut_straight(drawn, part)
    return drawn


def outline_of(part: Grey) -> Outline:
    inner = part > 0
    height, width = part.shape
    columns, rows = np.flatnonzero(inner.any(axis=0)), np.flatnonzero(inner.any(axis=1))
    top = np.argmax(inner[:, columns], axis=0)
    bottom = height - 1 - np.argmax(inner[::-1, columns], axis=0)
    left = np.argmax(inner[rows], axis=1)
    right = width - 1 - np.argmax(inner[rows, ::-1], axis=1)
    pairs = ((columns, top), (columns, bottom), (left, rows), (right, rows))
    return Outline(*(_thin(np.column_stack(pair).astype(np.float64)) for pair in pairs))


def _thin(edge: Floats) -> Floats:
    """About a hundred points of an edge: enough for a fit, and quick."""
    return edge[:: max(1, len(edge) // 100)]


def _lines(edge: Floats) -> list[tuple[float, float]]:
    """Up to three straight lines `x = offset + slope * y` (slope > 0) that most rows of the edge touch from inside."""
    residual = edge[None, :, 0] - _SLOPES[:, None] * edge[None, :, 1]
    offsets = np.quantile(residual, 0.97, axis=1)
    contact = (np.abs(residual - offsets[:, None]) <= 1.5).sum(axis=1)
    lines: list[tuple[float, float]] = []
    for _ in range(3):
        best = int(np.argmax(contact))
        if contact[best] < max(3, 0.12 * len(edge)):
            break
        near = np.abs(residual[best] - offsets[best]) <= 1.5
        slope, offset = np.polyfit(edge[near, 1], edge[near, 0], 1)
        if slope > 0.05:
            lines.append((float(slope), float(offset)))
        contact[max(0, best - 4) : best + 5] = 0
    return lines


def _best_apex(mirror: float, slope: float, offset: float, outline: Outline) -> Fan:
    """Slides the apex along one side, coarsely and then finely."""
    top = float(outline.above[:, 1].min())
    height = float(outline.below[:, 1].max()) - top
    best = Fan(0.0, 0.0, slope, 1.0, 2.0, -1.0)
    for start, stop, steps in ((-1.2, 0.02, 40), (-0.04, 0.04, 9)):
        centre = top if steps == 40 else best.apex_y
        apex_y = centre + height * np.linspace(start, stop, steps)
        fan = _best_of(mirror * (offset + slope * apex_y), apex_y, slope, outline)
        best = max(best, fan, key=lambda each: each.score)
    return best


def _best_of(apex_x: Floats, apex_y: Floats, slope: float, outline: Outline) -> Fan:
    """The best of several apexes (A,), by how far each outline point (N,) lies beyond that fan's sides and arcs."""
    points = np.concatenate([outline.above, outline.below, outline.first, outline.last])
    x, y = points[None, :, 0] - apex_x[:, None], points[None, :, 1] - apex_y[:, None]
    radius = np.hypot(x, y)
    count = len(outline.above)
    facing = np.abs(x[:, :count]) < 0.9 * slope * y[:, :count]
    inner = np.quantile(np.where(facing, radius[:, :count], radius.max()), 0.04, axis=1)
    outer = np.quantile(radius[:, count : count + len(outline.below)], 0.98, axis=1)
    beyond_side = (np.abs(x) - slope * y) / float(np.hypot(1.0, slope))
    beyond = np.maximum(np.maximum(inner[:, None] - radius, radius - outer[:, None]), beyond_side)
    score = (np.abs(beyond) <= _TOUCH).mean(axis=1) - 2.0 * (beyond > _TOUCH + 1).mean(axis=1)
    at = int(np.argmax(score))
    return Fan(float(apex_x[at]), float(apex_y[at]), slope, float(inner[at]), float(outer[at]), float(score[at]))


def _centred(fan: Fan, outline: Outline) -> Fan:
    """The fan with each edge moved to the middle of the outline pixels near it, instead of to the outermost ones."""
    first, last = outline.first, outline.last
    left = (fan.apex_x - fan.slope * (first[:, 1] - fan.apex_y) - first[:, 0]) / fan.secant
    right = (last[:, 0] - fan.apex_x - fan.slope * (last[:, 1] - fan.apex_y)) / fan.secant
    raised = _middle(np.concatenate([left, right])) * fan.secant / fan.slope
    apex_y = fan.apex_y - raised
    inner, outer = fan.inner + raised, fan.outer + raised
    inner += _middle(np.hypot(outline.above[:, 0] - fan.apex_x, outline.above[:, 1] - apex_y) - inner)
    outer += _middle(np.hypot(outline.below[:, 0] - fan.apex_x, outline.below[:, 1] - apex_y) - outer)
    return replace(fan, apex_y=apex_y, inner=inner, outer=outer)


def _own_side(fan: Fan, sign: float, edge: Floats) -> tuple[float, float] | None:
    """Offset and slope of a straight side that the tissue has inside the mirrored one; None where it has none."""
    away = edge * (sign, 1.0)
    mirrored = sign * fan.apex_x + fan.slope * (away[:, 1] - fan.apex_y)
    if (np.abs(away[:, 0] - mirrored) <= 3.0 * fan.secant).mean() >= _MISSED_SIDE:
        return None
    best, most = None, _OWN_SIDE
    for slope, offset in _lines(away):
        beyond = away[:, 0] - offset - slope * away[:, 1]
        touched = float((np.abs(beyond) <= _TOUCH).mean())
        if touched >= most and (beyond > _TOUCH + 1).mean() <= 0.05:
            best, most = (offset, slope), touched
    return best


def _middle(beyond: Floats) -> float:
    """Median of the distances that are small enough to belong to the edge; 0 where too few do."""
    near = beyond[np.abs(beyond) <= _SLACK]
    return float(np.median(near)) if near.size >= 5 else 0.0


def _sharpened(fan: Fan, grey: Grey) -> Fan:
    """Moves every edge by a few pixels to where the mean grey along it rises most steeply.

    The outline follows whatever was left around the tissue; the rise follows the tissue.
    """
    slack = int(_SLACK)
    middle = (fan.inner + fan.outer) / 2
    if fan.inner < 1 or fan.outer - fan.inner < 4 * slack:
        return fan
    half = float(np.arctan(fan.slope)) + slack / middle
    angle, radius = np.meshgrid(
        np.linspace(-half, half, int(2 * half * middle)), np.arange(fan.inner - slack, fan.outer + slack + 1)
    )
    x = (fan.apex_x + radius * np.sin(angle)).astype(np.float32)
    y = (fan.apex_y + radius * np.cos(angle)).astype(np.float32)
    polar = cv2.remap(grey, x, y, cv2.INTER_LINEAR).astype(np.float64)
    across = polar[slack:-slack].mean(axis=0)
    along = polar[:, slack:-slack].mean(axis=1)
    return replace(
        fan,
        left=_rise(across),
        right=_rise(across[::-1]),
        inner=fan.inner + _rise(along),
        outer=fan.outer - _rise(along[::-1]),
    )


def _rise(profile: Floats) -> float:
    """Shift inward, in pixels, to the steepest rise of a profile that runs from outside to inside."""
    slack = int(_SLACK)
    if len(profile) < 2 * slack + 2:
        return 0.0
    slope = np.convolve(profile[2:] - profile[:-2], (0.5, 0.5), "same")[: 2 * slack - 1]
    shift = np.arange(1, len(slope) + 1) - slack
    return float(shift[int(np.argmax(slope - _WANDER * np.abs(shift)))])


def _cut_straight(drawn: Grey, part: Grey) -> None:
    """Clears what lies past a vertical or horizontal edge that cuts the fan: many rows (columns) end at one place."""
    x, y, w, h = cv2.boundingRect(part)
    many: Callable[[Grey, int], int] = lambda strip, axis: int((strip > 0).any(axis=axis).sum())  # noqa: E731
    if many(part[:, x : x + 2], 1) > _CUT_SIDE * h:
        drawn[:, :x] = 0
    if many(part[:, x + w - 2 : x + w], 1) > _CUT_SIDE * h:
        drawn[:, x + w :] = 0
    if many(part[y + h - 2 : y + h], 0) > 0.3 * w:
        drawn[y + h :] = 0
