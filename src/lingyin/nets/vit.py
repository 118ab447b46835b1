"""Vision transformer (Dosovitskiy et al. 2021) with register tokens (Darcet et al. 2024) behind the encoder contract.

Positions are fixed sines scaled to the picture, so that one set of weights serves every resolution; in pretraining only
the visible patches go through the blocks.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from lingyin.nets.contract import Features, Seen

MEAN, STD = 0.2, 0.2  # of grey values 0..1 over ultrasound pictures
REFERENCE_SIDE = 14.0  # patches that the positions of a whole picture span, whatever its resolution
PLAIN_TOKENS = 256
SIZES = {"tiny": (192, 12, 3), "small": (384, 12, 6), "base": (768, 12, 12)}  # dim, depth, heads


@dataclass(frozen=True, slots=True)
class VitArchitecture:
    """What fixes the shape of every weight: patch side in pixels, width, blocks, attention heads, register tokens."""

    patch: int
    dim: int
    depth: int
    heads: int
    registers: int = 4


class Block(nn.Module):
    """Pre-norm attention and MLP over tokens `(B, N, D)`."""

    def __init__(self, dim: int, heads: int, mlp_ratio: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(dim)
        self.qkv = nn.Linear(dim, 3 * dim)
        self.project = nn.Linear(dim, dim)
        self.norm2 = nn.LayerNorm(dim)
        self.expand = nn.Linear(dim, mlp_ratio * dim)
        self.reduce = nn.Linear(mlp_ratio * dim, dim)

    def forward(self, tokens: Tensor) -> Tensor:
        count, dim = tokens.shape[1:]  # never the length of the batch: a traced network must take any
        packed = self.qkv(self.norm1(tokens)).view(-1, count, 3, self.heads, dim // self.heads)
        query, key, value = packed.permute(2, 0, 3, 1, 4).unbind(0)  # each (B, heads, N, D / heads)
        mixed = _attend(query, key, value)
        tokens = tokens + self.project(mixed.transpose(1, 2).reshape(-1, count, dim))
        result: Tensor = tokens + self.reduce(functional.gelu(self.expand(self.norm2(tokens))))
        return result


def _attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention over `(B, heads, N, D)`. For few tokens plain products are used where gradients are wanted: the fused
    kernel's way back takes longer than all other layers together on processors."""
    if torch.is_grad_enabled() and query.shape[2] <= PLAIN_TOKENS and query.device.type == "cpu":
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1)
        mixed: Tensor = scores.softmax(-1).to(value.dtype) @ value
        return mixed
    return functional.scaled_dot_product_attention(query, key, value)


