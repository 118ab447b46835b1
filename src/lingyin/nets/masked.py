"""What sits on a vision transformer while it learns: the light decoder of masked patches, the predictor of losses."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lingyin.nets.vit import MEAN, STD, Block, initialise, patchify, sine_positions


class MaskedDecoder(nn.Module):
    """Puts visible tokens back in their places among mask tokens and mixes them (He et al. 2022, MAE)."""

    def __init__(self, encoder_dim: int, dim: int, depth: int, heads: int) -> None:
        super().__init__()
        self.dim = dim
        self.project = nn.Linear(encoder_dim, dim)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.blocks = nn.ModuleList(Block(dim, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(dim)
        initialise(self)
        nn.init.normal_(self.mask_token, std=0.02)

    def forward(self, tokens: Tensor, visible: Tensor, grid: tuple[int, int]) -> Tensor:
        """`tokens (B, P + K, D)` of P prefix tokens and K patches at `visible (B, K)` to `(B, h * w, dim)`."""
        count = grid[0] * grid[1]
        first = tokens.shape[1] - visible.shape[1]
        narrow = self.project(tokens)
        where = visible[..., None].expand(-1, -1, self.dim)
        filled = self.mask_token.to(narrow).expand(len(narrow), count, -1).scatter(1, where, narrow[:, first:])
        x = torch.cat([narrow[:, :first], filled + sine_positions(*grid, self.dim).to(narrow)], 1)
        for block in self.blocks:
            x = block(x)
        result: Tensor = self.norm(x[:, first:])
        return result


class LossPredictor(nn.Module):
    """Guesses from the whole picture which patches will be hard to reconstruct (after Wang et al. 2023, HPM).

    A small network of its own instead of a second pass of the encoder: ranking needs little, and the step stays cheap.
    """

    def __init__(self, patch: int, dim: int = 64, depth: int = 2, heads: int = 2) -> None:
        super().__init__()
        self.patch, self.dim = patch, dim
        self.embed = nn.Linear(patch**2, dim)
        self.blocks = nn.ModuleList(Block(dim, heads, mlp_ratio=2) for _ in range(depth))
        self.norm = nn.LayerNorm(dim)
        self.out = nn.Linear(dim, 1)
        initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """Images `(B, 1, H, W)` 0..1 to a score per patch `(B, h * w)`: higher is harder."""
        grid = images.shape[-2] // self.patch, images.shape[-1] // self.patch
        x = self.embed(patchify((images - MEAN) / STD, self.patch)) + sine_positions(*grid, self.dim).to(images)
        for block in self.blocks:
            x = block(x)
        score: Tensor = self.out(self.norm(x))[..., 0]
        return score
