"""Relative gains: direction, the best peer, and intervals that hold a known gain."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.bench.gains import Compared, application_gain, mean_gain, relative_gain


def compared(ours: float, lower: bool = False, images: int = 200) -> Compared:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.05, images)
    values = {name: level + noise for name, level in (("ours", ours), ("weak", 0.5), ("strong", 0.8))}
    subjects = [f"s{number // 2}" for number in range(images)]
    peers = {name: lambda rows, name=name: float(values[name][rows].mean()) for name in ("weak", "strong")}
    return Compared("an application", subjects, lower, lambda rows: float(values["ours"][rows].mean()), peers)


@pytest.mark.parametrize(("lower", "peer", "gain"), [(False, "strong", 0.1), (True, "weak", -0.76)])
def test_the_best_peer_is_the_one_to_beat(lower: bool, peer: str, gain: float) -> None:
    best, measured = application_gain(compared(0.88, lower), draws=100)
    assert best == peer
    assert measured.value == pytest.approx(gain, abs=0.01)
    assert measured.low <= measured.value <= measured.high


def test_the_same_subjects_are_drawn_for_both() -> None:
    _, measured = application_gain(compared(0.88), draws=100)
    assert measured.high - measured.low < 0.01  # the noise is shared, so it cancels


def test_mean_over_applications() -> None:
    measured = mean_gain([compared(0.88), compared(0.80)], draws=50)
    assert measured.value == pytest.approx(0.05, abs=0.005)
    assert measured.n == 2


def test_nothing_to_compare() -> None:
    with pytest.raises(ValueError, match="no applications"):
        mean_gain([])
    assert np.isnan(relative_gain(0.5, 0.0, lower_is_better=False))
    assert relative_gain(1.0, 2.0, lower_is_better=True) == 0.5