class Vit(nn.Module):
    """Images `(B, 1 or 3, H, W)` 0..1 to `Features`; H and W are multiples of the patch side."""

    level_channels: tuple[int, ...] = ()

    def __init__(self, architecture: VitArchitecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.dim = self.summary_dim = architecture.dim
        self.embed = nn.Linear(architecture.patch**2, self.dim)
        self.prefix = nn.Parameter(torch.empty(1, 1 + architecture.registers, self.dim))  # class token, registers
        self.blocks = nn.ModuleList(Block(self.dim, architecture.heads) for _ in range(architecture.depth))
        self.norm = nn.LayerNorm(self.dim)
        nn.init.normal_(self.prefix, std=0.02)
        initialise(self)

    def grid_of(self, images: Tensor) -> tuple[int, int]:
        """Rows and columns of patches. Raises ValueError where the picture is not a whole number of patches."""
        height, width = images.shape[-2:]
        patch = self.architecture.patch
        if height % patch or width % patch or not height or not width:
            raise ValueError(f"a picture of {height} x {width} px is not a whole number of {patch} px patches")
        return height // patch, width // patch

    def encode(self, images: Tensor, visible: Tensor | None = None) -> Tensor:
        """Normed tokens `(B, 1 + registers + K, D)`; `visible (B, K)` are indices of patches, all where None."""
        tokens: Tensor = self.norm(self._through(self._tokens(images, visible), len(self.blocks)))
        return tokens

    def see(self, images: Tensor, visible: Tensor | None = None) -> Seen:
        """The class token as summary, and all tokens, of the patches at `visible (B, K)`, all where None."""
        tokens = self.encode(images, visible)
        return Seen(tokens[:, 0], tokens)

    def forward(self, images: Tensor) -> Features:
        tokens = self.encode(images)
        first = self.prefix.shape[1]
        return Features(tokens[:, 0], tokens[:, first:].reshape(-1, *self.grid_of(images), self.dim))

    def layers(self, images: Tensor, ends: tuple[int, ...]) -> list[Features]:
        """`Features` after each of the blocks whose 1-based numbers rise in `ends`, under the final norm."""
        tokens, done, found = self._tokens(images, None), 0, []
        grid, first = self.grid_of(images), self.prefix.shape[1]
        for end in ends:
            tokens, done = self._through(tokens, end, done), end
            normed = self.norm(tokens)
            found.append(Features(normed[:, 0], normed[:, first:].reshape(-1, *grid, self.dim)))
        return found

    def _tokens(self, images: Tensor, visible: Tensor | None) -> Tensor:
        grid = self.grid_of(images)
        patches = patchify((images.mean(1, keepdim=True) - MEAN) / STD, self.architecture.patch)
        positions = sine_positions(*grid, self.dim).to(patches)[None]
        if visible is not None:
            patches = patches.gather(1, visible[..., None].expand(-1, -1, patches.shape[-1]))
            positions = positions.expand(len(patches), -1, -1).gather(1, visible[..., None].expand(-1, -1, self.dim))
        prefix = self.prefix + torch.zeros_like(patches[:, :1, :1])
        return torch.cat([prefix, self.embed(patches) + positions], 1)

    def _through(self, tokens: Tensor, end: int, start: int = 0) -> Tensor:
        for block in list(self.blocks)[start:end]:
            tokens = block(tokens)
        return tokens


def initialise(net: nn.Module) -> None:
    """Xavier-uniform weights and zero biases for every linear layer (He et al. 2022)."""
    for module in net.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)


def patchify(images: Tensor, patch: int) -> Tensor:
    """`(B, C, H, W)` to `(B, h * w, C * patch * patch)`, row by row."""
    channels, height, width = images.shape[1:]
    cut = images.view(-1, channels, height // patch, patch, width // patch, patch)
    return cut.permute(0, 2, 4, 1, 3, 5).reshape(-1, (height // patch) * (width // patch), channels * patch**2)


def unpatchify(patches: Tensor, patch: int, grid: tuple[int, int]) -> Tensor:
    """`(B, h * w, C * patch * patch)` back to `(B, C, H, W)`."""
    batch, _, width = patches.shape
    laid = patches.view(batch, *grid, width // patch**2, patch, patch).permute(0, 3, 1, 4, 2, 5)
    return laid.reshape(batch, -1, grid[0] * patch, grid[1] * patch)


@functools.lru_cache(maxsize=32)
def sine_positions(rows: int, columns: int, dim: int) -> Tensor:
    """Fixed positions `(rows * columns, dim)`: half of the width for y, half for x, over the same span at any grid."""
    quarter = dim // 4
    rates = 1.0 / 10000 ** (torch.arange(quarter, dtype=torch.float64) / quarter)
    y, x = (
        ((torch.arange(count, dtype=torch.float64) + 0.5) / count * REFERENCE_SIDE)[:, None] * rates
        for count in (rows, columns)
    )
    parts = [y.sin(), y.cos()], [x.sin(), x.cos()]
    down, across = (torch.cat(pair, 1) for pair in parts)
    grid = torch.cat([down[:, None].expand(-1, columns, -1), across[None].expand(rows, -1, -1)], 2)
    return grid.reshape(rows * columns, -1).float()
