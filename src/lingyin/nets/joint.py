"""The joint network: one encoder pass per image feeds every classifying head and one mask per structure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from lingyin.nets.contract import Features
from lingyin.nets.decoder import Decoder


@dataclass(frozen=True, slots=True)
class Answers:
    """`cls (B, D)`; `logits` of all classifying heads side by side; logit maps `masks (B, K, H/2, W/2)`."""

    cls: Tensor
    logits: Tensor
    masks: Tensor


class OwnBranch(nn.Module):
    """Layers of one structure of its own, on top of the shared maps."""

    def __init__(self, channels: Sequence[int], width: int = 16) -> None:
        super().__init__()
        self.reduce = nn.ModuleList(nn.Conv2d(count, width, 1) for count in channels)
        self.mix = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.GroupNorm(4, width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.GroupNorm(4, width),
            nn.ReLU(),
            nn.Conv2d(width, 1, 1),
        )

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Maps fine to coarse to a logit map `(B, 1, H/2, W/2)`."""
        total = self.reduce[0](maps[0])
        for reduce, coarse in zip(self.reduce[1:], maps[1:], strict=True):
            total = total + nn.functional.interpolate(reduce(coarse), total.shape[-2:], mode="bilinear")
        result: Tensor = self.mix(total)
        return result


class JointNet(nn.Module):
    """Any encoder of the contract that has `levels`, a linear layer for all classifying heads, the shared decoder, and
    own branches for the last `own` structures."""

    def __init__(self, encoder: Any, labels: int, structures: int, own: int = 0, dropout: float = 0.0) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.Linear(encoder.dim, labels)
        nn.init.zeros_(self.heads.weight)
        nn.init.zeros_(self.heads.bias)
        self.decoder = Decoder(encoder.level_channels, structures - own)
        self.own = nn.ModuleList(OwnBranch(self.decoder.widths[:3]) for _ in range(own))

    def forward(self, images: Tensor, apart: Tensor | None = None) -> Answers:
        """`images (B, 1, H, W)` 0..1. Where `apart (B,)` is True an image's gradient stops before the shared layers."""
        features: Features = self.encoder(images.expand(-1, 3, -1, -1))
        maps = self.decoder.maps(features.levels)
        masks = [self.decoder.out(maps[0])]
        if self.own:
            shared = maps[:3] if apart is None else [_stopped(each, apart) for each in maps[:3]]
            masks += [branch(shared) for branch in self.own]
        return Answers(features.cls, self.heads(self.dropout(features.cls)), torch.cat([m.float() for m in masks], 1))

    @torch.no_grad()
    def shift_masks(self, offsets: Tensor) -> None:
        """Adds `offsets (K,)` to the logits of the structures, for good: edges move out where positive."""
        shared = self.decoder.out.out_channels
        assert self.decoder.out.bias is not None
        self.decoder.out.bias += offsets[:shared]
        for branch, offset in zip(self.own, offsets[shared:], strict=True):
            *_, last = branch.get_submodule("mix").children()
            assert isinstance(last, nn.Conv2d)
            assert last.bias is not None
            last.bias += offset


def _stopped(values: Tensor, where: Tensor) -> Tensor:
    return torch.where(where[:, None, None, None], values.detach(), values)
