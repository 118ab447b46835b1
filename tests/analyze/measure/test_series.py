"""Series over time: outliers vanish, beats are found, noise and trends are not beats."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.analyze.measure.series import beats, smoothed, turning_points


def test_one_wild_frame_vanishes() -> None:
    values = [20.0] * 15
    values[7] = 60.0
    assert smoothed(values) == pytest.approx([20.0] * 15)


def test_short_series_are_left_alone() -> None:
    assert smoothed([1.0, 9.0, 2.0]) == pytest.approx([1.0, 9.0, 2.0])


def test_slow_pulsation_stays() -> None:
    wave = 20 + np.sin(np.linspace(0, 4 * np.pi, 60))
    assert np.abs(smoothed(wave.tolist()) - wave).max() < 0.12


def test_turning_points_of_two_beats() -> None:
    wave = np.cos(np.linspace(0, 4 * np.pi, 81))
    assert turning_points(wave) == [0, 20, 40, 60, 80]
    assert [(beat.largest, beat.smallest) for beat in beats(wave.tolist())] == [(0, 20), (40, 20), (40, 60), (80, 60)]


@pytest.mark.parametrize("series", [[5.0] * 20, list(np.linspace(10, 20, 20)), [1.0, 2.0], []])
def test_no_beat_without_a_turn(series: list[float]) -> None:
    assert beats(series) == []


def test_small_wiggles_on_a_beat_are_not_beats() -> None:
    rng = np.random.default_rng(3)
    wave = np.cos(np.linspace(0, 2 * np.pi, 41)) + rng.normal(0, 0.05, 41)
    assert len(beats(wave.tolist())) == 2
