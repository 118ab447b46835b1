"""A convolutional encoder that learns from masked pictures (Tian et al. 2023, SparK): lite0, masked at every stage.

What is hidden is hidden from every filter that looks around, so that nothing seeps from hidden patches into visible
ones, as it would if only the picture were blanked: the statistics of maps stay those of whole pictures.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from lingyin.nets.contract import Features, Seen
from lingyin.nets.lite0 import LEVEL_ENDS, MEAN, STD, InvertedResidual, Lite0

STRIDE = 32  # of the coarsest map: the side of a patch
SUMMED = 2  # from this level on, stride 8, the means of maps stand in the summary beside the network's own vector


class MaskedLite0(nn.Module):
    """Lite0 with folded normalisation; `seen (B, H/32, W/32)` True where a patch is visible, everything where None."""

    patch = STRIDE

    def __init__(self, net: Lite0) -> None:
        super().__init__()
        self.net = net
        self.level_channels = net.level_channels
        self.dim = net.dim
        self.summary_dim = net.dim + sum(net.level_channels[SUMMED:])

    @property
    def blocks(self) -> list[nn.Module]:
        return list(self.net.blocks)

    def grid_of(self, images: Tensor) -> tuple[int, int]:
        """Rows and columns of patches. Raises ValueError where the picture is not a whole number of patches."""
        height, width = images.shape[-2:]
        if height % STRIDE or width % STRIDE or not height or not width:
            raise ValueError(f"a picture of {height} x {width} px is not a whole number of {STRIDE} px patches")
        return height // STRIDE, width // STRIDE

    def see(self, images: Tensor, visible: Tensor | None = None) -> Seen:
        """Images `(B, 1, H, W)` of which the patches at `visible (B, K)` go in, all where None."""
        rows, columns = self.grid_of(images)
        wide = images.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
        if visible is None or visible.shape[1] == rows * columns:
            features: Features = self.net(wide)
            means = [level.mean((2, 3)) for level in features.levels[SUMMED:]]
            return Seen(torch.cat([features.cls, *means], 1), features.grid.flatten(1, 2))
        seen = torch.zeros(len(images), rows * columns, dtype=torch.bool)
        seen = seen.scatter(1, visible, torch.ones_like(visible, dtype=torch.bool)).view(-1, rows, columns)
        features = self(wide, seen)
        share = seen.float().mean((1, 2))[:, None]
        means = [level.mean((2, 3)) / share for level in features.levels[SUMMED:]]
        tokens = features.grid.flatten(1, 2)
        tokens = tokens.gather(1, visible[..., None].expand(-1, -1, tokens.shape[-1]))
        return Seen(torch.cat([features.cls, *means], 1), tokens)

    def forward(self, images: Tensor, seen: Tensor | None = None) -> Features:
        """Images `(B, 3, H, W)` 0..1; hidden places hold zeros on every map and count nothing in the mean `cls`."""
        if seen is None:
            whole: Features = self.net(images)
            return whole
        visible = seen[:, None].to(images.dtype)
        x = functional.relu6(self.net.stem(_keep((images - MEAN) / STD, visible)))
        levels = []
        for index, block in enumerate(self.net.blocks):
            assert isinstance(block, InvertedResidual)
            x = _block(block, x, visible)
            if index in LEVEL_ENDS:
                levels.append(_keep(x, visible))
        top = _keep(functional.relu6(self.net.head(x)), visible)
        cls = top.sum((2, 3)) / visible.sum((2, 3)).clamp(min=1)
        return Features(cls, top.permute(0, 2, 3, 1), tuple(levels))


def _block(block: InvertedResidual, x: Tensor, visible: Tensor) -> Tensor:
    """What the other layers make of hidden places stays there, so only what the depthwise one reads is masked."""
    y = x if block.expand is None else functional.relu6(block.expand(x))
    y = block.project(functional.relu6(block.depthwise(_keep(y, visible))))
    result: Tensor = x + y if block.shortcut else y
    return result


def _keep(maps: Tensor, visible: Tensor) -> Tensor:
    return maps * functional.interpolate(visible.to(maps.dtype), maps.shape[-2:], mode="nearest")
