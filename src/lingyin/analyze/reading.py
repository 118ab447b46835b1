"""Reads chosen frames through the network in small batches and keeps only what later steps need of each: never the
pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.analyze.quality import Quality, frame_quality
from lingyin.core.clip import Clip, Frame
from lingyin.io.sector import Sector
from lingyin.runtime.manifest import Head
from lingyin.runtime.network import Network, Prepared

BATCH = 8
SMALL = 24
PLAUSIBLE = 0.05  # probability of an organ in a frame from which the frame's masks of that organ are kept
Tick = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the network and the picture said about one frame. `grids` are half precision to keep long clips small."""

    frame: int
    time_s: float
    quality: Quality
    novelty: float
    probabilities: Mapping[str, NDArray[np.float32]]  # head -> (K,)
    grids: Mapping[str, NDArray[np.float16]]  # structure -> (h, w); only of organs that this frame may show
    small: NDArray[np.uint8] | None = None  # (24, 24) the sector's box, averaged: to tell cuts
    grains: NDArray[np.uint8] | None = None  # (24, 24) single pixels of it: to tell a standing picture
    share: float = 1.0  # of a standing picture, one frame's part

    @property
    def weight(self) -> float:
        """Weight of this frame against its neighbours; never zero, so that a dark clip is still read."""
        return max(self.quality.score, 0.01) * self.share


@dataclass(frozen=True)
class Readings:
    """All readings of a clip in time order, the sector they share, and the map between network grid and frame."""

    frames: tuple[Reading, ...]
    sector: Sector
    placement: Prepared

    @property
    def weights(self) -> list[float]:
        return [reading.weight for reading in self.frames]

    def merged(self, more: Sequence[Reading]) -> Readings:
        """The same readings with `more` sorted in."""
        ordered = sorted((*self.frames, *more), key=lambda reading: reading.frame)
        return replace(self, frames=tuple(ordered))


def read_frames(
    clip: Clip, indices: Sequence[int], sector: Sector, network: Network, tick: Tick
) -> tuple[list[Reading], Prepared]:
    """Reads the frames `indices` (ascending, at least one) and returns one reading each, with the shared placement.

    At most `BATCH` decoded frames exist at a time. `tick` is told how many frames are done.
    """
    readings: list[Reading] = []
    placement: Prepared | None = None
    for start in range(0, len(indices), BATCH):
        part = indices[start : start + BATCH]
        prepared: list[Prepared] = []
        qualities: list[Quality] = []
        smalls: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]] = []
        for index in part:
            frame = clip.frames[index]
            prepared.append(network.prepare(frame, sector))
            qualities.append(frame_quality(frame, sector.mask))
            smalls.append(small_pictures(frame, sector))
        placement = placement or prepared[0]
        for index, quality, small, outputs in zip(part, qualities, smalls, network.run(prepared), strict=True):
            wanted = _plausible(outputs.probabilities["organ"], network.manifest.heads)
            grids = {name: grid.astype(np.float16) for name, grid in outputs.masks.items() if name in wanted}
            readings.append(
                Reading(
                    frame=index,
                    time_s=float(clip.times_s[index]),
                    quality=quality,
                    novelty=float(outputs.novelty),
                    probabilities=dict(outputs.probabilities),
                    grids=grids,
                    small=small[0],
                    grains=small[1],
                )
            )
        tick(len(readings))
    if placement is None:
        raise ValueError("no frames to read")
    return readings, placement


def small_pictures(frame: Frame, sector: Sector) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The box of the sector as 24 x 24 grey levels: averaged, so that speckle is gone, and as single pixels, in which
    noise shows whether a picture was taken anew."""
    box = sector.box
    top, left = int(box.top), int(box.left)
    part = frame[top : max(top + 1, int(box.bottom)), left : max(left + 1, int(box.right))]
    grey = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2GRAY)
    small, grains = (cv2.resize(grey, (SMALL, SMALL), interpolation=how) for how in (cv2.INTER_AREA, cv2.INTER_NEAREST))
    return np.asarray(small, np.uint8), np.asarray(grains, np.uint8)


def _plausible(organs: NDArray[np.float32], heads: Sequence[Head]) -> set[str]:
    """Structures of the organs that one frame may show: masks of all others are not worth their memory."""
    labels = next(head.labels for head in heads if head.name == "organ")
    possible = {label for label, probability in zip(labels, organs, strict=True) if probability >= PLAUSIBLE}
    return {label for head in heads if head.task == "segment" and possible & set(head.organs) for label in head.labels}
