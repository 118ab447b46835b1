"""Coherent tree classifier: many labels, partial labels, and by construction no child more likely than its parent.

The max constraint of C-HMCNN (Giunchiglia & Lukasiewicz 2020): a node is as likely as the likeliest node below it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class TreeClassifier(nn.Module):
    """Class tokens `(B, D)` to one logit per code `(B, C)`; `below (C, C)` True where column lies under or is row."""

    below: Tensor

    def __init__(self, encoder_dim: int, below: Tensor) -> None:
        super().__init__()
        self.linear = nn.Linear(encoder_dim, len(below))
        self.register_buffer("below", below, persistent=False)

    def forward(self, cls: Tensor) -> Tensor:
        logits: Tensor = self.linear(cls)
        return logits.float()

    def probabilities(self, cls: Tensor) -> Tensor:
        """Coherent probabilities `(B, C)`: that of a child is never above that of its parent."""
        return torch.sigmoid(most_below(self(cls), self.below))


def most_below(logits: Tensor, below: Tensor, allowed: Tensor | None = None) -> Tensor:
    """The highest logit at or below each node `(B, C)`; where given, only nodes `allowed (B, C)` count."""
    open_nodes = below[None] if allowed is None else below[None] & allowed[:, None, :]
    return logits[:, None, :].masked_fill(~open_nodes, -1e4).amax(2)


def coherent_loss(logits: Tensor, says: Tensor, below: Tensor) -> Tensor:
    """Binary cross entropy under the max constraint, over known labels only (unknowns add nothing).

    For a node that is true only true nodes below may speak for it, for a false one all below do (their equation 4).

    Args:
        logits: `(B, C)`.
        says: `(B, C)` +1 yes, -1 no, 0 unknown.
        below: `(C, C)` True where the column's code lies under the row's code or is it.
    """
    yes, no = says > 0, says < 0
    for_yes = nn.functional.softplus(-most_below(logits, below, yes)) * yes
    for_no = nn.functional.softplus(most_below(logits, below)) * no
    return (for_yes + for_no).sum() / (yes | no).sum().clamp(min=1)
