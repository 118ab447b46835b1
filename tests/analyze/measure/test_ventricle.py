"""Left ventricle: discs against closed forms, beats, ratios without calibration, abstention."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.analyze.measure.shot import Shot
from lingyin.analyze.measure.ventricle import CHANGE, DIASTOLE, EJECTION, SYSTOLE, disc_volume, measure_ventricle
from lingyin.core.study import EvidenceKind
from tests.analyze.measure.shots import BARE, CALIBRATED, ellipse_mm, shot


def beating(turns: float, scale: object = CALIBRATED, frames: int = 40, margin_mm: float = 0.2) -> list[Shot]:
    """Ellipses from 90 x 50 mm (end diastole) to 80 x 35 mm (end systole), starting at end diastole."""
    share = (1 - np.cos(np.linspace(0, 2 * np.pi * turns, frames))) / 2
    return [
        shot(frame, ellipse_mm(90 - 10 * each, 50 - 15 * each, 1.5), scale, margin_mm=margin_mm)  # type: ignore[arg-type]
        for frame, each in enumerate(share)
    ]


def test_discs_give_the_volume_of_an_ellipsoid() -> None:
    assert disc_volume(ellipse_mm(90, 50, 1.1)) == pytest.approx(np.pi / 6 * 90 * 50**2, rel=0.01)


@pytest.mark.parametrize("turns", [1.0, 2.0, 3.0])
def test_two_ends_of_the_beat(turns: float) -> None:
    values = {each.code: each.value for each in measure_ventricle(beating(turns, frames=int(30 * turns))).measured}
    full, empty = np.pi / 4 * 90 * 50 / 100, np.pi / 4 * 80 * 35 / 100
    assert values[DIASTOLE] == pytest.approx(full, rel=0.02)
    assert values[SYSTOLE] == pytest.approx(empty, rel=0.02)
    assert values[CHANGE] == pytest.approx(100 * (1 - empty / full), abs=1.0)
    assert values[EJECTION] == pytest.approx(100 * (1 - 80 * 35**2 / (90 * 50**2)), abs=1.2)


def test_ratios_need_no_calibration_but_areas_do() -> None:
    outcome = measure_ventricle(beating(1.0, BARE))
    assert {each.code for each in outcome.measured} == {CHANGE, EJECTION}
    assert {(item.code, item.reason) for item in outcome.refused} == {
        (DIASTOLE, "uncalibrated"),
        (SYSTOLE, "uncalibrated"),
    }


def test_an_edge_too_uncertain_for_a_ratio_gives_none() -> None:
    outcome = measure_ventricle(beating(1.0, margin_mm=12.0))
    assert {each.code for each in outcome.measured} == {DIASTOLE, SYSTOLE}
    assert {(item.code, item.reason) for item in outcome.refused} == {
        (CHANGE, "low-certainty"),
        (EJECTION, "low-certainty"),
    }


def test_evidence_shows_both_ends_and_the_trace() -> None:
    change = next(each for each in measure_ventricle(beating(1.0)).measured if each.code == CHANGE)
    full, empty, trace = change.evidence
    assert full.frame in {0, 39}
    assert empty.frame in {19, 20}
    assert trace.kind is EvidenceKind.TRACE
    assert max(trace.values) == pytest.approx(100.0)


def test_the_single_plane_is_told() -> None:
    ejection = next(each for each in measure_ventricle(beating(1.0)).measured if each.code == EJECTION)
    assert ejection.caveats == ("single-plane",)
    assert ejection.interval[1] - ejection.interval[0] >= 10.0


@pytest.mark.parametrize(
    ("shots", "reason"),
    [
        ([], "not-visible"),
        (beating(1.0)[:1], "single-frame"),
        (beating(1.0)[:5], "no-complete-cycle"),
        (beating(0.4), "no-complete-cycle"),
        ([shot(frame, ellipse_mm(90, 50)) for frame in range(30)], "no-complete-cycle"),
    ],
)
def test_no_beat_no_number(shots: list[Shot], reason: str) -> None:
    outcome = measure_ventricle(shots)
    assert not outcome.measured
    assert {item.reason for item in outcome.refused} == {reason}
