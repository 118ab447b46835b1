"""Tiny problems, one per task kind, with a known answer: a bright block in a noisy square, seen by a fixed encoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lingyin.core.labels import LabelSet
from lingyin.nets.contract import Features
from lingyin.tasks.classify import Classify
from lingyin.tasks.contract import Task
from lingyin.tasks.degrade import spoil_all
from lingyin.tasks.describe import Describe
from lingyin.tasks.detect import Boxes, Detect
from lingyin.tasks.enhance import Enhance
from lingyin.tasks.features import make_bank
from lingyin.tasks.fit import FitSettings, Fold
from lingyin.tasks.landmark import Landmark
from lingyin.tasks.measure import Measure
from lingyin.tasks.segment import Segment

SIZE = 64


class FixedEncoder(nn.Module):
    """Coarse brightness as the vector; five maps of fixed random filters. Nothing in it learns."""

    dim = 64
    level_channels = (4, 4, 8, 8, 8)

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        ends = (1, *self.level_channels)
        self.steps = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1) for a, b in pairwise(ends))
        self.requires_grad_(False)

    def forward(self, images: Tensor) -> Features:
        x, levels = images[:, :1], []
        for step in self.steps:
            x = nn.functional.leaky_relu(step(x), 0.2)
            levels.append(x)
        cls = nn.functional.adaptive_avg_pool2d(images[:, :1], 8).flatten(1)
        return Features(cls, x.permute(0, 2, 3, 1), tuple(levels))


@dataclass(frozen=True)
class Block:
    """One picture's truth: the block's left, top and side."""

    left: int
    top: int
    side: int

    @property
    def mask(self) -> NDArray[np.bool_]:
        drawn = np.zeros((SIZE, SIZE), bool)
        drawn[self.top : self.top + self.side, self.left : self.left + self.side] = True
        return drawn

    @property
    def third(self) -> int:
        return min(2, (self.left + self.side // 2) * 3 // SIZE)


def blocks(count: int, seed: int = 0) -> tuple[NDArray[np.uint8], list[Block]]:
    """Pictures `(N, S, S)` and their truth."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 50, (count, SIZE, SIZE)).astype(np.uint8)
    truth = []
    for image in images:
        side = int(rng.integers(10, 24))
        block = Block(int(rng.integers(0, SIZE - side)), int(rng.integers(0, SIZE - side)), side)
        image[block.mask] += 150
        truth.append(block)
    return images, truth


@dataclass(frozen=True)
class Problem:
    """A task with the label of a block; `labels` of whole pictures instead where the picture itself is the label."""

    task: Task[Any, Any]
    label: Callable[[Block], Any]
    settings: FitSettings


POOLED = FitSettings(steps=150, batch=32, rate=5e-2, decays=(0.01,), evaluate_every=25, patience=4)
MAPS = FitSettings(steps=90, batch=8, rate=5e-3, decays=(0.01,), evaluate_every=30, patience=4)
FEW = replace(MAPS, steps=30, batch=4, evaluate_every=10)
CODES = ("breast", "breast_normal", "breast_mass", "breast_mass_benign", "breast_mass_malignant")
FINDINGS = ("breast_normal", "breast_mass_benign", "breast_mass_malignant")

PROBLEMS: dict[str, Problem] = {
    "classify": Problem(Classify(("left", "middle", "right")), lambda b: ("left", "middle", "right")[b.third], POOLED),
    "classify-several": Problem(
        Classify(("left", "high"), "several"), lambda b: {"left": b.third == 0, "high": b.top < 20}, POOLED
    ),
    "classify-ordinal": Problem(
        Classify(("left", "middle", "right"), "ordinal"), lambda b: ("left", "middle", "right")[b.third], POOLED
    ),
    "segment": Problem(Segment(("block",)), lambda b: {"block": b.mask}, MAPS),
    "detect": Problem(
        Detect(("block",), SIZE),
        lambda b: Boxes(
            np.array([[b.left - 0.5, b.top - 0.5, b.left + b.side - 0.5, b.top + b.side - 0.5]], np.float32), ("block",)
        ),
        MAPS,
    ),
    "landmark": Problem(Landmark(("corner",)), lambda b: {"corner": (float(b.left), float(b.top))}, MAPS),
    "measure": Problem(Measure("area", "px"), lambda b: float(b.side**2), POOLED),
    "enhance": Problem(Enhance("noise"), lambda b: (b.mask * 0.7).astype(np.float32), FEW),
    "describe": Problem(
        Describe(tuple(code for code in CODES if code != "breast_mass")),
        lambda b: LabelSet.close(yes=[FINDINGS[b.third]]),
        POOLED,
    ),
}


def folds(problem: Problem, encoder: FixedEncoder, counts: tuple[int, ...] = (64, 24, 32)) -> list[Fold]:
    """Train, val and test folds of a problem."""
    made = []
    for seed, count in enumerate(counts):
        images, truth = blocks(count, seed)
        labels = [problem.label(block) for block in truth]
        if problem.task.kind == "enhance":
            images = np.round(spoil_all(np.stack(labels), "noise", seed) * 255).astype(np.uint8)
        bank = make_bank(encoder, images, problem.task.needs)
        made.append(Fold(bank, labels, np.array([f"{seed}-{at}" for at in range(count)])))
    return made
