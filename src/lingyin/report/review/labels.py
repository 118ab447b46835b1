"""Signed reports as training labels: pictures, masks and the rows of the tables that `lingyin adapt` takes.

What a physician signed is true, changed or not: both are exported, and `kind` in `corrections.csv` tells them apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from lingyin.core.errors import LingyinError
from lingyin.core.files import write_file
from lingyin.core.study import Category, Certainty, Evidence, EvidenceKind, Finding, Point, Study
from lingyin.report.dicom.seg import filled
from lingyin.report.reopen import Reopened, reopen
from lingyin.report.review.tables import write_tables
from lingyin.report.statement import CORRECTED

LABELLED = {Category.ORGAN, Category.VIEW, Category.DIAGNOSIS}


@dataclass(frozen=True, slots=True)
class Exported:
    """How many labels came out of how many signed reports; `skipped` are unsigned or damaged."""

    reports: int
    labels: int
    skipped: int


def export_corrections(folders: Iterable[Path], out: Path) -> Exported:
    """Writes `images/`, `masks/` and the tables (see `tables`) into `out`.

    Subjects are hashed study numbers: pictures of one study never fall into two splits. `split` stays empty for
    `lingyin adapt` to fill. Names of patients are in none of the files; what a scanner burnt into the picture still is.

    Raises:
        OutputError: `out` cannot be written.
    """
    rows: list[dict[str, str]] = []
    reports = skipped = 0
    for folder in folders:
        try:
            report = reopen(folder)
        except LingyinError:
            skipped += 1
            continue
        if not report.analysis.study.signatures:
            skipped += 1
            continue
        reports += 1
        rows += _rows(report, out)
    write_tables(rows, out)
    return Exported(reports, len(rows), skipped)


def _rows(report: Reopened, out: Path) -> Iterable[dict[str, str]]:
    study = report.analysis.study
    signature = study.signatures[-1]
    name = signature.sha256[:16]
    common = {
        "subject": hashlib.sha256((study.clip.study_instance_uid or name).encode()).hexdigest()[:16],
        "split": "",
        "mm_per_px": _spacing(report),
        "by": signature.by,
        "at": signature.at,
        "report": name,
    }
    rejected = {
        (change.code, change.before): each.before.findings[change.before]
        for each in study.signatures
        for change in each.changes
        if change.kind == "rejected" and change.before is not None and not change.by_rule
    }
    for finding in (*study.findings, *rejected.values()):
        gone = any(finding is each for each in rejected.values())
        for task, label, evidence in _labels(finding, study, gone):
            frame = evidence.frame if evidence is not None else _key_frame(report)
            image = _picture(report, frame, name, out)
            mask = _mask(report, frame, evidence, name, out) if task == "segment" and evidence is not None else ""
            if image and (mask or task != "segment"):
                yield {
                    **common,
                    "image": image,
                    "mask": mask,
                    "label": label,
                    "task": task,
                    "code": finding.code,
                    "unit": finding.unit or "",
                    "kind": "rejected" if gone else "corrected" if CORRECTED in finding.caveats else "confirmed",
                    "frame": str(frame),
                    "category": finding.category.value,
                }


def _labels(finding: Finding, study: Study, gone: bool) -> Iterable[tuple[str, str, Evidence | None]]:
    """Task, label and evidence of what one finding teaches."""
    shown = next(iter(finding.evidence), None)
    if gone:
        if finding.category in LABELLED or finding.category is Category.STRUCTURE:
            yield "classify", f"!{finding.code}", shown
        return
    if finding.category in LABELLED and finding.certainty is not Certainty.UNSURE:
        denied = "" if finding.certainty is Certainty.PRESENT else "!"
        yield "classify", f"{denied}{finding.code}", shown
    if finding.value is not None:
        yield "measure", f"{finding.value:g}", shown
    for evidence in finding.evidence:
        if evidence.kind is EvidenceKind.MASK and evidence.label is not None and CORRECTED in finding.caveats:
            yield "segment", evidence.label, evidence
    if finding.category is Category.STRUCTURE and CORRECTED not in finding.caveats and study.signatures and shown:
        yield "segment", finding.code, shown


def _spacing(report: Reopened) -> str:
    """Millimetres per pixel of the exported pictures, whose pixels are square; empty without calibration."""
    clip = report.analysis.study.clip
    if clip.mm_per_px_x is None or clip.mm_per_px_y is None:
        return ""
    return f"{clip.mm_per_px_x * clip.width / report.pictures.display.width:.6g}"


def _key_frame(report: Reopened) -> int:
    held = sorted(report.pictures.jpeg)
    return next((frame for frame in report.analysis.study.clip.key_frames if frame in held), held[0])


def _picture(report: Reopened, frame: int, name: str, out: Path) -> str:
    """Writes the picture at display size, once; its path within `out`, empty where the report does not hold it."""
    if frame not in report.pictures.jpeg:
        return ""
    path = f"images/{name}-f{frame:05d}.jpg"
    write_file(out / path, report.pictures.jpeg[frame])
    return path


def _mask(report: Reopened, frame: int, evidence: Evidence, name: str, out: Path) -> str:
    """Writes the mask of an outline at the size of its picture; its path within `out`, empty where there is none."""
    structure = str(evidence.label)
    stored: Sequence[Sequence[Point]] = report.analysis.outlines.get(frame, {}).get(structure, [])
    polygons = evidence.polygons or stored
    display = report.pictures.display
    # a display's origin is the corner of its first pixel, a mask's is that pixel's centre
    placed = [[(x - 0.5, y - 0.5) for x, y in map(display.point, polygon)] for polygon in polygons]
    mask = filled(placed, (display.height, display.width))
    if not mask.any():
        return ""
    path = f"masks/{name}-f{frame:05d}-{structure}.png"
    encoded = cv2.imencode(".png", mask.astype(np.uint8) * 255)[1]
    write_file(out / path, encoded.tobytes())
    return path
