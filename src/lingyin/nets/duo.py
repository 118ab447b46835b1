"""Two streams behind one encoder contract: a convolutional network that knows photographs, a transformer that learnt
ultrasound beside it.

The two know different things: one brings sharp filters, the other what a few thousand scans taught it. The weights of
both travel in one file.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from lingyin.nets.contract import Features
from lingyin.nets.lite0 import Lite0
from lingyin.nets.readout import FIRST_LEVEL, block_ends, levels_of, tokens_of
from lingyin.nets.vit import Vit
from lingyin.nets.weights import load_weights, weights_bytes

FORMAT = "lingyin-duo-1"


class Duo(nn.Module):
    """Images `(B, 1 or 3, H, W)` 0..1, sides multiples of 32, to `Features`.

    `cls` holds the convolutional network's vector, mean and spread of its maps from stride 4 on, and class and mean
    patch tokens of four blocks of the transformer; `grid` is the transformer's, `levels` are the convolutional maps.
    """

    def __init__(self, lite0: Lite0, vit: Vit) -> None:
        super().__init__()
        self.lite0, self.vit = lite0, vit
        self.ends = block_ends(len(vit.blocks))
        self.level_channels = lite0.level_channels
        self.dim = lite0.dim + 2 * sum(lite0.level_channels[FIRST_LEVEL:]) + 2 * vit.dim * len(self.ends)

    def forward(self, images: Tensor) -> Features:
        seen: Features = self.lite0(images.expand(-1, 3, -1, -1))
        found = self.vit.layers(images, self.ends)
        cls = torch.cat([*levels_of(seen), *tokens_of(found)], 1)
        return Features(cls, found[-1].grid, seen.levels)


def duo_bytes(net: Duo, name: str) -> bytes:
    """A whole weights file in half precision; equal weights give equal bytes."""
    halves = {key: value.half() for key, value in net.state_dict().items()}
    return weights_bytes(FORMAT, net.vit.architecture, halves, name)


def load_duo(path: Path) -> Duo:
    """The two-stream encoder of a weights file, in evaluation mode. Raises ModelError, as `load_weights`."""
    return load_weights(path, FORMAT, lambda architecture: Duo(Lite0(), Vit(architecture)))
