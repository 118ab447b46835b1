"""The curriculum at its edges: the first step of a stage, one step only, a warm-up longer than the run."""

from __future__ import annotations

import math

import pytest

from lingyin.pretrain.config import OptimiserConfig
from lingyin.pretrain.schedule import learning_rate, moment
from tests.pretrain.small import small_config


def test_a_stage_begins_where_the_one_before_ended() -> None:
    stages = [
        {"until": 0.3, "size_px": 32, "mask_ratio": 0.4},
        {"until": 0.6, "size_px": 64, "mask_ratio": 0.8, "hard_share": 0.6},
        {"until": 1.0, "size_px": 96, "mask_ratio": 0.2, "hard_share": 0.2},
    ]
    config = small_config(steps=10, stages=stages)
    second, middle, third, last = (moment(config, step) for step in (3, 5, 6, 8))
    assert [each.size_px for each in (second, middle, third, last)] == [64, 64, 96, 96]
    assert [each.mask_ratio for each in (second, middle, third, last)] == pytest.approx([0.4, 2 / 3, 0.8, 0.5])
    assert [each.hard_share for each in (second, middle, third, last)] == pytest.approx([0.0, 0.4, 0.6, 0.4])


@pytest.mark.parametrize(
    ("step", "steps", "warmup", "share"),
    [
        (0, 1, 0, 1.0),
        (3, 4, 100, 1.0),
        (0, 4, 100, 0.25),
        (30, 50, 10, 0.5),
        (20, 50, 10, 0.5 * (1 + math.sqrt(0.5))),
        (50, 50, 10, 0.0),
    ],
)
def test_rates_by_hand(step: int, steps: int, warmup: int, share: float) -> None:
    optimiser = OptimiserConfig(rate=0.02, warmup_steps=warmup)
    assert learning_rate(optimiser, step, steps) == pytest.approx(0.02 * share, abs=1e-12)
