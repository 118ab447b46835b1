"""Masks: replayable, never outside the sector, of the asked ratio, hardest first where asked."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lingyin.pretrain.batches import generator_of
from lingyin.pretrain.config import MasksConfig
from lingyin.pretrain.masks import draw_noise, patch_sector, plan_masks


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    ratio=st.floats(0.05, 0.95),
    share=st.floats(0, 1),
    side=st.integers(2, 7),
    density=st.floats(0.01, 1),
)
def test_a_plan_holds_its_promises(seed: int, ratio: float, share: float, side: int, density: float) -> None:
    rng = np.random.default_rng(seed)
    count = side * side
    inside = torch.from_numpy(rng.random((5, count)) < density)
    inside[:, 0] = True
    noise = torch.from_numpy(rng.random((5, count), dtype=np.float32))
    plan = plan_masks(noise, inside, ratio, share, torch.from_numpy(rng.random((5, count), dtype=np.float32)))
    assert not (plan.hidden & ~inside).any()
    assert plan.visible.shape == (5, max(1, round((1 - ratio) * count)))
    for row in range(5):
        seen = plan.visible[row]
        assert len(set(seen.tolist())) == len(seen)
        assert not plan.hidden[row, seen].any()
        assert (inside[row].sum() - plan.hidden[row].sum()) == inside[row, seen].sum()
        assert inside[row, seen].any()


def test_the_ratio_holds_within_the_sector() -> None:
    inside = torch.zeros(1, 100, dtype=torch.bool)
    inside[:, :40] = True
    plan = plan_masks(torch.rand(1, 100), inside, 0.75)
    assert int(plan.hidden.sum()) == 30
    assert plan.visible.shape[1] == 25


def test_hard_first_hides_the_hardest() -> None:
    torch.manual_seed(0)
    difficulty = torch.rand(3, 64)
    inside = torch.ones(3, 64, dtype=torch.bool)
    inside[:, difficulty.argmax(1)] = False
    plan = plan_masks(torch.rand(3, 64), inside, 0.5, 1.0, difficulty)
    ranked = difficulty.masked_fill(~inside, -1)
    for row in range(3):
        hidden = plan.hidden[row]
        assert ranked[row][hidden].min() > ranked[row][inside[row] & ~hidden].max()


def test_half_of_the_share_leaves_half_to_chance() -> None:
    difficulty = torch.linspace(0, 1, 64)[None]
    plan = plan_masks(torch.rand(1, 64), torch.ones(1, 64, dtype=torch.bool), 0.5, 0.5, difficulty)
    assert plan.hidden[0, -16:].all()
    assert not plan.hidden[0, -32:].all()


def test_hard_patches_without_a_prediction_are_refused() -> None:
    with pytest.raises(ValueError, match="predicted losses"):
        plan_masks(torch.rand(1, 4), torch.ones(1, 4, dtype=torch.bool), 0.5, 0.5)


@pytest.mark.parametrize("kind", ["random", "block"])
def test_noise_is_replayed_from_step_and_seed(kind: str) -> None:
    config = MasksConfig(kind=kind, block=3)
    first, again, other = (draw_noise(config, generator_of(5, step), 4, (7, 6)) for step in (9, 9, 10))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.shape == (4, 42)


def test_block_masks_hang_together() -> None:
    """Neighbours share their fate far more often than in random masks."""

    def together(kind: str) -> float:
        noise = draw_noise(MasksConfig(kind=kind, block=4), np.random.default_rng(0), 50, (16, 16))
        hidden = plan_masks(noise, torch.ones(50, 256, dtype=torch.bool), 0.5).hidden.view(50, 16, 16)
        return float((hidden[:, :, 1:] == hidden[:, :, :-1]).float().mean())

    assert together("random") < 0.55
    assert together("block") > 0.8


def test_patches_count_as_sector_from_half_of_their_area() -> None:
    sector = torch.zeros(2, 1, 8, 8)
    sector[0, :, :, :6] = 1  # the right column of 4 px patches is half inside
    sector[0, :, :4, 5] = 0  # and its upper one less than half
    assert patch_sector(sector, 4)[0].tolist() == [True, False, True, True]
    assert patch_sector(sector, 4)[1].all()  # a picture without any sector counts as all sector
