"""Published vision transformers (MAE, DINO, USFM) from plain state dicts, laid into our own.

Pictures here are grey, so a published colour embedding with its mean and deviation folds into our grey one without
loss, and so does layer scale into the layer before it. Learnt positions and attention biases are kept as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from lingyin.core.errors import ModelError
from lingyin.nets.vit import MEAN, STD, Block, Vit, VitArchitecture, patchify

Naming = Literal["mae", "dino", "usfm"]
COLOUR_MEAN, COLOUR_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, which all three use
WRAPPERS = ("teacher", "model", "state_dict", "module")  # keys under which training programs keep the weights
PREFIXES = ("module.", "backbone.", "encoder.")
LEFT_OUT: dict[Naming, str] = {
    "mae": r"mask_token|decoder_.*|head\..*",
    "dino": r"mask_token|head\..*|dino_head\..*|ibot_head\..*",
    "usfm": r"mask_token|head\..*|decoder\..*|lm_head\..*|.*relative_position_index",
}
EPS = 1e-6


class PublishedBlock(Block):
    """`Block` with the exact GELU and, where given, a learnt bias of attention `(heads, N, N)`."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__(dim, heads)
        self.bias: nn.Module | None = None

    def forward(self, tokens: Tensor) -> Tensor:
        batch, count, dim = tokens.shape
        packed = self.qkv(self.norm1(tokens)).view(batch, count, 3, self.heads, dim // self.heads)
        query, key, value = packed.permute(2, 0, 3, 1, 4).unbind(0)
        bias = None if self.bias is None else self.bias(count).to(query.dtype)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        tokens = tokens + self.project(mixed.transpose(1, 2).reshape(batch, count, dim))
        result: Tensor = tokens + self.reduce(functional.gelu(self.expand(self.norm2(tokens))))
        return result


class RelativeBias(nn.Module):
    """A bias of attention by how far apart two patches lie, of a window trained at `side` patches (BEiT, USFM)."""

    def __init__(self, table: Tensor) -> None:
        super().__init__()
        side = (round((len(table) - 3) ** 0.5) + 1) / 2
        if side != int(side) or (2 * int(side) - 1) ** 2 + 3 != len(table):
            raise ModelError(f"a table of {len(table)} relative positions fits no square window")
        self.side = int(side)
        self.table = nn.Parameter(table.clone())

    def forward(self, count: int) -> Tensor:
        """`(heads, 1 + L, 1 + L)` for a square picture of L patches and its class token, resampled if need be."""
        side = round((count - 1) ** 0.5)
        if side**2 + 1 != count:
            raise ValueError(f"{count - 1} patches are no square picture, which relative positions need")
        table: Tensor = self.table
        span = 2 * self.side - 1
        if side != self.side:
            laid = table[:-3].T.reshape(1, -1, span, span)
            span = 2 * side - 1
            resampled = functional.interpolate(laid, (span, span), mode="bicubic", align_corners=True)
            table = torch.cat([resampled.flatten(2)[0].T, table[-3:]])
        at = torch.arange(side)
        down, across = (each.flatten() for each in torch.meshgrid(at, at, indexing="ij"))
        apart = (down[:, None] - down[None] + side - 1) * span + (across[:, None] - across[None] + side - 1)
        index = torch.full((count, count), len(table) - 1)  # the last three: class to patch, patch to class, class
        index[0, 1:], index[1:, 0], index[1:, 1:] = len(table) - 3, len(table) - 2, apart
        return table[index].permute(2, 0, 1)


class PublishedVit(Vit):
    """Our transformer with published weights in it, and learnt `positions (1, D, h, w)`."""

    def __init__(self, architecture: VitArchitecture, positions: Tensor | None) -> None:
        super().__init__(architecture)
        self.blocks = nn.ModuleList(PublishedBlock(self.dim, architecture.heads) for _ in range(architecture.depth))
        self.positions = None if positions is None else nn.Parameter(positions)
        for module in self.modules():
            if isinstance(module, nn.LayerNorm):
                module.eps = EPS

    def _tokens(self, images: Tensor, visible: Tensor | None) -> Tensor:
        grid = self.grid_of(images)
        tokens = self.embed(patchify((images.mean(1, keepdim=True) - MEAN) / STD, self.architecture.patch))
        if self.positions is not None:
            laid: Tensor = self.positions
            if tuple(laid.shape[-2:]) != grid:
                laid = functional.interpolate(laid, grid, mode="bicubic", antialias=True)
            tokens = tokens + laid.flatten(2).transpose(1, 2)
        if visible is not None:
            tokens = tokens.gather(1, visible[..., None].expand(-1, -1, self.dim))
        return torch.cat([self.prefix.expand(len(tokens), -1, -1), tokens], 1)


@dataclass
class _Taken:
    """A state dict from which each key is taken once."""

    tensors: dict[str, Tensor]
    where: str

    def __call__(self, key: str) -> Tensor:
        if key not in self.tensors:
            raise ModelError(f"{self.where}: lacks {key!r}; not weights of this naming, or not all of them")
        return self.tensors.pop(key).detach().float()

    def maybe(self, key: str) -> Tensor | None:
        return self(key) if key in self.tensors else None


def load_published(
    state: Mapping[str, Any], naming: Naming, heads: int | None = None, where: str = "state dict"
) -> PublishedVit:
    """An encoder of the contract, in evaluation mode.

    Args:
        state: as `torch.load` or safetensors gives it; nested under "model", "teacher" and the like, or with a
            prefix on every key.
        naming: "mae" (He et al. 2022), "dino" (Caron et al. 2021; Oquab et al. 2023 with layer scale, registers and
            chunked blocks), "usfm" (Jiao et al. 2024, which follows BEiT).
        heads: attention heads; one per 64 of the width by default, as in all published sizes.
        where: named in errors.

    Raises:
        ModelError: keys are missing or unknown (all of the unknown are listed), or shapes do not fit.
    """
    tensors = {key: value for key, value in _bare(state).items() if not re.fullmatch(LEFT_OUT[naming], key)}
    take = _Taken(tensors, where)
    kernel = take("patch_embed.proj.weight")
    dim, channels, patch = kernel.shape[0], kernel.shape[1], kernel.shape[-1]
    depth = 1 + max((int(key.split(".")[1]) for key in tensors if key.startswith("blocks.")), default=-1)
    registers = take.maybe("register_tokens")
    count = 0 if registers is None else registers.shape[1]
    prefix, positions = take("cls_token"), None
    if naming != "usfm" or "pos_embed" in tensors:
        learnt = take("pos_embed")
        side = round((learnt.shape[1] - 1) ** 0.5)
        if side**2 + 1 != learnt.shape[1]:
            raise ModelError(f"{where}: {learnt.shape[1] - 1} positions are no square picture")
        prefix, positions = prefix + learnt[:, :1], learnt[:, 1:].transpose(1, 2).reshape(1, dim, side, side)
    architecture = VitArchitecture(patch, dim, depth, heads or max(1, dim // 64), count)
    net = PublishedVit(architecture, positions)
    weights = {} if positions is None else {"positions": positions}
    weights["prefix"] = prefix if registers is None else torch.cat([prefix, registers], 1)
    weights |= _embedding(kernel, take("patch_embed.proj.bias"), channels, where)
    for index in range(depth):
        weights |= _block(take, index)
        table = take.maybe(f"blocks.{index}.attn.relative_position_bias_table")
        _give_bias(net, index, table)
    shared = take.maybe("rel_pos_bias.relative_position_bias_table")
    for index in range(depth if shared is not None else 0):
        _give_bias(net, index, shared)
    norm = "norm" if "norm.weight" in tensors else "fc_norm"
    weights |= {"norm.weight": take(f"{norm}.weight"), "norm.bias": take(f"{norm}.bias")}
    if tensors:
        raise ModelError(f"{where}: has keys unknown to the naming {naming!r}: {', '.join(sorted(tensors))}")
    try:
        kept = {name: value for name, value in net.state_dict().items() if name.endswith(".bias.table")}
        net.load_state_dict(weights | kept)
    except RuntimeError as error:
        raise ModelError(f"{where}: the shapes do not fit one another ({error})") from error
    return net.eval()


def _give_bias(net: PublishedVit, index: int, table: Tensor | None) -> None:
    if table is not None:
        block = net.blocks[index]
        assert isinstance(block, PublishedBlock)
        block.bias = RelativeBias(table)


def _bare(state: Mapping[str, Any]) -> dict[str, Tensor]:
    """The tensors alone, out of wrappers, without prefixes, blocks numbered through (DINOv2 stores chunks)."""
    for key in WRAPPERS:
        if isinstance(state.get(key), Mapping):
            return _bare(state[key])
    tensors = {str(key): value for key, value in state.items() if isinstance(value, Tensor)}
    for prefix in PREFIXES:
        if any(key.startswith(prefix) for key in tensors):
            tensors = {key.removeprefix(prefix): value for key, value in tensors.items()}
    return {re.sub(r"^blocks\.\d+\.(\d+)\.", r"blocks.\1.", key): value for key, value in tensors.items()}


def _embedding(kernel: Tensor, bias: Tensor, channels: int, where: str) -> dict[str, Tensor]:
    """Our grey embedding, of pictures normed by our mean and deviation, that says what the colour one says of grey."""
    if channels not in (1, 3):
        raise ModelError(f"{where}: takes pictures of {channels} channels; only grey and colour are known")
    mean, std = (torch.tensor(each)[:channels, None, None] for each in (COLOUR_MEAN, COLOUR_STD))
    each = kernel / std
    return {
        "embed.weight": STD * each.sum(1).flatten(1),
        "embed.bias": bias + (each * (MEAN - mean)).sum((1, 2, 3)),
    }


def _block(take: _Taken, index: int) -> dict[str, Tensor]:
    """One block, layer scale (`ls1.gamma` or `gamma_1`) multiplied into the layers before it."""
    at = f"blocks.{index}"
    found: dict[str, Tensor] = {}
    for name in ("norm1", "norm2"):
        found |= {f"{at}.{name}.{part}": take(f"{at}.{name}.{part}") for part in ("weight", "bias")}
    for name, other in (("project", "attn.proj"), ("expand", "mlp.fc1"), ("reduce", "mlp.fc2")):
        found |= {f"{at}.{name}.{part}": take(f"{at}.{other}.{part}") for part in ("weight", "bias")}
    for name, number in (("project", 1), ("reduce", 2)):
        scale = take.maybe(f"{at}.ls{number}.gamma")
        scale = take.maybe(f"{at}.gamma_{number}") if scale is None else scale
        if scale is not None:
            found[f"{at}.{name}.weight"] = found[f"{at}.{name}.weight"] * scale[:, None]
            found[f"{at}.{name}.bias"] = found[f"{at}.{name}.bias"] * scale
    found[f"{at}.qkv.weight"] = take(f"{at}.attn.qkv.weight")
    bias = take.maybe(f"{at}.attn.qkv.bias")
    if bias is None:  # BEiT: keys have none
        query = take(f"{at}.attn.q_bias")
        bias = torch.cat([query, torch.zeros_like(query), take(f"{at}.attn.v_bias")])
    found[f"{at}.qkv.bias"] = bias
    return found
