"""What happens along a clip: scenes between cuts, stretches of another organ, standing pictures, a lifted probe.

Everything is told from the frames that were read; between them, nothing is claimed.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lingyin.analyze.organ import CERTAIN, HEAD, NONE
from lingyin.analyze.reading import Reading, Readings
from lingyin.core.study import FrameQuality, Span, SpanKind

CUT = 0.40  # 1 - correlation of neighbouring small pictures, from which the picture may have changed at once
CUT_OVER_USUAL = 4.0  # and over the median of the clip: a beating heart or a fast sweep is no cut
STANDS = 0.5  # mean difference of single pixels in grey levels; noise alone differs by more in pictures taken anew
FREEZE_FRAMES = 4  # fewer equal frames in a row may come from the recorder's own frame rate
STRETCH = 6  # frames of another organ in a row that make a stretch of its own
LIFTED = ("no-picture", "no-contact")


@dataclass(frozen=True)
class Timeline:
    """`readings` are those that findings may rest on, with standing pictures counted once; `scenes` are the half-open
    ranges of positions within them that hold together. `others` are organs of stretches that were left out."""

    readings: Readings
    scenes: tuple[tuple[int, int], ...]
    spans: tuple[Span, ...]
    others: tuple[str, ...]
    quality: tuple[FrameQuality, ...]
    frozen: int
    lifted: int


def lay_out(readings: Readings, labels: Sequence[str]) -> Timeline:
    """Divides a clip's readings into scenes and decides which of them to go on with.

    `labels` are those of the organ head. The organ with the greatest weight of frames wins; scenes of the same organ
    are kept together, stretches that surely show another organ are left out and named.
    """
    frames = readings.frames
    weighted = _counted_once(frames)
    lifted = [position for position, frame in enumerate(frames) if frame.quality.code in LIFTED]
    scenes = _scenes(frames, labels)
    organs = [_organ(weighted[start:end], labels) for start, end in scenes]
    main = _main(weighted, scenes, organs)
    left_out = [organ not in {main, None} for organ in organs]
    empty = set(lifted) if len(lifted) < len(frames) else set()
    kept: list[Reading] = []
    ranges = []
    for (start, end), out in zip(scenes, left_out, strict=True):
        if not out:
            inside = [weighted[position] for position in range(start, end) if position not in empty]
            if inside:
                ranges.append((len(kept), len(kept) + len(inside)))
                kept.extend(inside)
    spans = [
        *_scene_spans(frames, scenes, organs, left_out),
        *_runs(frames, _standing(frames), SpanKind.FREEZE, FREEZE_FRAMES),
        *_runs(frames, [position in set(lifted) for position in range(len(frames))], SpanKind.PROBE_LIFT, 1),
    ]
    return Timeline(
        readings=replace(readings, frames=tuple(kept)),
        scenes=tuple(ranges),
        spans=tuple(spans),
        others=tuple(dict.fromkeys(str(organ) for organ, out in zip(organs, left_out, strict=True) if out)),
        quality=tuple(
            FrameQuality(frame=each.frame, score=round(min(1.0, each.quality.score), 4), code=each.quality.code)
            for each in frames
        ),
        frozen=sum(_standing(frames)),
        lifted=len(lifted),
    )


def _scenes(frames: Sequence[Reading], labels: Sequence[str]) -> list[tuple[int, int]]:
    """Half-open ranges of positions: split where the picture changes at once, and where another organ comes up."""
    borders = {0, len(frames), *_cuts(frames), *_turns(frames, labels)}
    return list(itertools.pairwise(sorted(borders)))


def _cuts(frames: Sequence[Reading]) -> list[int]:
    """Positions whose picture has nothing to do with the one before, nor with what comes after it returning."""
    pictures = [frame.small for frame in frames]
    if len(frames) < 3 or any(picture is None for picture in pictures):
        return []
    small = [np.asarray(picture, np.float64) for picture in pictures]
    steps = np.asarray([_unlike(one, other) for one, other in itertools.pairwise(small)])
    limit = max(CUT, CUT_OVER_USUAL * float(np.median(steps)))
    found = []
    for position, step in enumerate(steps, start=1):
        flash = position + 1 < len(small) and _unlike(small[position - 1], small[position + 1]) < limit / 2
        was_flash = position >= 2 and _unlike(small[position - 2], small[position]) < limit / 2
        if step >= limit and not flash and not was_flash:
            found.append(position)
    return found


def _turns(frames: Sequence[Reading], labels: Sequence[str]) -> list[int]:
    """Positions from which on another organ is surely shown, for `STRETCH` frames at least."""
    tops = [_sure_organ(frame, labels) for frame in frames]
    runs = [(organ, len(list(group))) for organ, group in itertools.groupby(tops)]
    position, found = 0, []
    before: str | None = None
    for organ, length in runs:
        if organ is not None and length >= STRETCH:
            if before is not None and organ != before:
                found.append(position)
            before = organ
        position += length
    return found


def _sure_organ(frame: Reading, labels: Sequence[str]) -> str | None:
    table = frame.probabilities[HEAD]
    best = int(np.argmax(table))
    return None if float(table[best]) < CERTAIN or labels[best] == NONE else labels[best]


def _organ(frames: Sequence[Reading], labels: Sequence[str]) -> str | None:
    """The organ that most of a scene's weight surely shows; None where none has half of it."""
    weights: dict[str, float] = {}
    for frame in frames:
        organ = _sure_organ(frame, labels)
        if organ is not None:
            weights[organ] = weights.get(organ, 0.0) + frame.weight
    total = sum(frame.weight for frame in frames)
    best = max(weights, key=lambda organ: weights[organ], default=None)
    return best if best is not None and weights[best] >= total / 2 and len(frames) >= STRETCH else None


