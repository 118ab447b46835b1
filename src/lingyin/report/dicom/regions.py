"""What findings point at, as spatial coordinates of DICOM: origin at the outer corner of the first pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lingyin.core.study import Evidence, EvidenceKind, Finding, Point
from lingyin.report.dicom.common import Referenced

Outlines = Mapping[int, Mapping[str, Sequence[Sequence[Point]]]]
HALF = 0.5  # our pixel centres lie at integers, theirs at halves (PS3.3 C.18.6.1.2)


@dataclass(frozen=True, slots=True)
class Region:
    """A graphic on one frame (0-based) of the clip; closed outlines repeat their first point."""

    frame: int
    graphic: str  # "POLYLINE" | "POINT"
    points: list[Point]


def regions_of(finding: Finding, outlines: Outlines, referenced: Referenced) -> list[Region]:
    """All graphics of a finding on frames that `referenced` holds: calipers first, then outlines, boxes, points."""
    found: list[tuple[int, Region]] = []
    for evidence in finding.evidence:
        if referenced.holds(evidence.frame):
            found += _regions(evidence, outlines.get(evidence.frame, {}).get(evidence.label or "", ()))
    return [region for _, region in sorted(found, key=lambda each: each[0])]


def _regions(evidence: Evidence, outlines: Sequence[Sequence[Point]]) -> list[tuple[int, Region]]:
    match evidence.kind:
        case EvidenceKind.LINE if len(evidence.points) == 2:
            return [(0, Region(evidence.frame, "POLYLINE", _placed(evidence.points)))]
        case EvidenceKind.MASK:
            return [(1, _closed(evidence.frame, each)) for each in evidence.polygons if len(each) > 2]
        case EvidenceKind.FRAME:
            return [(1, _closed(evidence.frame, each)) for each in outlines if len(each) > 2]
        case EvidenceKind.BOX if len(evidence.points) == 2:
            (left, top), (right, bottom) = evidence.points
            corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
            return [(2, _closed(evidence.frame, corners))]
        case EvidenceKind.POINTS:
            return [(3, Region(evidence.frame, "POINT", [point])) for point in _placed(evidence.points)]
        case _:
            return []


def _closed(frame: int, polygon: Sequence[Point]) -> Region:
    points = _placed(polygon)
    return Region(frame, "POLYLINE", [*points, points[0]] if points[0] != points[-1] else points)


def _placed(points: Sequence[Point]) -> list[Point]:
    return [(max(0.0, x + HALF), max(0.0, y + HALF)) for x, y in points]
