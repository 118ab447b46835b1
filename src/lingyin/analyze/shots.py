"""Turns a track (masks on the network's grid) into shots: outlines in pixels of the stored frame, with the scale that
holds there."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.analyze.masks import MaskFrame, Track
from lingyin.analyze.measure.caliper import Points, area
from lingyin.analyze.measure.interval import LEVELS
from lingyin.analyze.measure.shot import MIDDLE, Scale, Shot
from lingyin.analyze.reading import Readings
from lingyin.core.clip import Clip, Mask
from lingyin.runtime.decode import mask_on_frame, outline

EDGE_PX = 3  # distance from the sector's edge at which a structure counts as cut
CUT_SHARE = 0.08  # of the outline
SLACK_PX = 2.0  # an outline may reach past its region's box by this much and still belongs to it
SHALLOW = 0.2  # share of an outline's area that its inner (or outer) version must keep to be of use


def make_shots(clip: Clip, readings: Readings, track: Track, phases: NDArray[np.floating] | None = None) -> list[Shot]:
    """One shot per believed frame whose outline lies in one region; empty where none does.

    `phases (T,)` is the probability of end diastole per reading, where a head gives it.
    """
    inner = cv2.erode(readings.sector.mask.astype(np.uint8), np.ones((2 * EDGE_PX + 1,) * 2, np.uint8)) > 0
    shots = []
    for frame in track.frames:
        phase = None if phases is None else float(phases[frame.position])
        shot = _shot(clip, readings, frame, inner, phase)
        if shot is not None:
            shots.append(shot)
    return shots


def _shot(clip: Clip, readings: Readings, frame: MaskFrame, inner: Mask, phase: float | None) -> Shot | None:
    reading = readings.frames[frame.position]
    whole = mask_on_frame(frame.probability, readings.placement, clip.height, clip.width)
    middle = largest_outline(whole, MIDDLE)
    if middle is None:
        return None
    scale = scale_at(clip, middle, _grain_px(readings, frame))
    if scale is None:
        return None
    outlines = {MIDDLE: middle}
    for level in LEVELS:
        other = largest_outline(whole, level)
        if other is not None and SHALLOW < area(other) / area(middle) < 1 / SHALLOW:
            outlines[level] = other
    return Shot(
        frame=reading.frame,
        time_s=reading.time_s,
        certainty=frame.certainty,
        quality=reading.weight,
        outlines=outlines,
        scale=scale,
        cut=_is_cut(middle, inner),
        phase=phase,
    )


def largest_outline(probability: NDArray[np.float32], level: float) -> Points | None:
    """The outline of greatest area at `level`, `(N, 2)` in pixels; None where nothing reaches the level."""
    polygons = [np.asarray(polygon, np.float64) for polygon in outline(probability, level) if len(polygon) >= 6]
    return max(polygons, key=area, default=None)


def scale_at(clip: Clip, points: Points, grain_px: float) -> Scale | None:
    """The scale of the region that holds all points; None if the outline runs over two regions.

    A clip without regions, or whose region carries no lengths, gives an uncalibrated scale with the pixels' aspect.
    """
    plain = Scale(1.0, clip.pixel_aspect, grain_px, calibrated=False)
    if not clip.regions:
        return plain
    left, top = points.min(axis=0) + SLACK_PX
    right, bottom = points.max(axis=0) - SLACK_PX
    region = clip.region_at((left, top), (right, bottom))
    if region is None:
        return None
    if region.mm_per_px_x is None or region.mm_per_px_y is None:
        return plain
    spacing = float(np.sqrt(region.mm_per_px_x * region.mm_per_px_y))
    return Scale(region.mm_per_px_x, region.mm_per_px_y, grain_px * spacing)


def _grain_px(readings: Readings, frame: MaskFrame) -> float:
    """Stored pixels per pixel of the network's grid (the sector is fitted into a square)."""
    box = readings.sector.box
    return float(max(box.width, box.height) / max(frame.probability.shape))


def _is_cut(points: Points, inner: Mask) -> bool:
    height, width = inner.shape
    x = np.clip(np.rint(points[:, 0]).astype(int), 0, width - 1)
    y = np.clip(np.rint(points[:, 1]).astype(int), 0, height - 1)
    return float((~inner[y, x]).mean()) > CUT_SHARE
