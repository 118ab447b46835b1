"""Structures of the recognised organ over a clip: tracks by scene, and outlines on the pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lingyin.analyze.edges import on_the_picture
from lingyin.analyze.masks import MaskFrame, Track, split_bands, track_structure
from lingyin.analyze.measure.shot import MIDDLE, Shot, pixels
from lingyin.analyze.reading import Reading, Readings
from lingyin.analyze.shots import make_shots
from lingyin.analyze.verdicts import applicable
from lingyin.core.clip import Clip
from lingyin.core.study import Point
from lingyin.runtime.manifest import Head

Scenes = Sequence[tuple[int, int]]  # half-open ranges of positions in the readings
Phases = NDArray[np.float32]  # (T,)
DIASTOLE = "phase_end_diastole"
BANDS = ("aponeurosis",)  # structures that come as two bands, one above the other


@dataclass(frozen=True)
class Outlined:
    """Structures of the recognised organ: joined over time (`tracks`), and frame by frame on the picture (`shots`)."""

    tracks: dict[str, Track]
    shots: dict[str, list[Shot]]

    def without(self, structures: set[str]) -> Outlined:
        """The same, less the structures named."""
        return Outlined(
            {name: track for name, track in self.tracks.items() if name not in structures},
            {name: shots for name, shots in self.shots.items() if name not in structures},
        )

    def polygons(self) -> dict[int, dict[str, list[list[Point]]]]:
        """Outlines by frame and structure, as `Analysis` wants them."""
        outlines: dict[int, dict[str, list[list[Point]]]] = {}
        for structure, shots in self.shots.items():
            for shot in shots:
                outlines.setdefault(shot.frame, {}).setdefault(structure, []).append(pixels(shot.outlines[MIDDLE]))
        return outlines


def outline_structures(
    clip: Clip,
    readings: Readings,
    scenes: Scenes,
    heads: Sequence[Head],
    organ: str,
    tell: Callable[[str, int, int], None],
) -> Outlined:
    """Tracks and shots of every structure that a segmenting head of `organ` outlines; `tell` is told the progress."""
    structures = [label for head in applicable(heads, organ, "segment") for label in head.labels]
    phases = diastole(readings, heads, organ)
    tracks: dict[str, Track] = {}
    shots: dict[str, list[Shot]] = {}
    for done, structure in enumerate(structures):
        tell("measuring", done, len(structures))
        for part in _parts(structure, readings):
            track = track_over(structure, part, scenes)
            if track is not None:
                tracks.setdefault(structure, track)
                made = make_shots(clip, part, track, phases)
                shots.setdefault(structure, []).extend(on_the_picture(structure, clip, made))
    return Outlined(tracks, shots)


def _parts(structure: str, readings: Readings) -> list[Readings]:
    """The readings themselves; of a structure that comes as two bands, readings of the upper and of the lower one."""
    if structure not in BANDS:
        return [readings]
    halves: tuple[list[Reading], list[Reading]] = ([], [])
    for frame in readings.frames:
        grid = frame.grids.get(structure)
        bands = None if grid is None else split_bands(grid)
        for half, band in zip(halves, bands or (None, None), strict=True):
            half.append(replace(frame, grids={} if band is None else {structure: band.astype(np.float16)}))
    return [replace(readings, frames=tuple(half)) for half in halves]


def track_over(structure: str, readings: Readings, scenes: Scenes) -> Track | None:
    """Follows a structure through each scene by itself, so that nothing is smoothed over a cut; None if it is nowhere
    believed."""
    parts: list[MaskFrame] = []
    for start, end in scenes:
        frames = readings.frames[start:end]
        track = track_structure(
            structure, [each.grids.get(structure) for each in frames], [each.time_s for each in frames]
        )
        if track is not None:
            parts.extend(replace(frame, position=frame.position + start) for frame in track.frames)
    return Track(structure, tuple(parts), len(parts) / len(readings.frames)) if parts else None


def diastole(readings: Readings, heads: Iterable[Head], organ: str) -> Phases | None:
    """Probability of end diastole of each reading, where a head of this organ reads the phase."""
    for head in applicable(heads, organ, "classify"):
        if DIASTOLE in head.labels:
            index = list(head.labels).index(DIASTOLE)
            return np.asarray([each.probabilities[head.name][index] for each in readings.frames], np.float32)
    return None
