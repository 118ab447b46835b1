"""A convolutional encoder that learns from masked pictures (Tian et al. 2023, SparK): lite0, masked at every stage.

What is hidden is hidden on every map, so that nothing seeps from hidden patches into visible ones, as it would if only
the picture were blanked: the statistics of maps stay those of whole pictures.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from lingyin.nets.contract import Features
from lingyin.nets.decoder import Decoder
from lingyin.nets.lite0 import LEVEL_ENDS, MEAN, STD, InvertedResidual, Lite0

STRIDE = 32  # of the coarsest map: the side of a patch


class MaskedLite0(nn.Module):
    """Lite0 with folded normalisation; `seen (B, H/32, W/32)` True where a patch is visible, everything where None."""

    def __init__(self, net: Lite0) -> None:
        super().__init__()
        self.net = net
        self.dim, self.level_channels = net.dim, net.level_channels

    def forward(self, images: Tensor, seen: Tensor | None = None) -> Features:
        """Images `(B, 3, H, W)` 0..1; hidden places hold zeros on every map and count nothing in the mean `cls`."""
        if seen is None:
            whole: Features = self.net(images)
            return whole
        visible = seen[:, None].to(images.dtype)
        x = _keep(functional.relu6(self.net.stem(_keep((images - MEAN) / STD, visible))), visible)
        levels = []
        for index, block in enumerate(self.net.blocks):
            assert isinstance(block, InvertedResidual)
            x = _block(block, x, visible)
            if index in LEVEL_ENDS:
                levels.append(x)
        top = _keep(functional.relu6(self.net.head(x)), visible)
        cls = top.sum((2, 3)) / visible.sum((2, 3)).clamp(min=1)
        return Features(cls, top.permute(0, 2, 3, 1), tuple(levels))


def _block(block: InvertedResidual, x: Tensor, visible: Tensor) -> Tensor:
    y = x if block.expand is None else _keep(functional.relu6(block.expand(x)), visible)
    y = _keep(functional.relu6(block.depthwise(y)), visible)
    y = _keep(block.project(y), visible)
    return x + y if block.shortcut else y


def _keep(maps: Tensor, visible: Tensor) -> Tensor:
    return maps * functional.interpolate(visible, maps.shape[-2:], mode="nearest")


class SparkNet(nn.Module):
    """Masked encoder, a learnt vector for what is hidden on each level, and the shared decoder as reconstructor."""

    def __init__(self, net: Lite0) -> None:
        super().__init__()
        self.encoder = MaskedLite0(net)
        self.tokens = nn.ParameterList(torch.zeros(1, count, 1, 1) for count in net.level_channels)
        for token in self.tokens:
            nn.init.normal_(token, std=0.02)
        self.decoder = Decoder(net.level_channels, 1)
        assert self.decoder.out.bias is not None
        nn.init.constant_(self.decoder.out.bias, MEAN)  # brightness, where the decoder of outlines begins near "absent"

    def forward(self, images: Tensor, seen: Tensor) -> Tensor:
        """Images `(B, 3, H, W)` 0..1 and the visible patches to the reconstruction `(B, 1, H/2, W/2)`."""
        visible = seen[:, None].to(images.dtype)
        filled = [
            level + token * (1 - functional.interpolate(visible, level.shape[-2:], mode="nearest"))
            for level, token in zip(self.encoder(images, seen).levels, self.tokens, strict=True)
        ]
        made: Tensor = self.decoder(filled)
        return made

    def loss(self, images: Tensor, seen: Tensor) -> Tensor:
        """Mean squared error over hidden patches, each picture at half its size."""
        wanted = functional.avg_pool2d(images.mean(1, keepdim=True), 2)
        error = (self(images, seen).float() - wanted).square()
        hidden = 1 - functional.interpolate(seen[:, None].to(error.dtype), error.shape[-2:], mode="nearest")
        mean: Tensor = (error * hidden).sum() / hidden.sum().clamp(min=1)
        return mean
