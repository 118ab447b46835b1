"""Losses over partial labels against values worked out by hand; what is unknown sends no gradient."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from lingyin.tasks.losses import class_weights, classify_loss, segment_loss


def test_class_weights_by_hand() -> None:
    targets = np.array([0] * 9 + [1] + [-1] * 5)
    # roots 1/3 and 1, mean over ten images (9/3 + 1)/10 = 0.4; the third label was never seen
    assert class_weights(targets, 3).tolist() == pytest.approx([1 / 1.2, 2.5, 1.0])


def test_class_weights_are_capped_and_even_without_any_label() -> None:
    assert class_weights(np.array([0] * 400 + [1]), 2)[1] == 4.0
    assert class_weights(np.array([-1, -1]), 3).tolist() == [1.0, 1.0, 1.0]


def test_classify_loss_by_hand_over_two_heads_and_unknown_targets() -> None:
    logits = torch.tensor([[0.0, 0.0, 1.0, 1.0, 1.0], [math.log(3), 0.0, 5.0, -2.0, 9.0]], requires_grad=True)
    targets = torch.tensor([[1, 2], [0, -1]])
    loss = classify_loss(logits, targets, [2, 3], [torch.tensor([1.0, 3.0]), torch.tensor([1.0, 1.0, 0.5])], 0.0)
    assert loss.item() == pytest.approx((3 * math.log(2) + math.log(4 / 3) + 0.5 * math.log(3)) / 2)
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[1, 2:].tolist() == [0.0, 0.0, 0.0]
    assert logits.grad[0, 2:].abs().min() > 0


def test_smoothing_asks_for_less_than_certainty() -> None:
    logits, targets, weights = torch.tensor([[math.log(3), 0.0]]), torch.tensor([[0]]), [torch.ones(2)]
    # target 0.9/0.1 over probabilities 0.75/0.25
    expected = -0.9 * math.log(0.75) - 0.1 * math.log(0.25)
    assert classify_loss(logits, targets, [2], weights, 0.2).item() == pytest.approx(expected)


def test_a_batch_that_knows_nothing_costs_nothing() -> None:
    logits = torch.randn(3, 4, generator=torch.Generator().manual_seed(0), requires_grad=True)
    assert classify_loss(logits, torch.full((3, 2), -1), [2, 2], [torch.ones(2)] * 2, 0.1).item() == 0.0
    nothing = torch.zeros(0, 4, 4, requires_grad=True)
    loss = segment_loss(nothing, torch.zeros(0, 4, 4))
    loss.backward()  # must still belong to the graph: other losses are added to it
    assert loss.item() == 0.0


def test_segment_loss_by_hand() -> None:
    grids = torch.zeros(1, 2, 4)
    grids[0, :, :2] = 1.0
    # probability 1/2 everywhere: overlap 2*(4/2) + 1 = 5 over squares 8/4 + 4 + 1 = 7
    assert segment_loss(torch.zeros(1, 2, 4), grids).item() == pytest.approx(math.log(2) + 1 - 5 / 7)


def test_an_empty_mask_adds_cross_entropy_but_no_dice() -> None:
    assert segment_loss(torch.zeros(1, 2, 4), torch.zeros(1, 2, 4)).item() == pytest.approx(math.log(2))
    full = torch.ones(1, 2, 4)
    both = segment_loss(torch.zeros(2, 2, 4), torch.cat([full, torch.zeros(1, 2, 4)]))
    # of the full one alone: overlap 2*4 + 1 = 9 over 2 + 8 + 1 = 11; the empty one must not halve its Dice
    assert both.item() == pytest.approx(math.log(2) + 1 - 9 / 11)
