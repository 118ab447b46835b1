"""Curves over the clip: placed by frame, scaled to their range, safe with odd data."""

from __future__ import annotations

import math

from lingyin.core.study import Evidence, EvidenceKind, Study
from lingyin.report.traces import HEIGHT, RIM, WIDTH, traces
from tests.report.builders import aneurysm, make_clip, make_study, measurement


def study_with(frames: list[int], values: list[float], at: int = 0) -> Study:
    evidence = [Evidence(frame=at, kind=EvidenceKind.TRACE, frames=frames, values=values)]
    return make_study(
        make_clip(2), [measurement("abdominal_aorta_diameter", 30.0, "mm", (29.0, 31.0), evidence=evidence)]
    )


def points(study: Study) -> list[tuple[float, float]]:
    return [tuple(map(float, pair.split(","))) for pair in traces(study)[0].points.split()]  # type: ignore[misc]


def test_curve_fills_its_drawing() -> None:
    placed = points(study_with([10, 15, 20], [2.0, 4.0, 3.0], at=15))
    assert placed == [(RIM, HEIGHT - RIM), (WIDTH / 2, RIM), (WIDTH - RIM, HEIGHT / 2)]
    trace = traces(study_with([10, 15, 20], [2.0, 4.0, 3.0], at=15))[0]
    assert (trace.first, trace.last, trace.low, trace.high, trace.mark_x) == (10, 20, 2.0, 4.0, WIDTH / 2)


def test_constant_and_missing_values() -> None:
    assert {y for _, y in points(study_with([0, 1, 2], [5.0, 5.0, 5.0]))} == {HEIGHT - RIM}
    assert len(points(study_with([0, 1, 2], [5.0, math.nan, 6.0]))) == 2
    assert traces(study_with([0], [5.0])) == []
    assert traces(study_with([], [])) == []


def test_only_findings_with_a_trace_have_a_curve() -> None:
    assert [trace.finding for trace in traces(aneurysm()[0].study)] == [1]
