"""`Clip`: lazily decoded frames with their times and calibrated regions. Readers make it; all else only looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]  # (H, W, 3) RGB
Mask = NDArray[np.bool_]  # (H, W)


class RegionKind(StrEnum):
    """What a screen region shows (DICOM PS3.3 C.8.5.5.1, Region Data Type and Spatial Format)."""

    TISSUE = "tissue"
    COLOR_FLOW = "color-flow"
    M_MODE = "m-mode"
    SPECTRAL = "spectral"
    WAVEFORM = "waveform"
    GRAPHICS = "graphics"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Box:
    """Pixel box, half-open: columns `left <= x < right`, rows `top <= y < bottom`."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def contains(self, x: float, y: float) -> bool:
        return self.left <= x < self.right and self.top <= y < self.bottom


@dataclass(frozen=True, slots=True)
class Region:
    """One calibrated part of the screen. `mm_per_px_x/y` are None where the region carries no lengths.

    `calibration` says where the spacing came from: `dicom-region`, `pixel-spacing`, `sidecar` or `none`.
    """

    box: Box
    kind: RegionKind
    mm_per_px_x: float | None = None
    mm_per_px_y: float | None = None
    calibration: str = "none"

    @property
    def is_calibrated(self) -> bool:
        return self.mm_per_px_x is not None and self.mm_per_px_y is not None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a clip came from. Never holds a patient's name, number or date."""

    path: str
    kind: str  # "dicom" | "video" | "picture"
    member: str | None = None  # name inside an archive
    sop_class_uid: str | None = None
    sop_instance_uid: str | None = None
    series_instance_uid: str | None = None
    study_instance_uid: str | None = None
    manufacturer: str | None = None
    model_name: str | None = None
    transfer_syntax_uid: str | None = None
    patient_sex: str | None = None  # "M" | "F" | None: some thresholds differ
    notes: tuple[str, ...] = ()  # what a reader had to assume, in English, for the report's small print


class FrameStore(Protocol):
    """Random access to decoded frames without holding all of them in memory."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Frame: ...

    def __iter__(self) -> Iterator[Frame]: ...


@dataclass(frozen=True)
class Clip:
    """A scan: frames `(T, H, W, 3)` uint8 RGB read one by one, `times_s (T,)` from 0, regions, source.

    A still image is a clip of one. `pixel_aspect` is the height of a pixel over its width (1.0 = square).
    """

    frames: FrameStore
    times_s: NDArray[np.float64]
    width: int
    height: int
    source: Source
    regions: tuple[Region, ...] = field(default=())
    pixel_aspect: float = 1.0

    def __len__(self) -> int:
        return len(self.frames)

    def region_at(self, *points_xy: tuple[float, float]) -> Region | None:
        """The one region whose box holds all points; None if none or if the points lie in different regions."""
        for region in self.regions:
            if all(region.box.contains(x, y) for x, y in points_xy):
                return region
        return None
