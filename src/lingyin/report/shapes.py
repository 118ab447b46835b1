"""What is drawn over each frame: outlines of structures, and what findings point at (calipers, boxes, outlines)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from lingyin.core.study import Analysis, Evidence, EvidenceKind, Finding, Point, Study
from lingyin.core.tree import load_tree
from lingyin.report.geometry import Display
from lingyin.report.grammar import Grammar
from lingyin.report.wording import quantity

# Distinct to colour-blind eyes (Okabe and Ito 2008) and all bright enough on the dark ultrasound picture.
COLOURS = ("#56b4e9", "#e69f00", "#00c08b", "#f0e442", "#ff7043", "#e58fc0")
# Beside each colour a way to dash the line, so that colour is never the only difference.
DASHES = ("none", "7 3", "2 3", "9 3 2 3", "5 5", "14 4")
WHITE = ("#ffffff", "none")
TOLERANCE_PX = 0.4  # an outline may be simplified by less than half a displayed pixel


@dataclass(frozen=True, slots=True)
class Shape:
    """One thing to draw, in stored pixels. `finding` is the index of the finding whose evidence it is, if any."""

    kind: str  # "polygon" | "line" | "box" | "points"
    points: tuple[Point, ...]
    structure: str | None = None
    finding: int | None = None
    twin: bool = False  # evidence that outlines a structure whose outline is drawn on this frame anyway

    def on(self, display: Display) -> list[Point]:
        """Its points on a picture; outlines are thinned where the eye cannot tell."""
        placed = [display.point(point) for point in self.points]
        if self.kind != "polygon" or len(placed) < 5:
            return placed
        thinned = cv2.approxPolyDP(np.asarray(placed, np.float32)[:, None], TOLERANCE_PX, True)[:, 0]
        return [(round(float(x), 1), round(float(y), 1)) for x, y in thinned]


@dataclass(frozen=True)
class Overlay:
    """All shapes of a clip by frame (outlines first, calipers last), and colour and dash for each structure drawn."""

    shapes: Mapping[int, list[Shape]]
    looks: Mapping[str, tuple[str, str]]

    @classmethod
    def of(cls, analysis: Analysis) -> Overlay:
        """Collects the shapes; the looks are the same at every run."""
        shapes: dict[int, list[Shape]] = {}
        for frame, structures in analysis.outlines.items():
            for structure, polygons in structures.items():
                shapes.setdefault(frame, []).extend(
                    Shape("polygon", tuple(polygon), structure) for polygon in polygons if len(polygon) > 2
                )
        for index, finding in enumerate(analysis.study.findings):
            for evidence in finding.evidence:
                drawn_here = analysis.outlines.get(evidence.frame, {}).get(evidence.label or "", [])
                shapes.setdefault(evidence.frame, []).extend(_of_evidence(evidence, index, analysis.study, drawn_here))
        for drawn in shapes.values():
            outlined = {shape.structure for shape in drawn if shape.finding is None}
            drawn[:] = [replace(shape, twin=_is_twin(shape, outlined)) for shape in drawn]
            drawn.sort(key=lambda shape: shape.kind in {"line", "points"})  # calipers lie over outlines
        named = sorted({shape.structure for drawn in shapes.values() for shape in drawn if shape.structure})
        return cls(shapes, dict(zip(named, itertools.cycle(zip(COLOURS, DASHES, strict=True)), strict=False)))

    def at(self, frame: int) -> list[Shape]:
        """What is drawn on one frame."""
        return self.shapes.get(frame, [])

    def drawable(self, frame: int, display: Display) -> list[dict[str, Any]]:
        """What is drawn on one frame, in picture coordinates, as plain data for a page."""
        return [
            {
                "kind": shape.kind,
                "points": shape.on(display),
                "colour": self.looks.get(shape.structure or "", WHITE)[0],
                "dash": self.looks.get(shape.structure or "", WHITE)[1],
                "structure": shape.structure,
                "finding": shape.finding,
                "twin": shape.twin,
            }
            for shape in self.at(frame)
        ]


def _of_evidence(evidence: Evidence, finding: int, study: Study, outlines: list[list[Point]]) -> list[Shape]:
    """Shapes of one piece of evidence; `outlines` are those of the structure it names, on its frame."""
    match evidence.kind:
        case EvidenceKind.MASK:
            return [Shape("polygon", tuple(each), evidence.label, finding) for each in evidence.polygons]
        case EvidenceKind.LINE if len(evidence.points) == 2:
            return [Shape("line", tuple(evidence.points), evidence.label, finding)]
        case EvidenceKind.BOX if len(evidence.points) == 2:
            return [Shape("box", tuple(evidence.points), evidence.label, finding)]
        case EvidenceKind.POINTS if evidence.points:
            return [Shape("points", tuple(evidence.points), evidence.label, finding)]
        case EvidenceKind.FRAME if outlines:  # a structure seen here
            return [Shape("polygon", tuple(each), evidence.label, finding) for each in outlines]
        case EvidenceKind.FRAME:  # the whole picture speaks
            left, top, right, bottom = study.clip.sector_box or (0.0, 0.0, study.clip.width, study.clip.height)
            return [Shape("box", ((left, top), (right - 1, bottom - 1)), None, finding)]
        case _:
            return []


def _is_twin(shape: Shape, outlined: set[str | None]) -> bool:
    return shape.finding is not None and shape.kind == "polygon" and shape.structure in outlined


def structure_name(code: str) -> Mapping[str, str]:
    """Name of a structure in every language."""
    tree = load_tree()
    return tree[code].name if code in tree else {"en": code.replace("_", " ")}


def caliper_text(finding: Finding, grammar: Grammar) -> str:
    """The value beside a caliper; empty where the finding has none."""
    return "" if finding.value is None else quantity(finding.value, finding.code, finding.unit, grammar)
