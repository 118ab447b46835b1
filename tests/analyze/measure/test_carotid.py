"""Intima-media thickness of straight, tilted and bent bands."""

from __future__ import annotations

import pytest

from lingyin.analyze.measure.carotid import band_thickness, measure_intima_media
from tests.analyze.measure.shots import BARE, band_mm, ellipse_mm, shot


@pytest.mark.parametrize(("sag", "tilt"), [(0.0, 0.0), (0.0, 0.25), (1.5, 0.0), (1.0, -0.15)])
def test_thickness_is_taken_at_right_angles_to_the_wall(sag: float, tilt: float) -> None:
    assert band_thickness(band_mm(30.0, 0.8, sag, tilt)) == pytest.approx(0.8, rel=0.02)


def test_the_median_over_the_cine() -> None:
    shots = [
        shot(frame, band_mm(30.0, size), margin_mm=0.02) for frame, size in enumerate([0.7, 0.72, 0.74, 0.76, 1.4])
    ]
    (measured,) = measure_intima_media(shots).measured
    assert measured.value == pytest.approx(0.74, rel=0.02)
    assert measured.interval[0] < 0.74 < measured.interval[1]


def test_a_round_blob_is_no_wall() -> None:
    assert band_thickness(ellipse_mm(10, 8)) is None
    assert measure_intima_media([shot(0, ellipse_mm(10, 8))]).refused[0].reason == "not-visible"


@pytest.mark.parametrize(("shots", "reason"), [([], "not-visible"), ([shot(0, band_mm(30, 1), BARE)], "uncalibrated")])
def test_abstention(shots: list, reason: str) -> None:  # type: ignore[type-arg]
    assert [item.reason for item in measure_intima_media(shots).refused] == [reason]
