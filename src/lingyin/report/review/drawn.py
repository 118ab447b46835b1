"""Calipers and outlines that a physician drew: as evidence of a finding, and measured in its unit."""

from __future__ import annotations

import math

from lingyin.core.errors import UsageError
from lingyin.core.study import Evidence, EvidenceKind, Finding, Study
from lingyin.core.tree import load_tree
from lingyin.report.review.edits import Caliper, Outline

PER_UNIT = {"mm": 1.0, "cm": 0.1, "mm2": 1.0, "cm2": 0.01}  # of a millimetre, of a square millimetre


def caliper_evidence(study: Study, caliper: Caliper, finding: Finding) -> Evidence:
    """A caliper as evidence of a finding. Raises UsageError where the clip has no such frame."""
    label = next((each.label for each in finding.evidence if each.kind == "line"), None)
    return Evidence(
        frame=_frame(study, caliper.frame), kind=EvidenceKind.LINE, label=label, points=list(caliper.points)
    )


def outline_evidence(study: Study, outline: Outline) -> Evidence:
    """An outline as evidence. Raises UsageError for a frame or a structure that there is not."""
    if outline.label not in load_tree():
        raise UsageError(f"the label tree has no structure {outline.label!r}")
    frame = _frame(study, outline.frame)
    return Evidence(frame=frame, kind=EvidenceKind.MASK, label=outline.label, polygons=outline.polygons)


def _frame(study: Study, frame: int) -> int:
    if frame >= study.clip.frames:
        raise UsageError(f"the clip has {study.clip.frames} frames, numbered from 0; there is no frame {frame}")
    return frame


def is_replaced(evidence: Evidence, outline: Outline) -> bool:
    """Whether `evidence` shows what `outline` replaces."""
    return evidence.kind in {EvidenceKind.MASK, EvidenceKind.FRAME} and evidence.label == outline.label


def length_of(study: Study, caliper: Caliper, finding: Finding) -> float:
    """Length of a caliper in the finding's unit. Raises UsageError without calibration, or in a unit of no length."""
    x, y = _spacing(study)
    (x0, y0), (x1, y1) = caliper.points
    if finding.unit not in {"mm", "cm"}:
        raise UsageError(f"a caliper gives no value in {finding.unit}; set the value as a number")
    return math.hypot((x1 - x0) * x, (y1 - y0) * y) * PER_UNIT[finding.unit]


def area_of(study: Study, outline: Outline, finding: Finding) -> float | None:
    """Area within an outline in the finding's unit; None where it is no area. Raises UsageError without calibration."""
    if finding.unit not in {"mm2", "cm2"}:
        return None
    x, y = _spacing(study)
    total = 0.0
    for polygon in outline.polygons:
        pairs = zip(polygon, [*polygon[1:], polygon[0]], strict=True)
        total += abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs)) / 2
    return total * x * y * PER_UNIT[finding.unit]


def _spacing(study: Study) -> tuple[float, float]:
    x, y = study.clip.mm_per_px_x, study.clip.mm_per_px_y
    if x is None or y is None:
        raise UsageError("the picture carries no length calibration; set the value as a number")
    return x, y
