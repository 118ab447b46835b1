"""Mask samplers: which patches of each picture are hidden and must be reconstructed; never one outside the sector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lingyin.pretrain.config import MasksConfig


@dataclass(frozen=True, slots=True)
class MaskPlan:
    """`visible (B, K)` indices of the patches that go in; `hidden (B, L)` True where a patch is to be reconstructed.

    Patches outside the sector fill up `visible` where the sector is small, so that every row has the same length; the
    rest of them is neither seen nor reconstructed.
    """

    visible: Tensor
    hidden: Tensor


def patch_sector(sector: Tensor, patch: int) -> Tensor:
    """Sector pictures `(B, 1, H, W)` 0..1 to patches `(B, L)`: inside where at least half of the patch is.

    A picture without any such patch counts as all sector.
    """
    inside = functional.avg_pool2d(sector, patch).flatten(1) >= 0.5
    return inside | ~inside.any(1, keepdim=True)


def draw_noise(config: MasksConfig, generator: np.random.Generator, count: int, grid: tuple[int, int]) -> Tensor:
    """Uniform noise `(count, h * w)` that decides what is hidden: per patch, or shared within blocks."""
    fine = torch.from_numpy(generator.random((count, *grid), dtype=np.float32))
    if config.kind == "random":
        return fine.flatten(1)
    rows, columns = (-(-side // config.block) + 1 for side in grid)
    coarse = torch.from_numpy(generator.random((count, rows, columns), dtype=np.float32))
    large = coarse.repeat_interleave(config.block, 1).repeat_interleave(config.block, 2)
    down, across = (int(generator.integers(config.block)) for _ in range(2))  # the lattice moves from batch to batch
    shifted = large[:, down : down + grid[0], across : across + grid[1]]
    return (0.9 * shifted + 0.1 * fine).flatten(1)  # ties within a block are broken at random


def plan_masks(
    noise: Tensor, inside: Tensor, ratio: float, hard_share: float = 0.0, difficulty: Tensor | None = None
) -> MaskPlan:
    """Hides `ratio` of the patches inside the sector of each picture.

    Args:
        noise: `(B, L)` 0..1; the highest are hidden.
        inside: `(B, L)` True inside the sector.
        ratio: share of patches to hide.
        hard_share: share of the hidden patches that is taken hardest-first instead (Wang et al. 2023).
        difficulty: `(B, L)` predicted losses; needed where `hard_share` is above 0.
    """
    count = noise.shape[1]
    kept = max(1, round((1 - ratio) * count))
    within = inside.sum(1)
    least = (kept - (count - within)).clamp(min=1)  # so many at least, where the outside cannot fill up the row
    shown = torch.round((1 - ratio) * within).long().clamp(min=1).maximum(least).clamp(max=kept)
    score = noise
    if hard_share > 0:
        if difficulty is None:
            raise ValueError("hard patches need predicted losses")
        hidden = within - shown
        hard = torch.round(hard_share * hidden).long()
        score = noise + 2.0 * (_rank(difficulty.masked_fill(~inside, -torch.inf)) < hard[:, None])
    place = _rank(torch.where(inside, -score, -torch.inf))  # inside first, the lowest score first
    is_shown = inside & (place < shown[:, None])
    outside_place = _rank(torch.where(inside, -torch.inf, noise))
    fills = ~inside & (outside_place < (kept - shown)[:, None])
    visible = (is_shown | fills).to(torch.uint8).argsort(dim=1, descending=True, stable=True)[:, :kept]
    return MaskPlan(visible=visible, hidden=inside & ~is_shown)


def _rank(values: Tensor) -> Tensor:
    """Place of each value within its row, 0 for the highest."""
    return values.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
