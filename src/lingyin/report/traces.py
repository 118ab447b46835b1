"""Curves of a value over the clip, as points of a small drawing."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lingyin.core.study import EvidenceKind, Study

WIDTH, HEIGHT, RIM = 320.0, 72.0, 6.0


@dataclass(frozen=True, slots=True)
class Trace:
    """A curve in a drawing of 320 x 72: `points` for a polyline, `first` and `last` frame at its ends (0-based)."""

    finding: int
    points: str
    first: int
    last: int
    low: float
    high: float
    mark_x: float
    decimals: int
    unit: str | None


def traces(study: Study) -> list[Trace]:
    """The first trace of each finding that has one with at least two values."""
    found = []
    for index, finding in enumerate(study.findings):
        for evidence in finding.evidence:
            pairs = [pair for pair in zip(evidence.frames, evidence.values, strict=False) if math.isfinite(pair[1])]
            if evidence.kind is EvidenceKind.TRACE and len(pairs) > 1 and pairs[0][0] != pairs[-1][0]:
                found.append(_trace(index, pairs, evidence.frame, finding.unit))
                break
    return found


def _trace(finding: int, pairs: list[tuple[int, float]], marked: int, unit: str | None) -> Trace:
    first, last = pairs[0][0], pairs[-1][0]
    low, high = min(value for _, value in pairs), max(value for _, value in pairs)
    span = high - low or 1.0
    decimals = 0 if span >= 10 else 1 if span >= 1 else 2

    def across(frame: int) -> float:
        return round(RIM + (WIDTH - 2 * RIM) * (frame - first) / (last - first), 1)

    dots = [
        (across(frame), round(HEIGHT - RIM - (HEIGHT - 2 * RIM) * (value - low) / span, 1)) for frame, value in pairs
    ]
    points = " ".join(f"{x},{y}" for x, y in dots)
    return Trace(finding, points, first, last, low, high, across(min(max(marked, first), last)), decimals, unit)
