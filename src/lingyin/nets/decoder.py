"""The light decoder shared by all structures: maps of the encoder in, one logit map per structure at stride 2 out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

WIDTHS = (16, 24, 40, 64, 96)  # channels at strides 2, 4, 8, 16, 32


class _Join(nn.Module):
    """Brings the coarser map up, adds the finer one, and mixes both in a 3x3 convolution."""

    def __init__(self, coarse: int, fine: int, width: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(coarse, width, 1)
        self.lateral = nn.Conv2d(fine, width, 1)
        self.mix = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.GroupNorm(4, width), nn.ReLU())

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        up = nn.functional.interpolate(self.reduce(coarse), scale_factor=2.0, mode="bilinear", align_corners=False)
        mixed: Tensor = self.mix(torch.relu(up + self.lateral(fine)))
        return mixed


class Decoder(nn.Module):
    """A U-Net's way up (Ronneberger et al. 2015) with additive joins. `levels` fine to coarse -> `(B, K, H/2, W/2)`."""

    def __init__(self, level_channels: Sequence[int], structures: int, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        self.widths = tuple(widths)
        self.top = nn.Sequential(nn.Conv2d(level_channels[-1], widths[-1], 1), nn.GroupNorm(4, widths[-1]), nn.ReLU())
        pairs = list(range(len(level_channels) - 1))
        self.joins = nn.ModuleList(_Join(widths[i + 1], level_channels[i], widths[i]) for i in reversed(pairs))
        self.out = nn.Conv2d(widths[0], structures, 1)
        assert self.out.bias is not None
        nn.init.constant_(self.out.bias, -2.0)  # structures are rare: start near "absent"

    def maps(self, levels: Sequence[Tensor]) -> list[Tensor]:
        """The decoder's own maps, fine to coarse, `(B, widths[i], h, w)`."""
        x = self.top(levels[-1])
        maps = [x]
        for join, fine in zip(self.joins, reversed(levels[:-1]), strict=True):
            x = join(x, fine)
            maps.insert(0, x)
        return maps

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        logits: Tensor = self.out(self.maps(levels)[0])
        return logits