def _main(frames: Sequence[Reading], scenes: Sequence[tuple[int, int]], organs: Sequence[str | None]) -> str | None:
    weights: dict[str, float] = {}
    for (start, end), organ in zip(scenes, organs, strict=True):
        if organ is not None:
            weights[organ] = weights.get(organ, 0.0) + sum(frame.weight for frame in frames[start:end])
    return max(weights, key=lambda organ: weights[organ], default=None)


def _standing(frames: Sequence[Reading]) -> list[bool]:
    """Whether each frame shows the very picture of the frame before it."""
    result = [False]
    for one, other in itertools.pairwise(frames):
        if one.grains is None or other.grains is None:
            result.append(False)
        else:
            difference = np.abs(one.grains.astype(np.float64) - other.grains.astype(np.float64))
            result.append(float(difference.mean()) < STANDS)
    return result


def _counted_once(frames: Sequence[Reading]) -> list[Reading]:
    """Frames of a standing picture share the weight of one."""
    standing = _standing(frames)
    result = list(frames)
    start = 0
    while start < len(frames):
        end = start + 1
        while end < len(frames) and standing[end]:
            end += 1
        if end - start >= FREEZE_FRAMES:
            result[start:end] = [replace(frame, share=1.0 / (end - start)) for frame in frames[start:end]]
        start = end
    return result


def _scene_spans(
    frames: Sequence[Reading],
    scenes: Sequence[tuple[int, int]],
    organs: Sequence[str | None],
    left_out: Sequence[bool],
) -> list[Span]:
    return [
        Span(kind=SpanKind.SCENE, first=frames[start].frame, last=frames[end - 1].frame, code=organ, used=not out)
        for (start, end), organ, out in zip(scenes, organs, left_out, strict=True)
    ]


def _runs(frames: Sequence[Reading], flags: Sequence[bool], kind: SpanKind, least: int) -> list[Span]:
    """Runs of flagged frames; a standing picture begins with the frame it repeats."""
    before = 1 if kind is SpanKind.FREEZE else 0
    found = []
    position = 0
    for flagged, group in itertools.groupby(flags):
        length = len(list(group))
        if flagged and length + before >= least:
            first = max(0, position - before)
            found.append(
                Span(kind=kind, first=frames[first].frame, last=frames[position + length - 1].frame, used=before == 1)
            )
        position += length
    return found


def _unlike(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """1 - correlation of two small pictures: 0 for the same, about 1 for unrelated ones; flat pictures are alike."""
    first, second = one - one.mean(), other - other.mean()
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    if size < 1.0:
        return 0.0 if abs(float(one.mean() - other.mean())) < 4 else 1.0
    return 1.0 - float((first * second).sum()) / size
