"""Views, targets, contrast, coherence and labels: what each promises, on inputs small enough to check by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from lingyin.core.labels import LabelSet
from lingyin.pretrain.batches import Drawer, generator_of
from lingyin.pretrain.coherent import coherent_loss, most_below
from lingyin.pretrain.config import ViewsConfig
from lingyin.pretrain.contrast import common_depth, tree_contrast
from lingyin.pretrain.labels import label_table
from lingyin.pretrain.ranking import ranking_loss
from lingyin.pretrain.targets import Gradients, Pixels, SmoothPixels
from lingyin.pretrain.views import apply_views, draw_views, plain_view
from tests.pretrain.small import small_config, small_corpus

ALL = ViewsConfig(shadow=1.0, blur=1.0)


def test_views_are_replayed_from_their_parameters() -> None:
    stored = list(small_corpus(4).pictures)
    drawn, again = (draw_views(ALL, generator_of(1, 5), 4) for _ in range(2))
    for one, other in zip(apply_views(stored, drawn, 24), apply_views(stored, again, 24), strict=True):
        assert torch.equal(one, other)
    assert drawn.noise_seed == again.noise_seed != draw_views(ALL, generator_of(1, 6), 4).noise_seed


def test_a_view_without_augmentation_is_the_picture() -> None:
    stored = list(small_corpus(2).pictures)
    images, sectors = plain_view(stored, 32)
    np.testing.assert_allclose(images[0, 0].numpy() * 255, stored[0][..., 0], atol=1e-3)
    np.testing.assert_allclose(sectors[0, 0].numpy() * 255, stored[0][..., 1], atol=1e-3)


def test_picture_and_sector_move_together() -> None:
    """A picture that equals its sector still does after any geometry."""
    stored = np.zeros((32, 32, 2), np.uint8)
    stored[6:20, 10:30] = 255
    only_geometry = ViewsConfig(rotation_degrees=40, depth_gain=0, speckle=0, shadow=0, blur=0)
    images, sectors = apply_views([stored] * 8, draw_views(only_geometry, generator_of(0, 0), 8), 32)
    torch.testing.assert_close(images, sectors)
    assert len(torch.unique(images.sum((1, 2, 3)))) == 8


def test_signal_stays_in_range_and_black_stays_black() -> None:
    stored = np.full((32, 32, 2), 255, np.uint8)
    stored[:, :16, 0] = 0
    still = ViewsConfig(least_scale=1, rotation_degrees=0, flip=False, blur=0, shadow=1, speckle=1, depth_gain=1)
    images, _ = apply_views([stored] * 8, draw_views(still, generator_of(0, 0), 8), 32)
    assert images.min() >= 0
    assert images.max() <= 1
    assert (images[..., :15] == 0).all()


def test_batches_hold_both_views_of_each_picture() -> None:
    config = small_config()
    batch = Drawer(config, small_corpus()).draw(generator_of(0, 0), 32)
    assert batch.images.shape == (12, 1, 32, 32)
    assert torch.equal(batch.picture[:6], batch.picture[6:])
    assert not torch.equal(batch.images[:6], batch.images[6:])


def test_balance_makes_sources_alike() -> None:
    corpus = small_corpus(10)  # sources of 3, 3, 2 and 2 pictures
    assert corpus.weights(0.0) == pytest.approx(np.full(10, 0.1))
    shares = [corpus.weights(1.0)[corpus.source == name].sum() for name in np.unique(corpus.source)]
    assert shares == pytest.approx([0.25] * 4)


def test_pixel_targets_are_normalised_and_smoothing_removes_speckle() -> None:
    torch.manual_seed(0)
    images = torch.rand(2, 1, 32, 32)
    patches = Pixels(8)(images)
    torch.testing.assert_close(patches.mean(-1), torch.zeros(2, 16), atol=1e-5, rtol=0)
    torch.testing.assert_close(patches.square().mean(-1), torch.ones(2, 16), atol=2e-3, rtol=0)
    rough, smooth = (each.view(2, 16, 8, 8).diff(dim=-1).abs().mean() for each in (patches, SmoothPixels(8)(images)))
    assert smooth < 0.6 * rough
    assert torch.isfinite(Pixels(8)(torch.zeros(1, 1, 16, 16))).all()


@pytest.mark.parametrize("bin_number", range(Gradients.bins))
def test_gradient_histograms_know_the_direction(bin_number: int) -> None:
    down, across = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    angle = bin_number * math.pi / Gradients.bins
    image = 0.5 + 0.01 * (across * math.cos(angle) + down * math.sin(angle))
    histogram = Gradients(8)(image[None, None])[0, 5].view(Gradients.bins, 4)
    assert histogram.sum(1).argmax() == bin_number


def test_common_depth_is_that_of_the_deepest_shared_yes() -> None:
    says = torch.tensor([[1, 1, 0, 0], [1, 1, 0, -1], [1, -1, 1, 0], [0, 0, 0, 0]])
    shared = common_depth(says, torch.tensor([1, 2, 2, 3]))
    assert shared.tolist() == [[2, 2, 1, 0], [2, 2, 1, 0], [1, 1, 2, 0], [0, 0, 0, 0]]


def test_unknowns_have_no_influence_at_depths_they_do_not_reach() -> None:
    """A picture known to its region only is neither friend nor foe to pictures compared by organ."""
    points = torch.nn.functional.normalize(torch.tensor([[1.0, 0.1], [1.0, 0.2], [0.9, 0.3], [0.2, 1.0]]), dim=1)
    points = points.repeat(2, 1).requires_grad_()
    says = torch.tensor([[0, 1], [0, 1], [0, 1], [0, 0]]).repeat(2, 1)
    loss = tree_contrast(points, torch.arange(4).repeat(2), says, torch.tensor([1, 2]), 0.2)
    (gradient,) = torch.autograd.grad(loss, points)
    assert torch.isfinite(gradient).all()
    labelled = tree_contrast(
        points[[0, 1, 2, 4, 5, 6]], torch.arange(3).repeat(2), says[[0, 1, 2, 4, 5, 6]], torch.tensor([1, 2]), 0.2
    )
    bare = tree_contrast(points, torch.arange(4).repeat(2), torch.zeros_like(says), torch.tensor([1, 2]), 0.2)
    assert labelled.item() != pytest.approx(bare.item())


def test_the_max_constraint_and_its_loss_by_hand() -> None:
    below = torch.tensor([[True, True], [False, True]])  # code 1 lies under code 0
    logits = torch.tensor([[-1.0, 2.0]])
    assert most_below(logits, below).tolist() == [[2.0, 2.0]]
    # code 0 true, code 1 unknown: only code 0 may speak for itself
    assert coherent_loss(logits, torch.tensor([[1, 0]]), below).item() == pytest.approx(math.log1p(math.exp(1)))
    # both false: the child speaks against the parent too
    assert coherent_loss(logits, torch.tensor([[-1, -1]]), below).item() == pytest.approx(math.log1p(math.exp(2)))
    assert coherent_loss(logits, torch.zeros(1, 2, dtype=torch.long), below).item() == 0


def test_ranking_counts_hidden_patches_only() -> None:
    scores, losses = torch.tensor([[3.0, 1.0, 9.0]]), torch.tensor([[0.5, 0.1, 0.0]])
    hidden = torch.tensor([[True, True, False]])
    right, wrong = ranking_loss(scores, losses, hidden), ranking_loss(-scores, losses, hidden)
    assert right.item() == pytest.approx(math.log1p(math.exp(-2)))
    assert wrong.item() == pytest.approx(math.log1p(math.exp(2)))


@pytest.mark.parametrize(
    ("depth", "codes"),
    [
        ("region", []),
        ("organ", ["liver", "heart"]),
        ("view", ["liver", "heart", "view_apical_two_chamber"]),
        ("full", ["liver", "liver_lesion", "liver_lesion_benign", "heart", "view_apical_two_chamber"]),
    ],
)
def test_label_tables_stop_at_their_depth(depth: str, codes: list[str]) -> None:
    labels = [LabelSet.close(yes=["liver_lesion_benign"]), LabelSet.close(yes=["view_apical_two_chamber"]), LabelSet()]
    table = label_table(labels, depth)  # type: ignore[arg-type]
    assert [code for code in table.codes if not code.startswith("region_")] == codes
    assert {"region_abdomen", "region_heart"} <= set(table.codes)
    assert (table.says[2] == 0).all()
    for parent, child in zip(*np.nonzero(table.below), strict=True):
        assert table.depth[child] >= table.depth[parent]
    assert table.below.diagonal().all()


def test_a_batch_of_few_sources_holds_these_alone_in_equal_lots() -> None:
    corpus = small_corpus(24)
    config = small_config(data={"sets": "none", "phantoms": 4, "cache_px": 32, "sources": 2})
    seen = set()
    for step in range(20):
        batch = Drawer(config, corpus).draw(generator_of(0, step), 32)
        names, counts = np.unique(corpus.source[batch.picture.numpy()], return_counts=True)
        assert counts.tolist() == [6, 6]
        seen |= set(names)
    assert seen == set(corpus.source)
