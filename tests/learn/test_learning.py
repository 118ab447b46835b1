"""Each part of the method learns on a tiny problem: it lowers its own loss, and does what it is there for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lingyin.nets.masked import LossPredictor
from lingyin.pretrain.batches import Drawer, generator_of
from lingyin.pretrain.coherent import TreeClassifier, coherent_loss
from lingyin.pretrain.contrast import ContrastHead, picture_contrast, tree_contrast
from lingyin.pretrain.learner import Learner
from lingyin.pretrain.masks import plan_masks
from lingyin.pretrain.ranking import ranking_loss
from lingyin.pretrain.schedule import Moment
from tests.pretrain.small import CONVOLUTIONAL, small_config, small_corpus


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


def descend(net: nn.Module, loss: Callable[[], Tensor], steps: int, rate: float = 1e-2) -> tuple[float, float]:
    """The loss before and after some steps of Adam."""
    optimiser = torch.optim.Adam(net.parameters(), rate)
    before = float(loss().detach())
    for _ in range(steps):
        optimiser.zero_grad()
        loss().backward()
        optimiser.step()
    return before, float(loss().detach())


@pytest.mark.parametrize("target", ["pixels", "smooth", "gradients"])
def test_reconstruction_lowers_its_loss(target: str) -> None:
    targets = {"pixels": 0.0, target: 1.0}
    config = small_config(targets=targets, hard={}, contrast={}, classifier={}, stages=[_stage()])
    before, after = _train(config, 60, target)
    assert after < 0.85 * before


def test_the_teachers_maps_and_vector_are_learnt() -> None:
    targets = {"pixels": 0.0, "teacher": 1.0}
    config = small_config(targets=targets, hard={}, contrast={}, classifier={}, stages=[_stage()])
    corpus = small_corpus()
    learner = Learner(config, corpus)
    batch = Drawer(config, corpus).draw(generator_of(0, 0), 32)
    at = Moment(32, 0.5, 0.0, False, 0.0)
    plan, inside = learner.plan(batch, at, generator_of(0, 0))
    begin = {name: float(value.detach()) for name, value in learner(batch, plan, inside, False).items()}
    descend(learner, lambda: sum(learner(batch, plan, inside, False).values(), torch.zeros(())), 30, 3e-3)
    end = {name: float(value.detach()) for name, value in learner(batch, plan, inside, False).items()}
    assert end["teacher"] < 0.8 * begin["teacher"]
    assert end["teacher pooled"] < 0.8 * begin["teacher pooled"]


def test_predictor_learns_which_patches_are_hard_and_masks_pick_them() -> None:
    """Patches with an edge are hard here; after training hard-first masks hide nearly all of them."""
    images = torch.zeros(24, 1, 32, 32)
    edges = torch.rand(24, 16) < 0.3
    stripes = (torch.arange(8) % 2).float().repeat(8, 1)
    for row, column in edges.nonzero().tolist():
        top, left = 8 * (column // 4), 8 * (column % 4)
        images[row, 0, top : top + 8, left : left + 8] = stripes
    losses, everything = edges.float() + 0.01 * torch.rand(24, 16), torch.ones(24, 16, dtype=torch.bool)
    predictor = LossPredictor(8, dim=32)
    before, after = descend(predictor, lambda: ranking_loss(predictor(images), losses, everything), 60, 5e-3)
    assert after < before
    with torch.no_grad():
        plan = plan_masks(torch.rand(24, 16), everything, 0.5, 1.0, predictor(images))
    hidden_hard = (plan.hidden & edges).sum() / edges.sum()
    by_chance = (plan_masks(torch.rand(24, 16), everything, 0.5).hidden & edges).sum() / edges.sum()
    assert hidden_hard > 0.93
    assert by_chance < 0.7


def test_contrast_orders_pairs_by_depth_of_their_common_node() -> None:
    """Eight pictures, two views each: the deeper the common node of two pictures, the closer they end."""
    # codes: two regions, three organs, three findings
    says = torch.tensor(
        [
            [1, -1, 1, -1, -1, 1, -1, -1],
            [1, -1, 1, -1, -1, 1, -1, -1],
            [1, -1, 1, -1, -1, -1, 1, -1],
            [1, -1, 1, -1, -1, -1, 1, -1],
            [1, -1, -1, 1, -1, -1, -1, 0],
            [1, -1, -1, 1, -1, -1, -1, 0],
            [-1, 1, -1, -1, 1, -1, -1, 1],
            [-1, 1, -1, -1, 1, -1, -1, 1],
        ]
    ).repeat(2, 1)
    depth = torch.tensor([1, 1, 2, 2, 2, 3, 3, 3])
    picture = torch.arange(8).repeat(2)
    inputs = torch.randn(16, 24)
    head = ContrastHead(24, 8)
    before, after = descend(head, lambda: tree_contrast(head(inputs), picture, says, depth, 0.2), 200)
    assert after < 0.7 * before
    with torch.no_grad():
        points = head(inputs)
    near = points @ points.T
    same_finding, same_organ, same_region, nothing = near[0, 1], near[0, 2], near[0, 4], near[0, 6]
    assert same_finding > same_organ > same_region > nothing


def test_pictures_as_leaves_tell_two_pictures_of_one_organ_apart() -> None:
    """Six pictures of one organ, two views each: as leaves every view finds its own other view; the tree of labels
    alone has no reason to."""
    says, depth, picture = torch.ones(12, 2, dtype=torch.long), torch.tensor([1, 2]), torch.arange(6).repeat(2)
    inputs = torch.randn(6, 24).repeat(2, 1) + 0.4 * torch.randn(12, 24)
    losses: dict[str, Callable[[Tensor], Tensor]] = {
        "tree": lambda points: tree_contrast(points, picture, says, depth, 0.2),
        "leaves": lambda points: picture_contrast(points, picture, 0.2),
    }
    found = {}
    for name, loss in losses.items():
        torch.manual_seed(1)
        head = ContrastHead(24, 8)
        descend(head, lambda head=head, loss=loss: loss(head(inputs)), 100)  # type: ignore[misc]
        with torch.no_grad():
            near = (head(inputs) @ head(inputs).T).fill_diagonal_(-2)
        found[name] = int((near.argmax(1) == torch.arange(12).roll(6)).sum())
    assert found["leaves"] == 12
    assert found["tree"] < 12


def test_the_encoders_own_average_is_learnt_from_what_is_visible() -> None:
    config = small_config(targets={"pixels": 0.0, "own": 1.0}, hard={}, contrast={}, classifier={}, stages=[_stage()])
    before, after = _train(config, 40, "own")
    assert after < 0.9 * before


def test_a_convolutional_encoder_learns_to_fill_in_what_is_hidden() -> None:
    changes = CONVOLUTIONAL | {"targets": {"gradients": 1.0, "pixels": 0.0}, "contrast": {}, "stages": [_stage()]}
    before, after = _train(small_config(hard={}, classifier={}, **changes), 12, "gradients", 64)
    assert after < 0.9 * before


def test_unlabelled_pictures_still_pair_with_their_second_view() -> None:
    says, picture = torch.zeros(12, 3, dtype=torch.long), torch.arange(6).repeat(2)
    inputs = torch.randn(6, 24).repeat(2, 1) + 0.5 * torch.randn(12, 24)
    head = ContrastHead(24, 8)
    _, after = descend(head, lambda: tree_contrast(head(inputs), picture, says, torch.tensor([1, 1, 2]), 0.2), 80)
    with torch.no_grad():
        points = head(inputs)
    near = (points @ points.T).fill_diagonal_(-2)
    assert near.argmax(1).tolist() == [*range(6, 12), *range(6)]
    assert after < 0.5


def test_tree_classifier_learns_from_partial_labels_and_stays_coherent() -> None:
    """Codes: root, two children of it, one grandchild. Half of the labels are unknown; no child exceeds its parent."""
    below = torch.tensor([[1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1]], dtype=torch.bool)
    truth = torch.tensor([[1, 1, -1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [-1, -1, -1, -1]]).repeat(8, 1)
    features = truth.float() @ torch.randn(4, 16) + 0.1 * torch.randn(32, 16)
    says = torch.where(torch.rand(32, 4) < 0.5, truth, 0)
    classifier = TreeClassifier(16, below)
    before, after = descend(classifier, lambda: coherent_loss(classifier(features), says, below), 120)
    assert after < 0.3 * before
    with torch.no_grad():
        assert ((classifier.probabilities(features) > 0.5) == (truth > 0)).float().mean() > 0.95
        for _ in range(20):  # for any weights and any input, not only for learnt ones
            nn.init.normal_(classifier.linear.weight, std=3.0)
            chance = classifier.probabilities(torch.randn(64, 16) * 5)
            for parent, child in below.nonzero().tolist():
                assert (chance[:, child] <= chance[:, parent]).all()


def test_the_curriculum_moves_masks_from_random_to_hardest_first() -> None:
    """With a predictor that knows, the mean difficulty of what is hidden rises with the share of hard patches."""
    rng = np.random.default_rng(0)
    difficulty = torch.from_numpy(rng.random((64, 49), dtype=np.float32))
    everything = torch.ones(64, 49, dtype=torch.bool)
    means = []
    for share in (0.0, 0.25, 0.5, 1.0):
        plan = plan_masks(torch.from_numpy(rng.random((64, 49), dtype=np.float32)), everything, 0.6, share, difficulty)
        means.append(float(difficulty[plan.hidden].mean()))
    assert means == sorted(means)
    assert means[-1] > means[0] + 0.15


def _stage() -> dict[str, float]:
    return {"until": 1.0, "size_px": 32, "mask_ratio": 0.5}


def _train(config: object, steps: int, name: str, size: int = 32) -> tuple[float, float]:
    """Loss `name` on a fixed batch before and after training on fresh ones."""
    corpus = small_corpus()
    learner = Learner(config, corpus)  # type: ignore[arg-type]
    drawer, at = Drawer(learner.config, corpus), Moment(size, 0.5, 0.0, False, 0.0)

    def loss(step: int) -> Tensor:
        generator = generator_of(1, step)
        batch = drawer.draw(generator, size)
        plan, inside = learner.plan(batch, at, generator)
        value: Tensor = learner(batch, plan, inside, False)[name]
        return value

    optimiser = torch.optim.Adam(learner.parameters(), 3e-3)
    before = float(loss(10_000).detach())
    for step in range(steps):
        optimiser.zero_grad()
        loss(step).backward()
        optimiser.step()
    return before, float(loss(10_000).detach())
