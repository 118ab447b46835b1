"""Vessel diameters: across, oblique and along the course; the largest over the cine; abstention."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.analyze.measure.vessel import measure_vessel, vessel_diameter
from lingyin.core.study import EvidenceKind
from tests.analyze.measure.shots import BARE, CALIBRATED, band_mm, ellipse_mm, shot

STRUCTURE, CODE = "abdominal_aorta_outer", "abdominal_aorta_diameter"


@pytest.mark.parametrize(("long", "short"), [(30.0, 30.0), (34.0, 30.0), (45.0, 30.0)])
@pytest.mark.parametrize("angle", [0.0, 0.8])
def test_an_oblique_cut_does_not_widen_the_vessel(long: float, short: float, angle: float) -> None:
    line = vessel_diameter(ellipse_mm(long, short, angle))
    assert line is not None
    assert line.length == pytest.approx(30.0, rel=5e-3)


def test_a_tube_is_measured_across_its_course() -> None:
    line = vessel_diameter(band_mm(90.0, 24.0, tilt=0.2))
    assert line is not None
    assert line.length == pytest.approx(24.0, rel=0.03)


def test_the_largest_of_the_pulsation_is_stated_with_its_trace() -> None:
    sizes = 32.0 + 1.0 * np.sin(np.linspace(0, 6 * np.pi, 90))
    shots = [shot(frame, ellipse_mm(size, size)) for frame, size in enumerate(sizes)]
    (measured,) = measure_vessel(shots, STRUCTURE, CODE).measured
    assert measured.value == pytest.approx(33.0, abs=0.3)
    low, high = measured.interval
    assert low < measured.value < high
    line, mask, trace = measured.evidence
    assert (line.kind, mask.kind, trace.kind) == (EvidenceKind.LINE, EvidenceKind.MASK, EvidenceKind.TRACE)
    assert sizes[line.frame] == pytest.approx(33.0, abs=0.3)
    ends = CALIBRATED.to_mm(np.asarray(line.points))
    assert np.hypot(*(ends[1] - ends[0])) == pytest.approx(sizes[line.frame], abs=0.1)
    assert len(trace.frames) == len(trace.values) == 90


def test_one_wild_frame_does_not_set_the_diameter() -> None:
    shots = [shot(frame, ellipse_mm(20, 20)) for frame in range(30)]
    shots[12] = shot(12, ellipse_mm(44, 44))
    (measured,) = measure_vessel(shots, STRUCTURE, CODE).measured
    assert measured.value == pytest.approx(20.0, rel=5e-3)


def test_one_frame_is_enough_and_has_no_trace() -> None:
    (measured,) = measure_vessel([shot(0, ellipse_mm(26, 26))], STRUCTURE, CODE).measured
    assert measured.value == pytest.approx(26.0, rel=5e-3)
    assert [evidence.kind for evidence in measured.evidence] == [EvidenceKind.LINE, EvidenceKind.MASK]


def test_without_calibration_or_outline_there_is_no_number() -> None:
    bare = measure_vessel([shot(0, ellipse_mm(26, 26), BARE)], STRUCTURE, CODE)
    assert not bare.measured
    assert [(item.code, item.reason) for item in bare.refused] == [(CODE, "uncalibrated")]
    assert measure_vessel([], STRUCTURE, CODE).refused[0].reason == "not-visible"


def test_a_vessel_cut_by_the_sector_says_so() -> None:
    (measured,) = measure_vessel([shot(0, ellipse_mm(26, 26), cut=True)], STRUCTURE, CODE).measured
    assert measured.caveats == ("cut-by-sector-edge",)
