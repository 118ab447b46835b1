"""Readouts: what a frozen encoder says of a whole picture as one vector, for probes, search and small heads.

The last layer of a network trained on photographs says what a thing is; the texture that ultrasound is read by is said
by earlier layers, as means and spreads of their maps (Gatys et al. 2015 use the same statistics for texture).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lingyin.nets.contract import Features
from lingyin.nets.lite0 import Lite0
from lingyin.nets.vit import Vit

TINY = 1e-6  # under the root: a map without any spread has a slope as well
FIRST_LEVEL = 1  # the map at stride 2 is little more than the picture itself
BLOCKS = (0.25, 0.5, 0.75, 1.0)  # of a transformer's depth


class LastLayer(nn.Module):
    """Images `(B, 1 or 3, H, W)` 0..1 to the encoder's own `cls (B, D)`."""

    def __init__(self, encoder: nn.Module, dim: int) -> None:
        super().__init__()
        self.encoder, self.dim = encoder, dim

    def forward(self, images: Tensor) -> Tensor:
        features: Features = self.encoder(images.expand(-1, 3, -1, -1))
        return features.cls


class SeveralLevels(nn.Module):
    """`cls`, then mean and standard deviation of every map from stride 4 to the coarsest, side by side."""

    def __init__(self, encoder: Lite0) -> None:
        super().__init__()
        self.encoder = encoder
        self.dim = encoder.dim + 2 * sum(encoder.level_channels[FIRST_LEVEL:])

    def forward(self, images: Tensor) -> Tensor:
        features: Features = self.encoder(images.expand(-1, 3, -1, -1))
        return torch.cat(levels_of(features), 1)


class ManyLevels(Lite0):
    """The same network whose `cls` is what `SeveralLevels` reads, each part brought to mean 0 and spread 1, so that
    small heads can learn on it as it comes. The weights are those of `Lite0`."""

    dim = Lite0.dim + 2 * sum(Lite0.level_channels[FIRST_LEVEL:])

    def forward(self, images: Tensor) -> Features:
        seen = super().forward(images)
        even = [nn.functional.layer_norm(part.float(), part.shape[-1:]) for part in levels_of(seen)]
        return Features(torch.cat(even, 1), seen.grid, seen.levels)


def read_many(net: Lite0) -> ManyLevels:
    """A network with folded normalisation, read at many levels; it shares no weights with `net`."""
    many = ManyLevels()
    many.load_state_dict(net.state_dict())
    return many.train(net.training)


class SeveralBlocks(nn.Module):
    """Class token and mean patch token after some shares of a transformer's blocks, side by side."""

    def __init__(self, encoder: Vit, shares: Sequence[float] = BLOCKS) -> None:
        super().__init__()
        self.encoder = encoder
        self.ends = block_ends(len(encoder.blocks), shares)
        self.dim = 2 * encoder.dim * len(self.ends)

    def forward(self, images: Tensor) -> Tensor:
        return torch.cat(tokens_of(self.encoder.layers(images, self.ends)), 1)


def readout(encoder: Vit | Lite0, *, last: bool = False) -> SeveralBlocks | SeveralLevels | LastLayer:
    """The best known reading of an encoder of either kind; that of its `last` layer alone, if asked for."""
    if isinstance(encoder, Vit):
        return SeveralBlocks(encoder, (1.0,) if last else BLOCKS)
    return LastLayer(encoder, encoder.dim) if last or isinstance(encoder, ManyLevels) else SeveralLevels(encoder)


def block_ends(depth: int, shares: Sequence[float] = BLOCKS) -> tuple[int, ...]:
    """1-based numbers of the blocks, of `depth`, that are read."""
    return tuple(sorted({max(1, round(depth * share)) for share in shares}))


def levels_of(seen: Features) -> list[Tensor]:
    """`cls`, then mean and spread of every map from `FIRST_LEVEL` on, one after the other."""
    return [seen.cls, *statistics(seen.levels[FIRST_LEVEL:])]


def statistics(maps: Sequence[Tensor]) -> list[Tensor]:
    """Mean `(B, C)` and standard deviation `(B, C)` of each map `(B, C, h, w)`, one after the other."""
    found = []
    for each in maps:
        mean = each.mean((2, 3))
        found += [mean, ((each - mean[:, :, None, None]).square().mean((2, 3)) + TINY).sqrt()]
    return found


def tokens_of(found: Sequence[Features]) -> list[Tensor]:
    """Class token `(B, D)` and mean patch token `(B, D)` of each of several blocks, one after the other."""
    return [part for each in found for part in (each.cls, each.grid.mean((1, 2)))]
