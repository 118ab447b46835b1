"""Losses over partial labels: what is unknown of an image costs nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


def class_weights(targets: NDArray[np.integer], labels: int) -> Tensor:
    """Weights `(labels,)` by the inverse root of frequency, mean 1 over the images; unseen labels get 1."""
    counts = np.bincount(targets[targets >= 0], minlength=labels).astype(np.float64)
    weights = np.where(counts > 0, 1 / np.sqrt(np.maximum(counts, 1)), 0.0)
    mean = float((weights * counts).sum() / max(counts.sum(), 1))
    weights = weights / mean if mean > 0 else np.ones(labels)
    weights[counts == 0] = 1.0
    return torch.tensor(np.minimum(weights, 4.0), dtype=torch.float32)


def classify_loss(
    logits: Tensor, targets: Tensor, sizes: Sequence[int], weights: Sequence[Tensor], smoothing: float
) -> Tensor:
    """Cross-entropy summed over heads, per image of the batch. `logits (B, sum(sizes))`, `targets (B, heads)`."""
    total = logits.new_zeros(())
    for head, part in enumerate(torch.split(logits, list(sizes), dim=1)):
        known = targets[:, head] >= 0
        if known.any():
            chosen = targets[known, head]
            each = nn.functional.cross_entropy(part[known], chosen, reduction="none", label_smoothing=smoothing)
            total = total + (each * weights[head][chosen]).sum()
    return total / len(logits)


def segment_loss(logits: Tensor, grids: Tensor) -> Tensor:
    """Binary cross-entropy plus soft Dice (Milletari et al. 2016) over M known masks `(M, h, w)`; Dice only where the
    structure is there. Targets are shares of grid cells, so that edges stay sharper than the grid."""
    if not len(grids):
        return logits.sum() * 0.0
    cross = nn.functional.binary_cross_entropy_with_logits(logits, grids)
    present = grids.flatten(1).sum(1) > 1.0
    if not present.any():
        return cross
    probability, truth = logits[present].sigmoid().flatten(1), grids[present].flatten(1)
    overlap = 2 * (probability * truth).sum(1) + 1.0
    dice = 1 - overlap / (probability.square().sum(1) + truth.square().sum(1) + 1.0)
    return cross + dice.mean()
