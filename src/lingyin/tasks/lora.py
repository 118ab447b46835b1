"""Low-rank adaptation (Hu et al. 2022) of any encoder: beside frozen layers run thin ones that learn, and that are
multiplied into the weights in the end, so that the adapted encoder costs nothing more."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

RANK = 8
SHARE = 0.5  # of the layers, counted from the last: early ones see edges, which are the same everywhere


class _Thin(nn.Module):
    """A frozen layer plus `up(down(x))`, whose `up` is zero at first."""

    def __init__(self, layer: nn.Linear | nn.Conv2d, rank: int) -> None:
        super().__init__()
        self.layer = layer
        width_in, width_out = layer.weight.shape[1], layer.weight.shape[0]
        self.down = nn.Parameter(torch.empty(rank, width_in))
        self.up = nn.Parameter(torch.zeros(width_out, rank))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

    def forward(self, x: Tensor) -> Tensor:
        weight = self.layer.weight + self.delta().view_as(self.layer.weight)
        if isinstance(self.layer, nn.Linear):
            return nn.functional.linear(x, weight, self.layer.bias)
        return nn.functional.conv2d(x, weight, self.layer.bias)

    def delta(self) -> Tensor:
        return self.up @ self.down


def _takes(module: nn.Module) -> bool:
    """Whether a layer mixes channels and nothing else: linear, or a plain 1 x 1 convolution."""
    if isinstance(module, nn.Conv2d):
        plain = module.kernel_size == (1, 1) and module.stride == (1, 1) and module.padding == (0, 0)
        return plain and module.groups == 1
    return isinstance(module, nn.Linear)


def add_adapters(encoder: Any, rank: int = RANK, share: float = SHARE) -> list[nn.Parameter]:
    """Freezes the encoder and puts thin layers beside the last `share` of its mixing ones; returns what learns.

    Raises:
        ValueError: the encoder has no such layer.
    """
    encoder.requires_grad_(False)
    names = [name for name, module in encoder.named_modules() if _takes(module)]
    if not names:
        raise ValueError(f"{type(encoder).__name__} has no layer that adapters could sit beside")
    learns: list[nn.Parameter] = []
    for name in names[len(names) - max(1, round(share * len(names))) :]:
        parent, _, last = name.rpartition(".")
        thin = _Thin(encoder.get_submodule(name), rank)
        setattr(encoder.get_submodule(parent), last, thin)
        learns += [thin.down, thin.up]
    return learns


@torch.no_grad()
def merge_adapters(encoder: Any) -> None:
    """Multiplies the adapters into the weights and removes them; the function stays the same."""
    for name, module in list(encoder.named_modules()):
        if isinstance(module, _Thin):
            module.layer.weight += module.delta().view_as(module.layer.weight)
            parent, _, last = name.rpartition(".")
            setattr(encoder.get_submodule(parent), last, module.layer)
