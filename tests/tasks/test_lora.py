"""Adapters learn, the rest is frozen; merged, the encoder is the same function without them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lingyin.nets.lite0 import Lite0
from lingyin.nets.vit import Vit, VitArchitecture
from lingyin.tasks.lora import add_adapters, merge_adapters

VIT = VitArchitecture(patch=8, dim=32, depth=2, heads=2, registers=0)


@pytest.mark.parametrize("make", [Lite0, lambda: Vit(VIT)], ids=["convolutions", "transformer"])
def test_adapters(make: object) -> None:
    torch.manual_seed(0)
    encoder = make()  # type: ignore[operator]
    images = torch.rand(2, 3, 32, 32)
    names = [name for name, _ in encoder.named_parameters()]
    with torch.no_grad():
        plain = encoder(images).cls
    learns = add_adapters(encoder, rank=2)
    assert {id(p) for p in encoder.parameters() if p.requires_grad} == {id(p) for p in learns}
    torch.testing.assert_close(encoder(images).cls, plain)
    encoder(images).cls.square().mean().backward()
    assert any(bool(p.grad is not None and p.grad.abs().sum() > 0) for p in learns)
    with torch.no_grad():
        for each in learns:
            each.add_(0.05 * torch.randn_like(each))
        changed = encoder(images).cls
        merge_adapters(encoder)
        torch.testing.assert_close(encoder(images).cls, changed, rtol=1e-3, atol=1e-3)
    assert not torch.allclose(changed, plain, atol=1e-3)
    assert [name for name, _ in encoder.named_parameters()] == names


def test_an_encoder_without_mixing_layers() -> None:
    with pytest.raises(ValueError, match="no layer"):
        add_adapters(nn.Sequential(nn.Conv2d(1, 1, 3)))
