"""Structured contrast over the label tree: pairs pull together by the depth of their deepest common node.

One supervised contrastive loss (Khosla et al. 2020) per depth of the tree, the deeper the heavier (Zhang et al. 2022,
"Use all the labels"); several labels per image, unknowns left out, unlabelled images pair with their own second view.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class ContrastHead(nn.Module):
    """Projection of class tokens `(B, D)` onto the unit sphere `(B, dim)` (Chen et al. 2020, SimCLR)."""

    def __init__(self, encoder_dim: int, dim: int) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(encoder_dim, encoder_dim), nn.GELU(), nn.Linear(encoder_dim, dim))

    def forward(self, cls: Tensor) -> Tensor:
        return functional.normalize(self.net(cls).float(), dim=-1)


def common_depth(says: Tensor, depth: Tensor) -> Tensor:
    """Depth `(B, B)` of the deepest node that both images affirm; 0 where they share none.

    Args:
        says: `(B, C)` +1 yes, -1 no, 0 unknown.
        depth: `(C,)` depth of each code, 1 for a root.
    """
    shared = torch.zeros(len(says), len(says), dtype=torch.long)
    for level in range(1, int(depth.max()) + 1 if len(depth) else 1):
        yes = (says[:, depth == level] > 0).float()
        shared = torch.where(yes @ yes.T > 0, level, shared)
    return shared


def tree_contrast(points: Tensor, picture: Tensor, says: Tensor, depth: Tensor, temperature: float) -> Tensor:
    """The loss over a batch of views, averaged over the depths of the tree with weights that double with each depth.

    At depth l two views are a positive pair if they show one picture or share a node of depth l or deeper; views that
    carry no label as deep as l have an unknown relation there and are left out. A view of a picture without any label
    takes part once, its second view as the only positive pair and every other picture as a negative one.

    Args:
        points: `(B, D)` unit vectors.
        picture: `(B,)` number of the picture that each view shows.
        says: `(B, C)` labels of the views.
        depth: `(C,)` depth of each code.
    """
    similar = points @ points.T / temperature
    itself = torch.eye(len(points), dtype=torch.bool)
    same = (picture[:, None] == picture[None]) & ~itself
    shared = common_depth(says, depth)
    known = torch.where(says > 0, depth[None], 0).amax(1) if len(depth) else torch.zeros(len(points), dtype=torch.long)
    deepest = int(known.max())
    total, weights = points.new_zeros(()), 0.0
    for level in range(1, deepest + 1):
        told = known >= level
        counted = told[:, None] & told[None] & ~itself
        positive = ((shared >= level) & counted) | same & counted
        weight = 2.0 ** (level - deepest)
        total = total + weight * _supervised(similar, positive, counted)
        weights += weight
    bare = known == 0
    if bool(bare.any()):
        total, weights = total + _supervised(similar, same & bare[:, None], bare[:, None] & ~itself), weights + 1.0
    return total / max(weights, 1e-9)


def picture_contrast(points: Tensor, picture: Tensor, temperature: float) -> Tensor:
    """The leaves of the tree: views of one picture against all other pictures (Chen et al. 2020, SimCLR). Labels that
    end at organs tell no two pictures of one organ apart; this does.

    Args:
        points: `(B, D)` unit vectors.
        picture: `(B,)` number of the picture that each view shows.
    """
    itself = torch.eye(len(points), dtype=torch.bool)
    return _supervised(points @ points.T / temperature, (picture[:, None] == picture[None]) & ~itself, ~itself)


def _supervised(similar: Tensor, positive: Tensor, counted: Tensor) -> Tensor:
    """-log share of the positive pairs among the counted ones, averaged over anchors that have a positive pair."""
    share = similar - torch.logsumexp(similar.masked_fill(~counted, -1e9), 1, keepdim=True)
    pairs = positive.sum(1)
    anchors = pairs > 0
    each = -(share * positive).sum(1) / pairs.clamp(min=1)
    return (each * anchors).sum() / anchors.sum().clamp(min=1)
