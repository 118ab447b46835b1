"""Muscle thickness between two painted aponeuroses."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.analyze import Engine
from lingyin.analyze.masks import split_bands
from lingyin.analyze.measure.caliper import Points
from lingyin.analyze.measure.muscle import measure_muscle, thickness
from lingyin.analyze.measure.shot import Scale, Shot
from tests.analyze.clips import CALIBRATION, HEIGHT, WIDTH, make_clip
from tests.analyze.fakes import FakeNetwork, Picture, head


def band(depth: float, thick: float = 2.0, slope: float = 0.0, left: float = 5.0, right: float = 45.0) -> Points:
    """A band whose middle lies at `depth` mm in the middle of the picture (x = 25)."""
    x = np.linspace(left, right, 60)
    y = depth + slope * (x - 25)
    return np.vstack([np.stack([x, y - thick / 2], 1), np.stack([x, y + thick / 2], 1)[::-1]])


def shot(outline: Points, frame: int = 0, calibrated: bool = True) -> Shot:
    scale = Scale(0.5, 0.5, 0.4, calibrated)
    return Shot(frame, frame / 25, 0.9, 1.0, {0.5: scale.to_px(outline)}, scale, False)


@pytest.mark.parametrize("slope", [0.0, 0.2, -0.2])
def test_the_distance_between_facing_edges_at_right_angles_to_the_course(slope: float) -> None:
    line = thickness(band(10, slope=slope), band(32, slope=slope))
    assert line is not None
    assert line.length == pytest.approx(20 * np.cos(np.arctan(slope)), abs=0.05)
    assert (line.end - line.start)[0] == pytest.approx(-line.length * np.sin(np.arctan(slope)), abs=0.05)


def test_bands_that_are_not_side_by_side_are_no_muscle() -> None:
    assert thickness(band(10, left=0, right=20), band(30, left=25, right=45)) is None
    assert thickness(band(10, slope=0.8), band(40, slope=0.8)) is None
    assert thickness(band(30), band(10)) is None


def test_the_median_frame_counts_and_frames_with_one_band_do_not() -> None:
    shots = [shot(band(depth), frame) for frame, gap in enumerate((20, 21, 40)) for depth in (10, 12 + gap)]
    outcome = measure_muscle([*shots, shot(band(10), 3)])
    [measured] = outcome.measured
    assert measured.code == "muscle_thickness"
    assert measured.value == pytest.approx(21, abs=0.05)
    assert {each.frame for each in measured.evidence} == {1}
    assert {each.code: each.reason for each in outcome.refused} == {
        "pennation_angle": "fascicles-unreliable",
        "fascicle_length": "fascicles-unreliable",
    }


def test_without_lengths_or_without_bands_there_is_no_thickness() -> None:
    flat = [shot(band(depth), calibrated=False) for depth in (10, 30)]
    assert measure_muscle(flat).refused[0].reason == "uncalibrated"
    assert measure_muscle([]).refused[0].reason == "not-visible"
    assert measure_muscle([shot(band(10))]).refused[0].reason == "not-visible"


def bands(_number: int) -> Picture:
    rows = np.arange(HEIGHT)[:, None] * np.ones((1, WIDTH))
    picture = np.zeros((HEIGHT, WIDTH), np.float32)
    for centre in (70, 150):
        picture = np.maximum(picture, 1 / (1 + np.exp((np.abs(rows - centre) - 6) / 0.8)))
    picture[:, :30] = picture[:, -30:] = 0
    return picture.astype(np.float32)


def test_one_map_is_divided_into_its_two_bands() -> None:
    divided = split_bands(bands(0))
    assert divided is not None
    upper, lower = divided
    assert min(upper[70].max(), lower[150].max()) > 0.9
    assert max(upper[150].max(), lower[70].max()) < 0.1
    assert split_bands(np.zeros((20, 20), np.float32)) is None


def test_a_muscle_through_the_engine() -> None:
    network = FakeNetwork(
        ("muscle", "none"),
        lambda _number: [0.95, 0.05],
        [head("aponeurosis", "segment", ("aponeurosis",), ["muscle"])],
        {"aponeurosis": bands},
    )
    analysis = Engine(network=network).analyze(make_clip(5))  # type: ignore[arg-type]
    found = next(each for each in analysis.study.findings if each.code == "muscle_thickness")
    assert found.value == pytest.approx((150 - 70 - 12) * CALIBRATION[1], abs=0.8)
    assert found.abnormal is None
    assert len(analysis.outlines[0]["aponeurosis"]) == 2
