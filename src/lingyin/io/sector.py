"""Finds the scan sector on the screen from pixels alone: frames in, its mask and box out.

Screen furniture (text, rulers, grey and colour bars, ECG strip, logos, window borders) lies outside the sector; dark
areas inside it belong to it. Works on whole screens and on tight crops, where the sector is the whole frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from lingyin.core.clip import Box, Frame, Mask
from lingyin.io.fan import Grey, draw_fan, fit_fan

_WORK_SIDE = 320  # pixels of the longer side that the search runs at; edges come out to about a pixel of it
_MOST_FRAMES = 8
_FLAT = 3  # grey levels within a 3x3 window that still count as flat, so that lossy compression does not matter
_BORDER = 4  # pixels: the outer ones may be a blend with the page around, where a picture was scaled down
_MOST_WINDOWS = 3  # nested windows (page, program, image area) that are peeled off
_LEAST_SHARE = 0.2  # of the fullest row or column, for the edge of a rectangle
_LEAST_SCORE = 0.1  # of a fan, see `Fan.score`


@dataclass(frozen=True)
class Sector:
    """The scan sector: `mask` (H, W) is True inside, `box` is its pixel box (half-open)."""

    mask: Mask
    box: Box


def find_sector(frames: Sequence[Frame]) -> Sector:
    """The sector that all frames share; several frames show more of its edge than one.

    Args:
        frames: one or more frames (H, W, 3) uint8 RGB, or (H, W) grey, of equal size.

    Returns:
        A filled sector. The whole frame where nothing is to be seen (black or uniform frames).

    Raises:
        ValueError: no frames were given.
    """
    if not len(frames):
        raise ValueError("find_sector needs at least one frame")
    height, width = frames[0].shape[:2]
    scale = min(1.0, _WORK_SIDE / max(height, width))
    small = _shared_picture(frames, scale)
    found = _find(small)
    if found.shape != (height, width):
        found = np.asarray(cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    mask = found > 127
    if not mask.any():
        mask = np.ones((height, width), bool)
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    box = Box(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
    return Sector(mask=mask, box=box)


def _shared_picture(frames: Sequence[Frame], scale: float) -> Grey:
    """Brightest grey of up to eight frames at working size: tissue moves and fills the sector, furniture stays."""
    step = max(1, -(-len(frames) // _MOST_FRAMES))
    brightest: Grey | None = None
    for frame in frames[::step]:
        grey = frame if frame.ndim == 2 else cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2GRAY)
        if scale < 1.0:
            grey = np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        brightest = np.asarray(grey if brightest is None else np.maximum(brightest, grey), np.uint8)
    assert brightest is not None
    return brightest


def _find(grey: Grey) -> Grey:
    """Sector of a small grey picture as a 0/255 picture of the same size."""
    top, left, bottom, right = 0, 0, *grey.shape
    whole = np.zeros_like(grey)
    seen = np.full_like(grey, 255)
    for _ in range(_MOST_WINDOWS):
        window = grey[top:bottom, left:right]
        part = _largest_part(_not_background(window))
        if part is None:
            break
        seen = np.zeros_like(grey)
        seen[top:bottom, left:right] = part
        x, y, w, h = cv2.boundingRect(part)
        inner = part[y : y + h, x : x + w]
        is_window = (inner > 0).mean() > 0.9 and (w, h) != (window.shape[1], window.shape[0])
        if not is_window or min(w, h) < 24:
            break
        top, left, bottom, right = top + y, left + x, top + y + h, left + x + w
    if not seen.any():
        return np.full_like(whole, 255)
    return _shape(grey, seen)


def _range3(grey: Grey) -> Grey:
    """Brightest minus darkest of each 3x3 window."""
    kernel = np.ones((3, 3), np.uint8)
    return np.asarray(cv2.dilate(grey, kernel) - cv2.erode(grey, kernel), np.uint8)


def _not_background(grey: Grey) -> Grey:
    """255 where a pixel does not belong to the flat levels that the border of the window is made of."""
    flat = _range3(grey) <= _FLAT
    border = np.zeros(grey.shape, bool)
    for side in (border, border.T):
        side[:_BORDER] = side[-_BORDER:] = True
    counts = np.convolve(np.bincount(grey[flat & border], minlength=256), np.ones(3), "same")
    levels = np.flatnonzero(counts > 0.12 * border.sum())
    table = np.full(256, 255, np.uint8)
    for level in levels:
        table[max(0, level - 2) : level + 3] = 0
    return np.asarray(cv2.LUT(grey, table), np.uint8)


def _largest_part(foreground: Grey) -> Grey | None:
    """The largest connected part, once thin strokes (text, rulers) are gone; None where nothing is left."""
    side = max(5, round(min(foreground.shape) * 0.02) | 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    wide = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * side + 1, 2 * side + 1))
    kept = cv2.morphologyEx(cv2.medianBlur(foreground, 3), cv2.MORPH_OPEN, disc)
    joined = cv2.morphologyEx(kept, cv2.MORPH_CLOSE, wide)
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(joined)
    if count < 2:
        return None
    largest = 1 + int(np.argmax(statistics[1:, cv2.CC_STAT_AREA]))
    part: Grey = np.where(labels == largest, kept, 0).astype(np.uint8)
    if cv2.countNonZero(part) < 0.01 * part.size:
        return None
    return part


def _without_rim(grey: Grey, part: Grey) -> Grey | None:
    """The part without the flat grey level that its rim is mostly made of: screen left around the tissue."""
    narrow, broad = (cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)) for side in (5, 15))
    solid = cv2.morphologyEx(part, cv2.MORPH_CLOSE, broad)
    rim = (cv2.erode(solid, narrow) > 0) & (cv2.erode(solid, broad) == 0)
    flat = _range3(grey) <= 2 * _FLAT
    counts = np.convolve(np.bincount(grey[rim & flat], minlength=256), np.ones(5), "same")
    level = int(np.argmax(counts))
    if counts[level] < 0.1 * rim.sum():
        return None
    near = cv2.inRange(grey, max(0, level - 4), min(255, level + 4))
    return _largest_part(np.where(near > 0, 0, part).astype(np.uint8))


def _shape(grey: Grey, part: Grey) -> Grey:
    """Rectangle, fan or, where neither explains the part, its convex hull."""
    left, top, width, height = _body(part)
    body = part[top : top + height, left : left + width]
    if cv2.countNonZero(_hull(body)) > 0.94 * body.size:
        filled = np.zeros_like(part)
        filled[top : top + height, left : left + width] = 255
        return _snap_to_frame(filled)
    fan = fit_fan(part)
    if fan is None or fan.score < 0.9:
        inner = _without_rim(grey, part)
        other = None if inner is None else fit_fan(inner)
        if inner is not None and other is not None and (fan is None or other.score > fan.score - 0.1):
            fan, part = other, inner
    if fan is None or fan.score < _LEAST_SCORE:
        return _snap_to_frame(_hull(part))
    return _snap_to_frame(draw_fan(fan, grey, part))


def _hull(part: Grey) -> Grey:
    """The convex hull, filled."""
    filled = np.zeros_like(part)
    points = cv2.findNonZero(part)
    if points is not None:
        cv2.fillConvexPoly(filled, cv2.convexHull(points), (255,))
    return filled


def _body(part: Grey) -> tuple[int, int, int, int]:
    """Left, top, width and height of the rows and columns that are tissue for a fair share: a stray letter is none."""
    rows, columns = (part > 0).sum(axis=1), (part > 0).sum(axis=0)
    tall = np.flatnonzero(rows >= _LEAST_SHARE * rows.max())
    wide = np.flatnonzero(columns >= _LEAST_SHARE * columns.max())
    return int(wide[0]), int(tall[0]), int(wide[-1] - wide[0] + 1), int(tall[-1] - tall[0] + 1)


def _snap_to_frame(mask: Grey) -> Grey:
    """The whole frame where the sector fills nearly all of it: a crop."""
    return np.full_like(mask, 255) if cv2.countNonZero(mask) > 0.96 * mask.size else mask
