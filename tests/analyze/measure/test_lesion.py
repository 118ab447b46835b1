"""Lesion axes on known ellipses, near the largest section, whole sections before cut ones."""

from __future__ import annotations

import pytest

from lingyin.analyze.measure.lesion import measure_lesion
from lingyin.core.study import EvidenceKind
from tests.analyze.measure.shots import BARE, ellipse_mm, shot


@pytest.mark.parametrize("angle", [0.0, 0.4, 1.4])
def test_axes_of_a_nodule(angle: float) -> None:
    long, short = measure_lesion([shot(3, ellipse_mm(18, 11, angle))], "thyroid_nodule").measured
    assert (long.code, short.code) == ("thyroid_nodule_long_axis", "thyroid_nodule_short_axis")
    assert long.value == pytest.approx(18, rel=3e-3)
    assert short.value == pytest.approx(11, rel=3e-3)
    assert [each.kind for each in long.evidence] == [EvidenceKind.MASK, EvidenceKind.LINE]
    assert long.evidence[0].label == "thyroid_nodule"


def test_a_sweep_is_measured_near_its_largest_section() -> None:
    sizes = [10, 12, 14, 16, 18, 20, 19.5, 18, 16, 13, 11]
    shots = [shot(frame, ellipse_mm(size, size * 0.7)) for frame, size in enumerate(sizes)]
    long, short = measure_lesion(shots, "ovarian_lesion").measured
    assert long.value == pytest.approx(19.5, rel=0.02)
    assert short.value == pytest.approx(long.value * 0.7, rel=0.01)
    assert long.evidence[0].frame == 6


def test_whole_sections_come_before_cut_ones() -> None:
    shots = [shot(0, ellipse_mm(40, 30), cut=True), shot(1, ellipse_mm(25, 20))]
    long, _ = measure_lesion(shots, "breast_lesion").measured
    assert long.value == pytest.approx(25, rel=3e-3)
    assert long.caveats == ()
    cut, _ = measure_lesion(shots[:1], "breast_lesion").measured
    assert cut.caveats == ("cut-by-sector-edge",)


def test_a_blurred_edge_widens_the_interval() -> None:
    sharp, blurred = (
        measure_lesion([shot(0, ellipse_mm(20, 15), margin_mm=margin)], "liver_lesion").measured[0]
        for margin in (0.1, 1.5)
    )
    assert blurred.interval[1] - blurred.interval[0] > 1.5 * (sharp.interval[1] - sharp.interval[0])


@pytest.mark.parametrize(
    ("shots", "reason"), [([], "not-visible"), ([shot(0, ellipse_mm(9, 7), BARE)], "uncalibrated")]
)
def test_abstention(shots: list, reason: str) -> None:  # type: ignore[type-arg]
    assert [item.reason for item in measure_lesion(shots, "thyroid_nodule").refused] == [reason, reason]
