"""Joint training: the loop, its schedule, averaged weights, checkpoints that are whole or not there, exact resume."""

from __future__ import annotations

import copy
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lingyin.core.errors import UsageError
from lingyin.nets.joint import JointNet
from lingyin.nets.lite0 import fold, imagenet_lite0, recalibrate
from lingyin.nets.readout import read_many
from lingyin.tasks.batches import Batch, Sampler, prefetch
from lingyin.tasks.config import Recipe
from lingyin.tasks.losses import class_weights, classify_loss, segment_loss
from lingyin.tasks.store import Store

log = logging.getLogger(__name__)
CHECKPOINT = "checkpoint.pt"


def learning_rate(step: int, steps: int, warmup: int, decay_share: float) -> float:
    """Share of the full rate at a step: linear warm-up, flat, then linear to zero over the last `decay_share`.

    The flat part lets a run be prolonged, or given new sources, without regret (Hu et al. 2024, MiniCPM).
    """
    decay = max(1.0, steps * decay_share)
    return float(min(1.0, (step + 1) / max(1, warmup), max(0.0, (steps - step) / decay)))


def build_net(recipe: Recipe, calibration: Sequence[Batch] | None = None) -> JointNet:
    """An ImageNet encoder with folded normalisation, measured anew on `calibration` images, under fresh heads."""
    torch.manual_seed(recipe.train.seed)
    encoder = imagenet_lite0().eval()
    if calibration:
        recalibrate(encoder, lambda: [to_input(batch).expand(-1, 3, -1, -1) for batch in calibration])
    return make_joint(recipe, read_many(fold(encoder)))


def make_joint(recipe: Recipe, encoder: Any) -> JointNet:
    """The recipe's heads over any encoder of the contract."""
    labels = sum(len(head.labels) for head in recipe.classify)
    own = sum(head.own_branch for head in recipe.segment)
    return JointNet(encoder, labels, len(recipe.structures), own, recipe.train.dropout)


def to_input(batch: Batch) -> Tensor:
    """`(B, 1, S, S)`, channels last."""
    return torch.from_numpy(batch.images)[:, None].contiguous(memory_format=torch.channels_last)


