"""Relative ranking of patches by their loss: what the loss predictor learns from (Wang et al. 2023, HPM)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def ranking_loss(scores: Tensor, losses: Tensor, hidden: Tensor) -> Tensor:
    """Cross entropy of "patch i is harder than patch j" over all pairs of hidden patches of a picture.

    Args:
        scores: `(B, L)` predicted difficulty.
        losses: `(B, L)` measured reconstruction losses; no gradient flows into them.
        hidden: `(B, L)` True where a loss was measured.
    """
    margin = scores[:, :, None] - scores[:, None, :]
    harder = (losses.detach()[:, :, None] > losses.detach()[:, None, :]).to(margin.dtype)
    pairs = hidden[:, :, None] & hidden[:, None, :] & ~torch.eye(scores.shape[1], dtype=torch.bool)
    each = functional.binary_cross_entropy_with_logits(margin, harder, reduction="none")
    return (each * pairs).sum() / pairs.sum().clamp(min=1)
