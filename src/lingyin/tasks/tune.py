"""Fine-tuning: the encoder learns too, wholly or through low-rank adapters, starting from a head that has learnt."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from lingyin.nets.graft import round_to_half
from lingyin.tasks.contract import Head, Inputs, stack
from lingyin.tasks.features import BATCH, as_levels, make_bank, to_images
from lingyin.tasks.fit import Fitted, Fold, balanced, batch_of, raw_outputs
from lingyin.tasks.lora import add_adapters, merge_adapters

Mode = Literal["frozen", "lora", "full"]


@dataclass(frozen=True, slots=True)
class TuneSettings:
    """`steps` of `batch` images at AdamW's rates; a look at val every `evaluate_every` steps, the end after `patience`
    looks without a lower loss, or after `minutes`."""

    steps: int
    batch: int
    encoder_rate: float
    adapter_rate: float
    head_rate: float
    decay: float
    evaluate_every: int
    patience: int
    minutes: float
    seed: int = 0


@dataclass(frozen=True)
class Tuned:
    """A head with the encoder it was tuned on."""

    fitted: Fitted
    encoder: Any


def tune(
    start: Fitted, encoder: Any, mode: Mode, train: Fold, val: Fold, settings: TuneSettings,
    tell: Callable[[int, int], None] = lambda _done, _steps: None,
) -> Tuned:  # fmt: skip
    """Tunes a copy of `encoder` together with a copy of the head of `start` (first the head alone, then both: Kumar et
    al. 2022), and keeps the weights with the lowest validation loss."""
    torch.manual_seed(settings.seed)
    net = _Whole(copy.deepcopy(encoder), copy.deepcopy(start.head))
    task = start.task
    if mode == "lora":
        learns, rate = add_adapters(net.encoder), settings.adapter_rate
    else:
        net.encoder.requires_grad_(True)
        learns, rate = list(net.encoder.parameters()), settings.encoder_rate
    groups = [{"params": learns, "rate": rate}, {"params": list(net.head.parameters()), "rate": settings.head_rate}]
    optimiser = torch.optim.AdamW(groups, lr=rate, weight_decay=settings.decay)
    targets = [stack([task.target(label) for label in fold.labels]) for fold in (train, val)]
    rng, shares = np.random.default_rng(settings.seed), balanced(task.strata(train.labels))
    best_loss, best, idle, history = start.loss, copy.deepcopy(net.state_dict()), 0, []
    until = time.monotonic() + 60 * settings.minutes
    for step in range(1, settings.steps + 1):
        rows = rng.choice(len(shares), min(settings.batch, len(shares)), p=shares)
        for group in optimiser.param_groups:
            group["lr"] = group["rate"] * min(1.0, step / (0.1 * settings.steps)) * (1 - step / (settings.steps + 1))
        net.train()
        loss = task.loss(net(to_images(train.bank.images[rows])).float(), batch_of(targets[0], rows))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([*learns, *net.head.parameters()], 1.0)
        optimiser.step()
        tell(step, settings.steps)
        over = time.monotonic() > until
        if step % settings.evaluate_every and step != settings.steps and not over:
            continue
        found = _loss(net, start, val, targets[1])
        history.append({"step": step, "train": float(loss.detach()), "val": found})
        if found < best_loss - 1e-5:
            best_loss, idle, best = found, 0, copy.deepcopy(net.state_dict())
        elif (idle := idle + 1) >= settings.patience:
            break
        if over:
            break
    net.load_state_dict(best)
    merge_adapters(net.encoder)
    round_to_half(net.encoder)  # as it will be kept
    net.eval().requires_grad_(False)
    bank = make_bank(net.encoder, val.bank.images, task.needs)
    calibration = task.calibrate(raw_outputs(net.head, bank), val.labels)
    fitted = Fitted(task, start.shape, net.head, calibration, best_loss, {}, settings.decay, history)
    return Tuned(replace(fitted, metrics=fitted.score(Fold(bank, val.labels, val.subjects))), net.encoder)


class _Whole(nn.Module):
    """Encoder and head as one network: images `(B, 1, S, S)` to raw outputs."""

    def __init__(self, encoder: Any, head: Head) -> None:
        super().__init__()
        self.encoder = encoder
        self.head: Head = head

    def forward(self, images: Tensor) -> Tensor:
        features = self.encoder(images.expand(-1, 3, -1, -1))
        raw: Tensor = self.head(Inputs(features.cls, as_levels(features), images))
        return raw


@torch.no_grad()
def _loss(net: nn.Module, start: Fitted, fold: Fold, target: Any) -> float:
    net.eval()
    total = 0.0
    for first in range(0, len(fold.labels), BATCH):
        rows = np.arange(first, min(len(fold.labels), first + BATCH))
        raw = net(to_images(fold.bank.images[rows])).float()
        total += float(start.task.loss(raw, batch_of(target, rows))) * len(rows)
    return total / len(fold.labels)
