"""Textures: unit spread, grain of the size asked for, lines at the spacing asked for, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.io.phantom.texture import clouds, fibres


def test_clouds_have_unit_spread_and_repeat() -> None:
    first, again = (clouds(np.random.default_rng(3), (200, 120), (30.0, 20.0)) for _ in range(2))
    assert first.shape == (200, 120)
    assert first.dtype == np.float32
    assert first.std() == pytest.approx(1, abs=1e-4)
    assert np.array_equal(first, again)


@pytest.mark.parametrize("axis", [0, 1])
def test_larger_grain_is_smoother_along_its_own_axis(axis: int) -> None:
    grain = (40.0, 4.0) if axis == 0 else (4.0, 40.0)
    field = clouds(np.random.default_rng(8), (200, 200), grain, 1)
    along, across = np.diff(field, axis=axis).std(), np.diff(field, axis=1 - axis).std()
    assert along < across / 4


@pytest.mark.parametrize(("spacing", "tilt"), [(2.0, 0.0), (4.0, 0.0), (4.0, 0.5)])
def test_fibres_repeat_at_their_spacing_along_their_tilt(spacing: float, tilt: float) -> None:
    x, z = np.meshgrid(np.linspace(-8, 8, 81, dtype=np.float32), np.arange(0, 40, 0.1, dtype=np.float32))
    lines = fibres(np.random.default_rng(2), x, z, spacing, tilt, 0.0)
    assert lines.min() >= 0
    assert lines.max() <= 1
    spectrum = np.fft.rfft(lines, axis=0)
    peak = round(40 / spacing)
    power = np.abs(spectrum).sum(axis=1)
    assert int(power[peak // 2 :].argmax()) + peak // 2 == peak
    phase = np.unwrap(np.angle(spectrum[peak]))
    slope = np.average(np.gradient(phase, 0.2), weights=np.abs(spectrum[peak]))
    assert slope == pytest.approx(-2 * np.pi * tilt / spacing, abs=0.06)
