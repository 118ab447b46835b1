"""What a measurement works on and what it gives back: `Shot` (one frame's outline, ready to be measured) and
`Measured`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lingyin.analyze.measure.caliper import Line, Points
from lingyin.analyze.measure.interval import LEVELS
from lingyin.core.study import Evidence, EvidenceKind, Point

MIDDLE = 0.5


@dataclass(frozen=True, slots=True)
class Scale:
    """Millimetres per stored pixel in x and y; `grain_mm` is one pixel of the network's grid.

    `calibrated` is False where the picture carries no lengths: then only the aspect of the pixels is right, lengths
    are in pixel widths, and nothing but ratios may be stated.
    """

    x: float
    y: float
    grain_mm: float
    calibrated: bool = True

    def to_mm(self, points: Points) -> Points:
        """Pixel coordinates `(N, 2)` or `(2,)` to mm."""
        return np.asarray(points, np.float64) * (self.x, self.y)

    def to_px(self, points: Points) -> Points:
        """The way back."""
        return np.asarray(points, np.float64) / (self.x, self.y)


@dataclass(frozen=True)
class Shot:
    """One believed frame of a structure.

    `outlines[level]` is the outline `(N, 2)` in pixels of the stored frame at probability `level` (0.3, 0.5, 0.7);
    `grey (H, W)` is the picture, given only to measurements that refine edges on it. `cut` tells that the structure
    touches the edge of the sector.
    """

    frame: int
    time_s: float
    certainty: float
    quality: float
    outlines: dict[float, Points]
    scale: Scale
    cut: bool
    phase: float | None = None  # probability of end diastole, where a head reads it
    grey: NDArray[np.float32] | None = None

    def outline_mm(self, level: float = MIDDLE) -> Points:
        return self.scale.to_mm(self.outlines[level])


@dataclass(frozen=True)
class Measured:
    """A value of the catalogue, with its evidence. `caveats` are codes of phrases."""

    code: str
    value: float
    interval: tuple[float, float]
    evidence: list[Evidence]
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A value of the catalogue that was not given, and the code of the reason."""

    code: str
    reason: str


@dataclass(frozen=True)
class Outcome:
    """What one tool gave."""

    measured: list[Measured] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


Tool = Callable[[Sequence[Shot]], Outcome]


def at_levels(shot: Shot, measure: Callable[[Points], float | None]) -> tuple[float, float] | None:
    """A quantity of the outline at the low and at the high probability level; None where either has none."""
    low, high = (measure(shot.outline_mm(level)) if level in shot.outlines else None for level in LEVELS)
    return None if low is None or high is None else (low, high)


def mask_evidence(shot: Shot, structure: str) -> Evidence:
    """The outline of the structure on its frame."""
    return Evidence(
        frame=shot.frame,
        time_s=shot.time_s,
        kind=EvidenceKind.MASK,
        label=structure,
        polygons=[pixels(shot.outlines[MIDDLE])],
        score=round(min(1.0, shot.certainty), 4),
    )


def line_evidence(shot: Shot, line_mm: Line, label: str | None = None) -> Evidence:
    """A caliper given in mm, as pixels of the stored frame."""
    return Evidence(
        frame=shot.frame,
        time_s=shot.time_s,
        kind=EvidenceKind.LINE,
        label=label,
        points=pixels(shot.scale.to_px(np.stack([line_mm.start, line_mm.end]))),
    )


def trace_evidence(shot: Shot, frames: Iterable[int], values: Iterable[float]) -> Evidence:
    """A value over the frames read, hung on the frame `shot` that the report shows with it."""
    return Evidence(
        frame=shot.frame,
        time_s=shot.time_s,
        kind=EvidenceKind.TRACE,
        frames=[int(frame) for frame in frames],
        values=[round(float(value), 3) for value in values],
    )


def pixels(points: Points) -> list[Point]:
    """Points rounded to a hundredth of a pixel, as the record wants them."""
    return [(round(float(x), 2), round(float(y), 2)) for x, y in points]
