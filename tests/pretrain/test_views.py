"""Views by hand: where a point goes under flip, turn and crop, and what gain, gamma, shadow and speckle do to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from lingyin.pretrain.config import ViewsConfig
from lingyin.pretrain.views import ViewParameters, apply_views, draw_views

STILL = ViewsConfig(least_scale=1, rotation_degrees=0, flip=False, depth_gain=0, speckle=0, shadow=0, blur=0)


def only(**changes: Any) -> ViewParameters:
    """Parameters of one view that changes nothing but what is named."""
    drawn = draw_views(STILL, np.random.default_rng(0), 1)
    arrays: dict[str, Any] = {name: np.asarray([value], getattr(drawn, name).dtype) for name, value in changes.items()}
    return replace(drawn, **arrays)


def point(row: int, column: int, side: int = 32) -> np.ndarray[Any, np.dtype[np.uint8]]:
    stored = np.zeros((side, side, 2), np.uint8)
    stored[row, column] = 255
    return stored


@pytest.mark.parametrize(
    ("changes", "row", "column"),
    [
        ({"flip": True}, 5, 21),
        ({"angle": np.pi / 2}, 21, 5),
        ({"angle": np.pi}, 26, 21),
        ({"angle": np.pi, "flip": True}, 26, 10),
    ],
)
def test_picture_and_sector_of_a_point_go_to_the_same_known_place(
    changes: dict[str, Any], row: int, column: int
) -> None:
    images, sectors = apply_views([point(5, 10)], only(**changes), 32)
    expected = torch.zeros(32, 32)
    expected[row, column] = 1.0
    torch.testing.assert_close(images[0, 0], expected, atol=0.02, rtol=0)
    torch.testing.assert_close(sectors, images)


def test_a_crop_shows_its_quarter_and_black_lies_outside_the_stored_picture() -> None:
    stored = np.zeros((32, 32, 2), np.uint8)
    stored[:16, :16], stored[16:, :16] = 200, 100
    crop = {"scale": (0.5, 0.5), "centre": (0.25, 0.25)}
    images, sectors = apply_views([stored], only(**crop), 16)
    assert torch.unique(images).tolist() == pytest.approx([200 / 255])
    beside, outside = apply_views([stored], only(scale=(0.5, 0.5), centre=(0.0, 0.25)), 16)
    assert (outside[..., :8] == 0).all()
    assert (beside[..., 8:] == images[..., 8:]).all()
    assert torch.equal(sectors, images)


def test_gain_rises_in_a_line_from_knot_to_knot_and_leaves_the_sector() -> None:
    stored = np.full((31, 31, 2), 51, np.uint8)
    images, sectors = apply_views([stored], only(gain=(1.0, 2.0, 3.0, 4.0)), 31)
    torch.testing.assert_close(images[0, 0, :, 7], 0.2 * torch.linspace(1, 4, 31))
    assert torch.unique(sectors).tolist() == pytest.approx([0.2])


def test_gamma_is_a_power_and_a_shadow_falls_where_it_is_drawn() -> None:
    stored = np.full((33, 33, 2), 204, np.uint8)
    images, _ = apply_views([stored], only(gamma=2.0), 33)
    assert torch.unique(images).tolist() == pytest.approx([0.64])
    images, sectors = apply_views([stored], only(shadow=(0.25, 0.1, 0.5)), 33)
    row = images[0, 0, 20]
    assert row.argmin() == 8
    assert row[8].item() == pytest.approx(0.8 * (1 - 0.5 / (1 + np.exp(-6.0))), abs=1e-4)
    assert row[-1].item() == pytest.approx(0.8, abs=1e-4)
    torch.testing.assert_close(row.expand(33, 33), images[0, 0])  # down the whole column
    assert torch.unique(sectors).tolist() == pytest.approx([0.8])


def test_speckle_multiplies_with_the_deviation_drawn() -> None:
    stored = np.full((64, 64, 2), 102, np.uint8)
    images, sectors = apply_views([stored], only(speckle=0.1), 64)
    assert images.mean().item() == pytest.approx(0.4, abs=0.003)
    assert images.std().item() == pytest.approx(0.04, rel=0.1)
    assert (sectors == sectors[0, 0, 0, 0]).all()


def test_crops_stay_inside_the_picture_and_keep_their_least_area() -> None:
    drawn = draw_views(ViewsConfig(least_scale=0.4), np.random.default_rng(4), 400)
    assert (drawn.centre - drawn.scale / 2 >= -1e-6).all()
    assert (drawn.centre + drawn.scale / 2 <= 1 + 1e-6).all()
    assert drawn.scale.min() >= 0.4 * np.exp(-0.15) - 1e-6
    assert 0.4 < drawn.flip.mean() < 0.6
