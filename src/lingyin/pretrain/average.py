"""Exponential moving average of the encoder's weights: the encoder that is written (Polyak & Juditsky 1992)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Average:
    """Follows a network's weights; the first steps count more, so that the beginning is soon forgotten."""

    def __init__(self, net: nn.Module, decay: float) -> None:
        self.decay = decay
        self.weights = {name: value.detach().clone() for name, value in net.state_dict().items()}

    @torch.no_grad()
    def follow(self, net: nn.Module, step: int) -> None:
        """Moves towards `net` after the 0-based `step`; decay 0 copies it."""
        decay = min(self.decay, (1 + step) / (10 + step)) if self.decay else 0.0
        now = [value.detach() for value in net.state_dict().values()]
        kept: list[Tensor] = list(self.weights.values())
        torch._foreach_lerp_(kept, now, 1 - decay)
