"""Masked convolutions: what is hidden changes nothing that is seen, on no map; and the masked network learns."""

from __future__ import annotations

import pytest
import torch

from lingyin.nets.lite0 import Lite0
from lingyin.nets.spark import MaskedLite0


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


def test_its_tokens_are_those_of_the_visible_patches_and_its_summary_knows_nothing_else(net: Lite0) -> None:
    encoder, visible = MaskedLite0(net), torch.tensor([[0, 3]])
    images = torch.rand(1, 1, 64, 64)
    other = images.clone()
    other[..., :32, 32:] = 0.0
    with torch.no_grad():
        one, two, whole = encoder.see(images, visible), encoder.see(other, visible), encoder.see(images)
    assert torch.equal(one.summary, two.summary)
    assert torch.equal(one.tokens, two.tokens)
    assert one.tokens.shape == (1, 2, encoder.dim)
    assert whole.tokens.shape == (1, 4, encoder.dim)
    assert one.summary.shape == whole.summary.shape == (1, encoder.summary_dim)
    with torch.no_grad():
        everything = encoder.see(images, torch.arange(4)[None])
    torch.testing.assert_close(everything.summary, whole.summary)


def test_a_picture_that_is_no_whole_number_of_patches_is_refused(net: Lite0) -> None:
    with pytest.raises(ValueError, match="33 x 64"):
        MaskedLite0(net).see(torch.rand(1, 1, 33, 64))
