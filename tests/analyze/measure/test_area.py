"""Areas in square centimetres."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.analyze.measure.area import measure_area
from tests.analyze.measure.shots import BARE, ellipse_mm, shot

STRUCTURE, CODE = "bladder_lumen", "bladder_lumen_area"


def test_a_known_area_with_unequal_spacings() -> None:
    (measured,) = measure_area([shot(0, ellipse_mm(80, 60, 0.3))], STRUCTURE, CODE).measured
    assert measured.value == pytest.approx(np.pi / 4 * 80 * 60 / 100, rel=3e-3)
    assert measured.interval[0] < measured.value < measured.interval[1]


def test_near_the_largest_of_the_cine() -> None:
    shots = [shot(frame, ellipse_mm(60 + frame, 50)) for frame in range(11)]
    (measured,) = measure_area(shots, STRUCTURE, CODE).measured
    assert measured.evidence[0].frame == 9


@pytest.mark.parametrize(
    ("shots", "reason"), [([], "not-visible"), ([shot(0, ellipse_mm(9, 7), BARE)], "uncalibrated")]
)
def test_abstention(shots: list, reason: str) -> None:  # type: ignore[type-arg]
    assert [item.reason for item in measure_area(shots, STRUCTURE, CODE).refused] == [reason]
