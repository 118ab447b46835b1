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


@dataclass(frozen=True, slots=True)
class Seen:
    """What a learning encoder makes of the visible patches: one `summary (B, S)` of the picture, and `tokens
    (B, P + K, D)`, those of the K visible patches after P that stand for no place."""

    summary: Tensor
    tokens: Tensor


class Encoder(Protocol):
    """Images `(B, 3, H, W)`, grey repeated, values 0 to 1, to `Features`."""

    dim: int
    level_channels: tuple[int, ...]

    def __call__(self, images: Tensor) -> Features: ...


class Learning(Protocol):
    """An encoder that can be taught with masked pictures `(B, 1, H, W)`; `visible (B, K)` are indices of patches."""

    dim: int
    summary_dim: int

    def grid_of(self, images: Tensor) -> tuple[int, int]: ...

    def see(self, images: Tensor, visible: Tensor | None = None) -> Seen: ...
