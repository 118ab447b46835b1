"""Measure: likelihood, intervals, limits of agreement, and lengths that follow the picture's scale."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lingyin.runtime.heads import GAUSSIAN_90, Value
from lingyin.tasks.contract import Inputs, Place, Shape
from lingyin.tasks.measure import Measure

TASK = Measure("age", "y")
LENGTH = Measure("width", "mm", length=True)


def exact(value: float, half: float) -> Value:
    return Value(value, half, value - half, value + half)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_only_numbers_are_learnt(bad: float) -> None:
    with pytest.raises(ValueError, match=r"age: .* is not a number"):
        TASK.target(bad)


def test_a_primed_head_first_says_mean_and_spread() -> None:
    head = TASK.head(Shape(3, (), (), 64))
    cls = np.array([[0, 0, 0], [2, 4, 6]], np.float32)
    TASK.prime(head, {"value": np.array([10, 14], np.float32)}, cls)
    raw = head(Inputs(torch.from_numpy(cls), (), torch.zeros(2, 1, 1, 1))).detach().numpy()
    np.testing.assert_allclose(raw, [[12, np.log(2)]] * 2, atol=1e-6)
    TASK.prime(head, {"value": np.array([7, 7], np.float32)}, cls)  # never varies: a spread of 1
    np.testing.assert_allclose(
        head(Inputs(torch.from_numpy(cls), (), torch.zeros(2, 1, 1, 1))).detach().numpy(), [[7, 0]] * 2, atol=1e-6
    )


def test_loss_by_hand_weighs_by_the_root_of_the_spread() -> None:
    raw = torch.tensor([[1.0, 0.0], [10.0, np.log(4.0)]])
    easy, hard = 0.5 * 2**2, 0.5 * (8 / 4) ** 2 + np.log(4)
    found = TASK.loss(raw, {"value": torch.tensor([3.0, 2.0])})
    assert float(found) == pytest.approx((easy * 1 + hard * 2) / 3)


def test_calibration_sets_the_width_of_intervals() -> None:
    raw = np.stack([np.zeros(19), np.full(19, np.log(2))], axis=1).astype(np.float32)
    labels = [float(each) for each in range(1, 20)]
    calibration = TASK.calibrate(raw, labels)
    assert calibration == pytest.approx({"spreads": 9.0})  # 18 of 19 are no more than 18 / 2 spreads off
    assert TASK.decode(raw[:1], calibration)[0].high == pytest.approx(18)
    assert TASK.decode(raw[:1])[0].low == pytest.approx(-2 * GAUSSIAN_90)


def test_figures_by_hand() -> None:
    found = TASK.metrics([exact(1, 1), exact(4, 1), exact(7, 1)], [2, 4, 9])
    spread = 1.96 * 1.0  # offsets -1, 0, -2
    expected = {"mae": 1, "bias": -1, "loa_low": -1 - spread, "loa_high": -1 + spread, "coverage": 2 / 3}
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert found["r"] == pytest.approx(21 / np.sqrt(18 * 26))
    single = TASK.metrics([exact(3, 1)], [3])
    assert single["mae"] == 0
    assert np.isnan([single["r"], single["loa_low"]]).all()
    assert np.isnan(TASK.metrics([exact(3, 1)] * 3, [1, 2, 3])["r"])  # always the same answer


def test_baseline_and_fifths() -> None:
    labels = [float(each) for each in range(101)]
    assert TASK.baseline(labels, np.zeros((1, 8, 8), np.float32)) == [Value(50, float(np.std(labels)), 5, 95)]
    assert np.bincount(TASK.strata(labels[:100])).tolist() == [20] * 5


def test_a_length_is_learnt_in_pixels_of_the_square() -> None:
    place = Place(np.array([[0.5, 0, 3], [0, 0.5, -8]]), height=100, width=120, mm_per_px=0.1)
    assert LENGTH.to_square(12.0, place, 64) == pytest.approx(60)  # 0.2 mm per pixel of the square
    back = LENGTH.to_frame(Value(60, 5, 50, 70), place)
    assert (back.value, back.sd, back.low, back.high) == pytest.approx((12, 1, 10, 14))
    assert TASK.to_square(12.0, place, 64) == 12
    assert TASK.to_frame(exact(3, 1), place) == exact(3, 1)
    unknown = Place(place.matrix, 100, 120)
    with pytest.raises(ValueError, match="width: the spacing"):
        LENGTH.to_square(12.0, unknown, 64)
    assert TASK.to_square(12.0, unknown, 64) == 12
