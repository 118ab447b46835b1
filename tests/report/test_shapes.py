"""What is drawn: each kind of evidence as its shape, thinned outlines, steady colours."""

from __future__ import annotations

import numpy as np

from lingyin.core.study import Analysis, Category, Certainty, Evidence, EvidenceKind, Finding
from lingyin.report.geometry import Display
from lingyin.report.shapes import COLOURS, DASHES, Overlay, Shape
from tests.report.builders import aneurysm, breast, ellipse, make_clip, make_study, text

DISPLAY = Display(320, 240, 320, 240)


def overlay_of(evidence: Evidence) -> Overlay:
    finding = Finding(
        code="liver",
        category=Category.STRUCTURE,
        name=text("x", "x", "x"),
        certainty=Certainty.PRESENT,
        evidence=[evidence],
    )
    return Overlay.of(Analysis(make_study(make_clip(2), [finding]), {}))


def test_each_kind_of_evidence_has_its_shape() -> None:
    two = [(1.0, 2.0), (30.0, 40.0)]
    for kind, shape in (("line", "line"), ("box", "box"), ("points", "points")):
        drawn = overlay_of(Evidence(frame=1, kind=EvidenceKind(kind), points=two)).at(1)
        assert [(each.kind, each.points, each.finding) for each in drawn] == [(shape, tuple(two), 0)]
    mask = overlay_of(Evidence(frame=1, kind=EvidenceKind.MASK, polygons=[two * 2, two * 2], label="liver"))
    assert [each.structure for each in mask.at(1)] == ["liver", "liver"]
    assert overlay_of(Evidence(frame=1, kind=EvidenceKind.TRACE, frames=[1], values=[1.0])).at(1) == []
    assert overlay_of(Evidence(frame=1, kind=EvidenceKind.LINE, points=two[:1])).at(1) == []


def test_whole_frame_evidence_frames_the_sector() -> None:
    (shape,) = overlay_of(Evidence(frame=1, kind=EvidenceKind.FRAME)).at(1)
    assert (shape.kind, shape.structure) == ("box", None)
    assert shape.points == ((30.0, 0.0), (289.0, 229.0))


def test_structure_seen_on_a_frame_is_its_outline() -> None:
    drawn = Overlay.of(breast()[0]).at(1)
    assert [(shape.kind, shape.structure, shape.finding) for shape in drawn] == [
        ("polygon", "breast_lesion", None),
        ("polygon", "breast_lesion", 4),
    ]
    assert drawn[0].points == drawn[1].points


def test_outline_is_thinned_by_less_than_the_eye_sees() -> None:
    dense = ellipse(160, 120, 60, 60, points=720)
    thin = np.asarray(Shape("polygon", tuple(dense)).on(DISPLAY))
    assert len(thin) < 120
    for (x0, y0), (x1, y1) in zip(thin, np.roll(thin, -1, axis=0), strict=True):
        middle = np.hypot((x0 + x1) / 2 - 160.5, (y0 + y1) / 2 - 120.5)
        assert abs(middle - 60) < 0.6


def test_looks_are_distinct_and_steady() -> None:
    first, second = Overlay.of(aneurysm()[0]), Overlay.of(aneurysm()[0])
    assert first.looks == second.looks
    assert list(first.looks) == ["abdominal_aorta_lumen", "abdominal_aorta_outer"]
    (colour, dash), (other_colour, other_dash) = first.looks.values()
    assert colour != other_colour
    assert dash != other_dash
    assert len(set(COLOURS)) == len(set(DASHES)) == len(COLOURS)


def test_calipers_lie_over_outlines() -> None:
    kinds = [shape.kind for shape in Overlay.of(aneurysm()[0]).at(6)]
    assert kinds == ["polygon"] * 4 + ["line"] * 2
    assert {shape.finding for shape in Overlay.of(aneurysm()[0]).at(6)} == {None, 1, 2}


def test_degenerate_outlines_are_left_out() -> None:
    analysis = Analysis(make_study(make_clip(2), []), {0: {"liver": [[(1.0, 1.0)], [(1.0, 1.0), (2.0, 2.0)]]}})
    assert Overlay.of(analysis).at(0) == []
