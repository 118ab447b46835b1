"""Outlines moved onto the edges that the picture shows, where the network's grid is too coarse for what is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.analyze.measure.caliper import Points, area, fit_ellipse, resample
from lingyin.analyze.measure.refine import refine_outline
from lingyin.analyze.measure.shot import MIDDLE, Scale, Shot
from lingyin.analyze.measure.vessel import TUBE
from lingyin.analyze.measure.wall import far_wall
from lingyin.core.clip import Clip

REACH = 1.25  # pixels of the network's grid that an outline may move
BLUR_PX = 1.5
SEEN = 0.8  # share of the frames in which the edge must be clear
BRIGHTER_OUTWARD = 1
SMOOTH_POINTS, HARMONICS = 128, 4


def on_the_picture(structure: str, clip: Clip, shots: Sequence[Shot]) -> list[Shot]:
    """The shots of a structure with outlines as the picture shows them; unchanged for structures that need it not."""
    move = MOVERS.get(structure)
    return list(shots) if move is None else move(clip, shots)


def far_walls(clip: Clip, shots: Iterable[Shot]) -> list[Shot]:
    """The shots with the band of the far wall that the picture shows; those of which it shows none are left out.

    Where the picture carries no lengths nothing can be looked for, and the network's outline stands.
    """
    found = []
    for shot in shots:
        if not shot.scale.calibrated:
            found.append(shot)
            continue
        wall = far_wall(_grey(clip, shot), shot.outline_mm(), shot.scale)
        if wall is not None:
            pixel = replace(shot.scale, grain_mm=_spacing(shot.scale))
            found.append(replace(shot, outlines={MIDDLE: shot.scale.to_px(wall.outline_mm)}, scale=pixel))
    return found


def beating_cavity(clip: Clip, shots: Sequence[Shot]) -> list[Shot]:
    """The shots of a dark cavity in bright muscle, with its size over time as the picture shows it.

    A network trained on few hearts draws all phases towards the middle one, so that a beat looks weaker than it is. The
    picture's edge lies a little inside of what is outlined by convention, equally in all phases: one factor for the
    whole clip brings the areas back to the network's. Unchanged where the edge is not clear in most frames.
    """
    moved: list[tuple[Shot, Points]] = []
    for shot in shots:
        reach = REACH * shot.scale.grain_mm / _spacing(shot.scale)
        grey = _grey(clip, shot).astype(np.float32)
        edge = refine_outline(grey, shot.outlines[MIDDLE], reach, BRIGHTER_OUTWARD, BLUR_PX)
        if edge is not None:
            moved.append((shot, edge))
    if not moved or len(moved) < SEEN * len(shots):
        return list(shots)
    factor = float(np.median([area(shot.outlines[MIDDLE]) / area(edge) for shot, edge in moved])) ** 0.5
    return [
        replace(shot, outlines={**shot.outlines, MIDDLE: edge.mean(axis=0) + factor * (edge - edge.mean(axis=0))})
        for shot, edge in moved
    ]


def round_sections(_clip: Clip, shots: Sequence[Shot]) -> list[Shot]:
    """The shots of a lumen with smooth outlines: clot has no edge that a network could follow, blood bounds it softly.

    The first few harmonics of the outline are kept (Kuhl and Giardina 1982) and its area, so that diameters stay. A
    vessel along its course has ends and stays as it is.
    """
    return [replace(shot, outlines={**shot.outlines, MIDDLE: _smooth(shot.outlines[MIDDLE])}) for shot in shots]


def _smooth(outline: Points) -> Points:
    ellipse = fit_ellipse(outline)
    if ellipse is None or ellipse.long >= TUBE * ellipse.short:
        return outline
    even = resample(outline, SMOOTH_POINTS)
    waves = np.fft.fft(even[:, 0] + 1j * even[:, 1])
    waves[HARMONICS + 1 : -HARMONICS] = 0
    drawn = np.fft.ifft(waves)
    calm = np.stack([drawn.real, drawn.imag], axis=1)
    centre = calm.mean(axis=0)
    return np.asarray(centre + (calm - centre) * np.sqrt(area(outline) / area(calm)))


MOVERS: dict[str, Callable[[Clip, Sequence[Shot]], list[Shot]]] = {
    "intima_media": far_walls,
    "abdominal_aorta_lumen": round_sections,
    "left_ventricle_cavity": beating_cavity,
}


def _grey(clip: Clip, shot: Shot) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(clip.frames[shot.frame], cv2.COLOR_RGB2GRAY), np.uint8)


def _spacing(scale: Scale) -> float:
    """Size of a pixel of the picture, in the unit of its lengths."""
    return float(np.sqrt(scale.x * scale.y))
