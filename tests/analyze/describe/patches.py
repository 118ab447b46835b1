"""Patches with a truth: speckle of a known level inside and outside of a known outline."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.analyze.describe.patch import Grey, Patch, cut_patch
from lingyin.analyze.measure.caliper import Points
from lingyin.analyze.measure.shot import Scale, Shot

SIZE = 320
MIDDLE = (160.0, 150.0)
SPACING = 0.1  # mm per pixel
Paint = Callable[[Grey, NDArray[np.bool_]], None]


def ellipse(across: float, down: float, turn: float = 0.0, wave: float = 0.0, lobes: int = 6) -> Points:
    """Outline in pixels: semi-axes across and down the picture, with lobes of relative height `wave`."""
    angle = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    radius = 1 + wave * np.cos(lobes * angle)
    points = np.stack([across * radius * np.cos(angle), down * radius * np.sin(angle)], axis=1)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return np.asarray(points @ rotation + MIDDLE)


def speckled(level: float, seed: int = 0) -> Grey:
    """A picture of even tissue: grey levels scatter by a seventh, over grains of about two pixels."""
    noise = np.random.default_rng(seed).standard_normal((SIZE, SIZE)).astype(np.float32)
    grains = np.asarray(cv2.GaussianBlur(noise, (0, 0), 1.2), np.float32)
    return np.asarray(np.clip(level * (1 + grains / grains.std() / 7), 0, 255), np.float32)


def inside(outline: Points) -> NDArray[np.bool_]:
    mask = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], 1)
    return mask > 0


def patch(
    outline: Points | None = None,
    level: float = 70.0,
    around: float = 110.0,
    *,
    paint: Paint | None = None,
    spacing: tuple[float, float] = (SPACING, SPACING),
    grain_mm: float = 0.2,
    calibrated: bool = True,
    spread: float = 0.0,
) -> Patch:
    """A lesion of grey `level` in tissue of level `around`; `paint(grey, lesion)` adds to it.

    `spread` moves the outlines of the other probability levels in and out by this share.
    """
    drawn = ellipse(60, 40) if outline is None else outline
    mask = inside(drawn)
    grey = np.where(mask, speckled(level, 1), speckled(around, 2)).astype(np.float32)
    if paint is not None:
        paint(grey, mask)
    middle = drawn.mean(axis=0)
    outlines = {0.5: drawn}
    if spread:
        outlines |= {0.3: middle + (drawn - middle) * (1 + spread), 0.7: middle + (drawn - middle) * (1 - spread)}
    scale = Scale(spacing[0], spacing[1], grain_mm, calibrated)
    found = cut_patch(grey, np.ones((SIZE, SIZE), bool), Shot(0, 0.0, 0.9, 1.0, outlines, scale, False))
    assert found is not None
    return found
