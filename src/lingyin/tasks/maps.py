"""Heads on maps: five levels at strides 2 to 32 whatever the encoder gives, through the light decoder."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from lingyin.nets.decoder import WIDTHS, Decoder
from lingyin.tasks.contract import Head, Inputs, Shape

STRIDES = (2, 4, 8, 16, 32)


class Pyramid(nn.Module):
    """Five maps made of what there is: each takes the level nearest in stride, brought to its size (after the simple
    feature pyramid of Li et al. 2022, ViTDet)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.size = shape.size
        self.source = [min(range(len(shape.strides)), key=lambda i: abs(shape.strides[i] - s)) for s in STRIDES]
        pairs = zip(self.source, WIDTHS, strict=True)
        self.narrow = nn.ModuleList(nn.Conv2d(shape.level_channels[at], width, 1) for at, width in pairs)

    def forward(self, levels: Sequence[Tensor]) -> list[Tensor]:
        """Maps `(B, WIDTHS[i], S / STRIDES[i], S / STRIDES[i])`."""
        made = []
        for stride, at, narrow in zip(STRIDES, self.source, self.narrow, strict=True):
            side = self.size // stride
            made.append(nn.functional.interpolate(narrow(levels[at]), (side, side), mode="bilinear"))
        return made


class MapHead(Head):
    """The light decoder with its last layer at `stride` 2, 4 or 8: `channels` raw numbers per cell."""

    def __init__(self, shape: Shape, channels: int, stride: int, bias: float = 0.0) -> None:
        super().__init__()
        whole = shape.strides == STRIDES
        self.pyramid = None if whole else Pyramid(shape)
        self.decoder = Decoder(shape.level_channels if whole else WIDTHS, channels)
        self.at = STRIDES.index(stride)
        width = WIDTHS[self.at]
        self.decoder.out = nn.Conv2d(width, channels, 1)
        assert self.decoder.out.bias is not None
        nn.init.constant_(self.decoder.out.bias, bias)
        if self.at:  # joins below this stride would never be used
            self.decoder.joins = self.decoder.joins[: -self.at]

    def maps(self, inputs: Inputs) -> list[Tensor]:
        """The decoder's maps from `stride` on, fine to coarse."""
        levels = list(inputs.levels) if self.pyramid is None else self.pyramid(inputs.levels)
        return self.decoder.maps(levels[self.at :])

    def forward(self, inputs: Inputs) -> Tensor:
        """`(B, channels, S / stride, S / stride)`."""
        raw: Tensor = self.decoder.out(self.maps(inputs)[0])
        return raw
