"""What every kind of phantom is: tissue at rest, its motion, what is painted at a moment, and exact outlines."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lingyin.io.phantom.canvas import Canvas
from lingyin.io.phantom.parameters import Settled
from lingyin.io.phantom.probe import Field, Probe, make_probe
from lingyin.io.phantom.shapes import Points


@dataclass(frozen=True)
class Moment:
    """One frame's state: `pulse` from 0 (least) to 1 (most) within the cine, and the shift of all tissue in mm."""

    index: int
    pulse: float
    shift_x: float
    shift_z: float


class Scene(ABC):
    """Anatomy of one kind. Lengths in mm in the body's frame."""

    title: ClassVar[str]  # as burnt into the screen

    def __init__(self, settled: Settled, rng: np.random.Generator) -> None:
        self.settled = settled
        self.rng = rng
        self.arrange()
        self.probe: Probe = make_probe(str(settled.values["probe"]), settled["depth_mm"], settled["footprint"])

    @abstractmethod
    def arrange(self) -> None:
        """Makes drawn values suit each other before the probe is chosen, such as depth and size."""

    def at_least_deep(self, depth_mm: float) -> None:
        """Deepens a drawn picture so that the anatomy fits."""
        self.settled.suit("depth_mm", min(260.0, max(self.settled["depth_mm"], depth_mm)))

    def pulse_at(self, phase: float) -> float:
        """Shape of a heartbeat over its phase 0..1: a quick rise and a slow fall."""
        ratio = phase / 0.22
        return float(ratio * np.exp(1 - ratio))

    @abstractmethod
    def background(self, canvas: Canvas) -> None:
        """Paints the tissue that lies still or is carried along, at rest."""

    def at_rest(self, x: Field, z: Field, moment: Moment) -> tuple[Field, Field]:
        """Where the tissue that is at (x, z) now lies at rest."""
        return x - np.float32(moment.shift_x), z - np.float32(moment.shift_z)

    @abstractmethod
    def paint(self, canvas: Canvas, moment: Moment) -> None:
        """Paints what changes over time."""

    @abstractmethod
    def outlines(self, moment: Moment) -> dict[str, Points]:
        """Exact closed outlines (N, 2) in mm by structure code."""

    @abstractmethod
    def measure(self, moments: Sequence[Moment]) -> dict[str, float]:
        """Exact measurements by code, in the units of the catalogue and by its conventions."""


def narrowest(points: Points) -> float:
    """Least width between parallel jaws: the diameter of a section that is cut obliquely or not."""
    angles = np.radians(np.arange(0.0, 180.0, 0.5))
    along = points @ np.stack([np.cos(angles), np.sin(angles)])
    return float(np.ptp(along, axis=0).min())


def widest(points: Points) -> tuple[float, float]:
    """Greatest distance of two points of an outline, and the longest chord at right angles to it."""
    between = points[:, None] - points[None]
    lengths = np.hypot(between[..., 0], between[..., 1])
    first, second = np.unravel_index(int(lengths.argmax()), lengths.shape)
    direction = (points[second] - points[first]) / lengths[first, second]
    across = np.array([-direction[1], direction[0]])
    forward, sideways = points @ direction, points @ across
    next_forward, next_sideways = np.roll(forward, -1), np.roll(sideways, -1)
    best = 0.0
    for station in np.linspace(forward.min(), forward.max(), 202)[1:-1]:
        crosses = (forward > station) != (next_forward > station)
        share = (station - forward[crosses]) / (next_forward[crosses] - forward[crosses])
        best = max(best, float(np.ptp(sideways[crosses] + share * (next_sideways[crosses] - sideways[crosses]))))
    return float(lengths[first, second]), best
