"""Clips made of arrays. Each frame carries its own number in its first pixel, so that a fake network can answer by
it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lingyin.core.clip import Box, Clip, Frame, Region, RegionKind, Source

HEIGHT, WIDTH = 240, 320
CALIBRATION = (0.4, 0.5)  # mm per pixel in x and y


class Frames(list[Frame]):
    """A frame store that counts how often frames were asked for."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        super().__init__(frames)
        self.asked = 0

    def __getitem__(self, index: int) -> Frame:  # type: ignore[override]
        self.asked += 1
        return super().__getitem__(index)


def speckle(number: int, height: int = HEIGHT, width: int = WIDTH) -> Frame:
    """A grey frame of speckle that carries `number` (under 65536)."""
    noise = np.random.default_rng(number).integers(20, 140, (height, width, 1))
    frame = np.repeat(noise, 3, axis=2).astype(np.uint8)
    frame[0, 0] = (number % 256, number // 256, 0)
    return frame


def number_of(frame: Frame) -> int:
    return int(frame[0, 0, 0]) + 256 * int(frame[0, 0, 1])


def region(box: Box, spacing: tuple[float, float] | None = CALIBRATION, kind: RegionKind = RegionKind.TISSUE) -> Region:
    if spacing is None:
        return Region(box, kind)
    return Region(box, kind, spacing[0], spacing[1], "dicom-region")


def make_clip(
    count: int,
    spacing: tuple[float, float] | None = CALIBRATION,
    *,
    frames: Sequence[Frame] | None = None,
    regions: Sequence[Region] | None = None,
    sex: str | None = None,
) -> Clip:
    """A clip of `count` speckle frames at 25 frames a second, with one region over the whole frame."""
    pictures = list(frames) if frames is not None else [speckle(number) for number in range(count)]
    height, width = pictures[0].shape[:2]
    whole = (region(Box(0, 0, width, height), spacing),) if regions is None else tuple(regions)
    return Clip(
        frames=Frames(pictures),
        times_s=np.arange(len(pictures)) / 25.0,
        width=width,
        height=height,
        source=Source("scan.dcm", "dicom", patient_sex=sex),
        regions=whole,
    )
