"""Series over time: outliers vanish, beats are found, noise and trends are not beats."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.analyze.measure.series import beats, smoothed, steady, turning_points


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


def test_part_of_a_beat_at_the_end_of_a_clip_does_not_count() -> None:
    """Half of the last emptying is filmed: it says nothing about how far the heart empties."""
    wave = np.cos(np.linspace(0, 4 * np.pi, 81))[:72]
    assert [(beat.largest, beat.smallest) for beat in beats(wave.tolist())] == [(0, 20), (40, 20), (40, 60)]
    late = np.cos(np.linspace(0, 4 * np.pi, 81))[12:]
    assert [(beat.largest, beat.smallest) for beat in beats(late.tolist())] == [(28, 8), (28, 48), (68, 48)]


def test_the_extremes_of_a_fast_beat_stay() -> None:
    wave = np.cos(np.linspace(0, 6 * np.pi, 46))  # fifteen frames a beat
    calm = steady(wave.tolist())
    assert calm.max() == pytest.approx(1.0, abs=0.01)
    assert calm.min() == pytest.approx(-1.0, abs=0.03)
    noisy = wave + np.random.default_rng(1).normal(0, 0.1, 46)
    assert np.std(steady(noisy.tolist()) - wave) < 0.8 * np.std(noisy - wave)
    assert steady([3.0, 3.0]) == pytest.approx([3.0, 3.0])


@pytest.mark.parametrize("series", [[5.0] * 20, list(np.linspace(10, 20, 20)), [1.0, 2.0], []])
def test_no_beat_without_a_turn(series: list[float]) -> None:
    assert beats(series) == []


def test_small_wiggles_on_a_beat_are_not_beats() -> None:
    rng = np.random.default_rng(3)
    wave = np.cos(np.linspace(0, 2 * np.pi, 41)) + rng.normal(0, 0.05, 41)
    assert len(beats(wave.tolist())) == 2
