"""The curriculum: what resolution, mask ratio, share of hard patches and learning rate hold at a step."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lingyin.pretrain.config import OptimiserConfig, PretrainConfig


@dataclass(frozen=True, slots=True)
class Moment:
    """The values that hold at one step."""

    size_px: int
    mask_ratio: float
    hard_share: float
    structured: bool
    rate: float


def moment(config: PretrainConfig, step: int) -> Moment:
    """Values of the step (0-based). Resolution jumps between stages; ratio and hard share move linearly within one."""
    progress = step / config.steps
    start, ratio, share = 0.0, config.stages[0].mask_ratio, 0.0
    for stage in config.stages:
        if progress < stage.until or stage is config.stages[-1]:
            along = (progress - start) / (stage.until - start)
            return Moment(
                size_px=stage.size_px,
                mask_ratio=ratio + along * (stage.mask_ratio - ratio),
                hard_share=share + along * (stage.hard_share - share),
                structured=stage.structured,
                rate=learning_rate(config.optimiser, step, config.steps),
            )
        start, ratio, share = stage.until, stage.mask_ratio, stage.hard_share
    raise AssertionError("a config has at least one stage")


def learning_rate(optimiser: OptimiserConfig, step: int, steps: int) -> float:
    """Linear warm-up, then half a cosine down to zero (Loshchilov & Hutter 2017)."""
    warmup = min(optimiser.warmup_steps, steps)
    if step < warmup:
        return optimiser.rate * (step + 1) / warmup
    return optimiser.rate * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))
