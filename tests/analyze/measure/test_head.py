"""Fetal head: circumference and diameters of a known ellipse, and what is no head."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.analyze.measure.caliper import Ellipse
from lingyin.analyze.measure.head import CODES, measure_head
from tests.analyze.measure.shots import BARE, CALIBRATED, band_mm, ellipse_mm, shot


def test_a_known_head() -> None:
    shots = [shot(frame, ellipse_mm(100 + 0.4 * frame, 78, 0.5)) for frame in range(5)]
    around, across, along = measure_head(shots).measured
    true = Ellipse(np.zeros(2), 50.4, 39.0, np.array([1.0, 0.0])).circumference
    assert around.value == pytest.approx(true, rel=2e-3)
    assert across.value == pytest.approx(78, rel=2e-3)
    assert along.value == pytest.approx(100.8, rel=2e-3)
    for measured in (around, across, along):
        assert measured.interval[0] < measured.value < measured.interval[1]
        assert measured.evidence[0].frame == 2


def test_caliper_lines_have_the_stated_length_on_the_picture() -> None:
    _, across, along = measure_head([shot(0, ellipse_mm(100, 78, 0.5))]).measured
    for measured in (across, along):
        start, end = CALIBRATED.to_mm(np.asarray(measured.evidence[0].points))
        assert np.hypot(*(end - start)) == pytest.approx(measured.value, abs=0.05)


def test_a_strip_is_no_head() -> None:
    assert {item.reason for item in measure_head([shot(0, band_mm(120, 20))]).refused} == {"not-visible"}


@pytest.mark.parametrize(
    ("shots", "reason"), [([], "not-visible"), ([shot(0, ellipse_mm(90, 70), BARE)], "uncalibrated")]
)
def test_abstention(shots: list, reason: str) -> None:  # type: ignore[type-arg]
    outcome = measure_head(shots)
    assert not outcome.measured
    assert [(item.code, item.reason) for item in outcome.refused] == [(code, reason) for code in CODES]
