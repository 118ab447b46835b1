"""Targets of reconstruction against values worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from lingyin.pretrain.config import TargetsConfig
from lingyin.pretrain.targets import FLOOR, Gradients, Pixels, SmoothPixels, TargetHeads, make_targets


def test_pixels_of_each_patch_by_hand() -> None:
    image = torch.tensor([[0.0, 0.0, 0.2, 0.2], [1.0, 1.0, 0.2, 0.2]])[None, None]
    first, second = Pixels(2)(image)[0]
    side = 0.5 / math.sqrt(0.25 + FLOOR**2)
    torch.testing.assert_close(first, torch.tensor([-side, -side, side, side]))
    torch.testing.assert_close(second, torch.zeros(4))


def test_contrast_below_two_grey_levels_is_not_blown_up() -> None:
    """A ripple of half a grey level must stay a ripple: it is quantisation, not anatomy."""
    image = torch.full((1, 1, 2, 2), 0.5)
    image[..., 0] += 1 / 255
    values = Pixels(2)(image)
    assert values.abs().max().item() == pytest.approx(0.5 / math.sqrt(0.25 + 4), rel=1e-4)


def test_smoothing_spreads_a_point_as_a_gaussian() -> None:
    """Before its normalisation the response to a point is the bell itself, so ratios of differences are known."""
    image = torch.zeros(1, 1, 16, 16)
    image[0, 0, 8, 8] = 1.0
    patch = SmoothPixels(16, sigma=1.5)(image).view(16, 16)
    ground = patch[0, 0]  # further from the point than the kernel reaches
    bell = [math.exp(-(step**2) / (2 * 1.5**2)) for step in range(4)]
    for step in range(4):
        share = (patch[8, 8 + step] - ground) / (patch[8, 8] - ground)
        assert share.item() == pytest.approx(bell[step], abs=1e-4)
    assert (patch[9, 9] - ground).item() == pytest.approx((patch[8, 8] - ground).item() * bell[1] ** 2, abs=1e-3)


def test_smoothing_keeps_even_ground_up_to_the_border() -> None:
    assert SmoothPixels(8)(torch.full((1, 1, 16, 16), 0.7)).abs().max() < 1e-3


def test_an_edge_votes_in_its_own_cell_only_and_has_no_sign() -> None:
    image = torch.zeros(1, 1, 8, 8)
    image[..., :4, 2:] = 0.8  # a vertical edge in the upper left cell, a horizontal one below the upper cells
    image[..., 3, :] = image[..., 2, :]
    votes = Gradients(8)
    dark, bright = votes(image), votes(1 - image)
    torch.testing.assert_close(dark, bright)
    cells = dark[0, 0].view(Gradients.bins, 4)
    assert cells[:, 0].argmax() == 0  # along x
    assert cells[0, 0] > 10 * cells[0, 1]
    assert cells[1:, 1].sum() > 10 * cells[0, 1]
    assert dark.norm().item() == pytest.approx(math.sqrt(votes.dim), rel=1e-4)


def test_a_flat_patch_has_no_direction() -> None:
    assert Gradients(8)(torch.full((1, 1, 16, 16), 0.4)).abs().max() == 0


def test_only_weighted_targets_are_made_each_with_a_head_of_its_width() -> None:
    made = make_targets(TargetsConfig(pixels=0.0, smooth=0.25, gradients=2.0), 8, nn.Identity())
    assert {name: weight for name, (weight, _) in made.items()} == {"smooth": 0.25, "gradients": 2.0}
    heads = TargetHeads(made, 12, 20)
    tokens = torch.zeros(1, 5, 12)
    assert {name: tuple(head(tokens).shape) for name, head in heads.patches.items()} == {
        "smooth": (1, 5, 64),
        "gradients": (1, 5, 36),
    }
    assert not len(heads.pooled)