@dataclass
class Trainer:
    """A network in training with all that a checkpoint must hold."""

    recipe: Recipe
    net: JointNet
    weights: list[Tensor]  # class weights per head
    step: int = 0
    images: int = 0
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)
    mixed: bool = True  # bfloat16 where the chip has it

    def __post_init__(self) -> None:
        train = self.recipe.train
        self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        frozen = [self.net.encoder.stem, *self.net.encoder.blocks[: train.frozen_blocks]] if train.frozen_blocks else []
        for part in frozen:
            part.requires_grad_(False)
        encoder = [p for p in self.net.encoder.parameters() if p.requires_grad]
        linear = list(self.net.heads.parameters())
        rest = [p for name, p in self.net.named_parameters() if not name.startswith(("encoder.", "heads."))]
        groups = [
            {"params": encoder, "rate": train.encoder_rate},
            {"params": linear, "rate": train.linear_rate},
            {"params": rest, "rate": train.head_rate},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=train.encoder_rate, weight_decay=train.weight_decay)
        self.average = {name: value.detach().clone() for name, value in self.net.state_dict().items()}
        self.sizes = [len(head.labels) for head in self.recipe.classify]

    def update(self, batch: Batch) -> dict[str, float]:
        """One optimiser step; returns its losses."""
        train = self.recipe.train
        share = learning_rate(self.step, train.steps, train.warmup_steps, train.decay_share)
        for group in self.optimiser.param_groups:
            group["lr"] = group["rate"] * share
        torch.manual_seed(train.seed * 1_000_003 + self.step)  # dropout of this step, whatever came before
        self.net.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.mixed):
            answers = self.net(to_input(batch), torch.from_numpy(batch.apart))
        classify = classify_loss(
            answers.logits.float(), torch.from_numpy(batch.targets), self.sizes, self.weights, train.label_smoothing
        )
        segment = segment_loss(answers.masks[batch.sample, batch.structure], torch.from_numpy(batch.grids))
        loss = classify + train.segment_weight * segment
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([p for p in self.net.parameters() if p.requires_grad], 5.0)
        self.optimiser.step()
        self._follow()
        self.step += 1
        self.images += len(batch.images)
        return {"classify": float(classify.detach()), "segment": float(segment.detach())}

    @torch.no_grad()
    def _follow(self) -> None:
        """Moves the averaged weights; young averages move faster."""
        decay = min(self.recipe.train.average_decay, (1 + self.step) / (10 + self.step))
        for name, value in self.net.state_dict().items():
            self.average[name].lerp_(value, 1 - decay)

    def averaged(self) -> JointNet:
        """A network with the averaged weights, ready to judge."""
        net = copy.deepcopy(self.net)
        net.load_state_dict(self.average)
        return net.eval()

    def save(self, folder: Path) -> None:
        """Writes the checkpoint beside and renames it, so that a kill at any moment leaves a whole one."""
        folder.mkdir(parents=True, exist_ok=True)
        state = {
            "net": self.net.state_dict(),
            "average": self.average,
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "images": self.images,
            "seconds": self.seconds,
            "history": self.history,
        }
        torch.save(state, folder / (CHECKPOINT + ".part"))
        (folder / (CHECKPOINT + ".part")).replace(folder / CHECKPOINT)

    def load(self, folder: Path) -> None:
        """Takes up the checkpoint of a run.

        Raises:
            UsageError: the folder holds none, or it belongs to another recipe.
        """
        try:
            state = torch.load(folder / CHECKPOINT, map_location="cpu", weights_only=True)
            self.net.load_state_dict(state["net"])
        except FileNotFoundError as error:
            raise UsageError(f"{folder}: no checkpoint to resume from; start without --resume") from error
        except RuntimeError as error:
            raise UsageError(f"{folder}: the checkpoint belongs to another recipe; use another --run") from error
        rates = [group["rate"] for group in self.optimiser.param_groups]
        self.optimiser.load_state_dict(state["optimiser"])
        for group, rate in zip(self.optimiser.param_groups, rates, strict=True):
            group["rate"] = rate
        self.average = state["average"]
        self.step, self.images, self.seconds = int(state["step"]), int(state["images"]), float(state["seconds"])
        self.history = list(state["history"])


def head_weights(recipe: Recipe, stores: Sequence[Store]) -> list[Tensor]:
    """Class weights of every head from the training images of all stores."""
    rows = np.concatenate([store.target[store.split == "train"] for store in stores])
    return [class_weights(rows[:, index], len(head.labels)) for index, head in enumerate(recipe.classify)]


def run(trainer: Trainer, sampler: Sampler, folder: Path, save_every_s: float = 180.0, report_every: int = 20) -> None:
    """Trains to the recipe's last step, with a line of progress, checkpoints in `folder` and `history.json`."""
    steps = trainer.recipe.train.steps
    last_save = last_line = time.monotonic()
    recent: list[dict[str, float]] = []
    for _, batch in prefetch(sampler, trainer.step, steps):
        started = time.monotonic()
        recent.append(trainer.update(batch))
        trainer.seconds += time.monotonic() - started
        if trainer.step % report_every == 0 or trainer.step == steps:
            now = time.monotonic()
            rate = len(recent) * len(batch.images) / max(now - last_line, 1e-9)
            left = (steps - trainer.step) * len(batch.images) / rate
            means = {key: float(np.mean([each[key] for each in recent])) for key in recent[0]}
            trainer.history.append({"step": trainer.step, "images_per_s": rate, **means})
            words = "  ".join(f"{key} {value:.4f}" for key, value in means.items())
            log.info("step %d/%d  %s  %.1f images/s  %.0f min left", trainer.step, steps, words, rate, left / 60)
            last_line, recent = now, []
        if time.monotonic() - last_save > save_every_s or trainer.step == steps:
            trainer.save(folder)
            (folder / "history.json").write_text(json.dumps(trainer.history), encoding="utf-8")
            last_save = time.monotonic()
