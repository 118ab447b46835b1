"""Landmark: points between cells, radii that hold, figures by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lingyin.runtime.heads import RAYLEIGH_90, Spot
from lingyin.tasks.contract import Floats, Place
from lingyin.tasks.landmark import Landmark

TASK = Landmark(("apex", "base"))
ONE = Landmark(("apex",))


def raw(*cells: tuple[int, int, float]) -> Floats:
    maps = np.full((1, 1, 16, 16), -60, np.float32)
    for row, column, logit in cells:
        maps[0, 0, row, column] = logit
    return maps


def test_a_point_lies_between_cells_by_their_probability() -> None:
    ((spot,),) = ONE.decode(raw((3, 5, np.log(3)), (3, 6, 0)))
    assert (spot.x, spot.y) == pytest.approx((4 * 5.75 - 0.5, 4 * 3.5 - 0.5))
    sd = 4 * np.sqrt(0.25 * 0.75 / 2 + 1 / 12)
    assert (spot.sd, spot.radius) == pytest.approx((sd, RAYLEIGH_90 * sd))
    ((wider,),) = ONE.decode(raw((3, 5, np.log(3)), (3, 6, 0)), {"radius": 3.0})
    assert wider.radius == pytest.approx(3 * sd)


def test_a_far_rival_widens_the_spread_but_does_not_move_the_point() -> None:
    ((spot,),) = ONE.decode(raw((3, 2, np.log(3)), (3, 12, 0)))
    assert (spot.x, spot.y) == pytest.approx((9.5, 13.5))
    assert spot.sd == pytest.approx(4 * np.sqrt(0.25 * 100 / 2 + 1 / 12))


def test_what_is_learnt_from_a_point_decodes_to_it() -> None:
    """The loss is least at the bump around the point, and that bump says the point to a fraction of a pixel."""
    target = {"xy": torch.from_numpy(ONE.target({"apex": (30.2, 21.9)})["xy"])[None]}
    maps = torch.zeros(1, 1, 16, 16, requires_grad=True)
    ONE.loss(maps, target).backward()  # type: ignore[no-untyped-call]
    assert maps.grad is not None
    bump = 1 / 256 - maps.grad.numpy()  # the gradient of cross-entropy is what is said less what is true
    ((spot,),) = ONE.decode(np.log(np.maximum(bump, 1e-12)))
    assert (spot.x, spot.y) == pytest.approx((30.2, 21.9), abs=0.35)


def test_unknown_points_cost_nothing_and_unknown_names_are_refused() -> None:
    xy = TASK.target({"base": (3.0, 4.0)})["xy"]
    assert np.isnan(xy[0]).all()
    assert xy[1].tolist() == [3, 4]
    with pytest.raises(ValueError, match="unknown points rim; known are apex, base"):
        TASK.target({"rim": (0.0, 0.0)})
    maps = torch.randn(1, 2, 8, 8, generator=torch.Generator().manual_seed(0), requires_grad=True)
    TASK.loss(maps, {"xy": torch.from_numpy(xy)[None]}).backward()  # type: ignore[no-untyped-call]
    assert maps.grad is not None
    assert not maps.grad[0, 0].any()
    assert maps.grad[0, 1].abs().max() > 0
    assert float(TASK.loss(maps.detach(), {"xy": torch.full((1, 2, 2), torch.nan)})) == 0


def test_figures_by_hand_leave_unknown_points_out() -> None:
    here = [Spot(0, 0, 1, 6), Spot(10, 10, 1, 2)]
    found = TASK.metrics([here, here], [{"apex": (3, 4), "base": (10, 22)}, {"apex": (0, 7)}])
    assert found == pytest.approx({"mre": 8, "median": 7, "within_5": 1 / 3, "within_10": 2 / 3, "coverage": 1 / 3})
    assert all(np.isnan(each) for each in TASK.metrics([here], [{}]).values())


def test_calibration_is_the_quantile_of_offsets_in_spreads() -> None:
    outputs = np.concatenate([raw((3, 5, 0))] * 19)  # at (21.5, 13.5), sd 4 / sqrt(12)
    labels = [{"apex": (21.5 + off, 13.5)} for off in range(19)]
    found = ONE.calibrate(outputs, labels)
    assert found["radius"] == pytest.approx(17 * np.sqrt(12) / 4)  # the 18th of 19
    held = ONE.metrics(ONE.decode(outputs, {"radius": found["radius"] + 1e-6}), labels)["coverage"]
    assert held == pytest.approx(18 / 19)
    assert ONE.calibrate(outputs, [{}] * 19) == {}


def test_baseline_is_the_mean_place_with_its_spread() -> None:
    labels = [{"apex": (10.0, 10.0)}, {"apex": (14.0, 10.0)}, {}]
    ((apex, base),) = TASK.baseline(labels, np.zeros((1, 64, 64), np.float32))
    assert (apex.x, apex.y, apex.sd) == pytest.approx((12, 10, np.sqrt(2)))
    assert (base.x, base.y) == (32, 32)
    assert np.isnan(base.radius)


def test_points_move_to_the_square_and_back_with_their_radius() -> None:
    place = Place(np.array([[0.5, 0, 3], [0, 0.5, -8]]), height=100, width=120)
    moved = TASK.to_square({"apex": (40, 60), "base": (50, 10)}, place, 64)
    assert moved == {"apex": (23, 22)}  # the other lies above the square
    (back,) = ONE.to_frame([Spot(23, 22, 1.5, 3)], place)
    assert (back.x, back.y, back.sd, back.radius) == pytest.approx((40, 60, 3, 6))
