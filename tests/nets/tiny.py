"""The smallest encoder that keeps the contract, with a recipe, so that training tests take milliseconds."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from lingyin.nets.contract import Features
from lingyin.nets.joint import JointNet
from lingyin.tasks.config import HeadConfig, Recipe, TrainConfig
from lingyin.tasks.train import make_joint

SIZE = 32


class TinyEncoder(nn.Module):
    """Five strided convolutions: levels at strides 2 to 32, `cls (B, 16)`."""

    dim = 16
    level_channels = (4, 4, 8, 8, 8)

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, 2, 1)
        widths = self.level_channels
        pairs = pairwise(widths)
        self.blocks = nn.ModuleList(nn.Conv2d(first, second, 3, 2, 1) for first, second in pairs)
        self.head = nn.Conv2d(widths[-1], self.dim, 1)

    def forward(self, images: Tensor) -> Features:
        levels = [torch.relu(self.stem(images))]
        for block in self.blocks:
            levels.append(torch.relu(block(levels[-1])))
        top = torch.relu(self.head(levels[-1]))
        return Features(top.mean((2, 3)), top.permute(0, 2, 3, 1), tuple(levels))


def tiny_recipe(**train: object) -> Recipe:
    """Two classifying heads and two structures, one of which has an own branch that the source `lone` trains apart."""
    values: dict[str, object] = {
        "size": SIZE,
        "batch": 4,
        "steps": 6,
        "warmup_steps": 2,
        "decay_share": 0.5,
        "encoder_rate": 1e-3,
        "head_rate": 1e-2,
        "linear_rate": 1e-2,
        "weight_decay": 0.0,
        "frozen_blocks": 0,
        "dropout": 0.1,
        "label_smoothing": 0.0,
        "segment_weight": 1.0,
        "average_decay": 0.9,
        "seed": 3,
    }
    return Recipe(
        name="tiny",
        version="0",
        train=TrainConfig.model_validate(values | train),
        sources={"squares": 1.0, "lone": 1.0, "negatives": 0.5},
        heads=(
            HeadConfig(name="organ", task="classify", labels=("liver", "kidney", "none")),
            HeadConfig(name="size", task="classify", labels=("small", "large"), organs=("liver",), sets=("squares",)),
            HeadConfig(
                name="apart", task="segment", organs=("liver",), sets=("lone",), own_branch=True, apart=("lone",)
            ),
            HeadConfig(
                name="square", task="segment", organs=("liver",), sets=("squares",), caveats=("few-training-subjects",)
            ),
        ),
    )


def tiny_net(recipe: Recipe | None = None, seed: int = 0) -> JointNet:
    """A fresh tiny network."""
    torch.manual_seed(seed)
    return make_joint(recipe or tiny_recipe(), TinyEncoder())
