"""The contract of every encoder: images in, one vector and one grid of vectors out. What keeps it can replace ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Features:
    """What an encoder says of images: `cls (B, D)`, `grid (B, h, w, D')`, and `levels`, the maps behind the grid.

    `levels` run from fine to coarse as `(B, C, h, w)`, each half the size of the one before; empty for encoders that
    have a single resolution.
    """

    cls: Tensor
    grid: Tensor
    levels: tuple[Tensor, ...] = ()


class Encoder(Protocol):
    """Images `(B, 3, H, W)`, grey repeated, values 0 to 1, to `Features`."""

    dim: int
    level_channels: tuple[int, ...]

    def __call__(self, images: Tensor) -> Features: ...
