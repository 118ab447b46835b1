"""Masked convolutions: what is hidden changes nothing that is seen, on no map; and the masked network learns."""

from __future__ import annotations

import pytest
import torch

from lingyin.nets.lite0 import Lite0, fold, imagenet_lite0
from lingyin.nets.spark import MaskedLite0, SparkNet


@pytest.fixture(scope="module")
def net() -> Lite0:
    torch.manual_seed(0)
    return Lite0().eval()


def test_hidden_pixels_change_nothing_on_any_map(net: Lite0) -> None:
    encoder, seen = MaskedLite0(net), torch.tensor([[[True, False], [False, True]]])
    images = torch.rand(1, 3, 64, 64)
    other = images.clone()
    other[..., :32, 32:] = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        one, two = encoder(images, seen), encoder(other, seen)
    for first, second in zip((*one.levels, one.cls), (*two.levels, two.cls), strict=True):
        assert torch.equal(first, second)
    for level in one.levels:
        half = level.shape[-1] // 2
        assert not level[..., :half, half:].any()
        assert level[..., :half, :half].any()


def test_with_everything_visible_it_is_the_plain_network(net: Lite0) -> None:
    encoder, images = MaskedLite0(net), torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        plain, masked = encoder(images), encoder(images, torch.ones(2, 2, 2, dtype=torch.bool))
    torch.testing.assert_close(masked.cls, plain.cls)
    torch.testing.assert_close(masked.levels[2], plain.levels[2])
    assert plain.cls.shape == (2, encoder.dim)


@pytest.mark.slow
def test_it_learns_to_fill_in() -> None:
    """Pictures of one brightness each: what is hidden follows from what is seen."""
    torch.manual_seed(0)
    learner = SparkNet(fold(imagenet_lite0().eval()))
    optimiser = torch.optim.Adam(learner.parameters(), 2e-3)
    seen = torch.tensor([[True, False], [False, True]]).expand(8, -1, -1)
    images = torch.rand(8, 1, 1, 1).expand(-1, 3, 64, 64)
    by_mean = float(images.var(unbiased=False))  # the loss of the best answer that looks at nothing
    for _ in range(12):
        optimiser.zero_grad()
        learner.loss(images, seen).backward()
        optimiser.step()
    assert float(learner.loss(images, seen).detach()) < 0.5 * by_mean
