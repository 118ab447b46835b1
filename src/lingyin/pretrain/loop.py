"""The loop: config and run folder in, `encoder.safetensors` out.

Every step depends on seed, step and weights alone, so a run that was killed and resumed ends with the same bytes as one
that was not.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import torch
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule

from lingyin.core.errors import ModelError, UsageError
from lingyin.core.files import write_file
from lingyin.nets.memory import keep_memory
from lingyin.nets.weights import encoder_bytes
from lingyin.pretrain.average import Average
from lingyin.pretrain.batches import Drawer, generator_of
from lingyin.pretrain.checkpoint import NAME, Progress, load_checkpoint, save_checkpoint
from lingyin.pretrain.config import OptimiserConfig, PretrainConfig
from lingyin.pretrain.corpus import Corpus, open_corpus
from lingyin.pretrain.learner import Learner
from lingyin.pretrain.record import write_card, write_history
from lingyin.pretrain.schedule import Moment, moment
from lingyin.pretrain.targets import Own
from lingyin.pretrain.team import Team, exchange_last, gathered, whole

ENCODER = "encoder.safetensors"


@dataclass(frozen=True, slots=True)
class Tick:
    """What a watcher hears after each step: steps done and in all, losses, images a second, seconds left."""

    step: int
    steps: int
    losses: dict[str, float]
    images_per_s: float
    seconds_left: float


Watch = Callable[[Tick], None]


def pretrain(
    config: PretrainConfig,
    run: Path,
    *,
    resume: bool = False,
    watch: Watch | None = None,
    sharded: bool = False,
    cache: Path | None = None,
) -> Path:
    """Trains until the config's last step and returns the path of the encoder's weights.

    Under `torchrun` its processes share the work; `sharded` lets each hold a share of the weights only (FSDP2).
    `cache` is the folder of the packed pictures, by default within the run's.

    Raises:
        UsageError: the folder holds a run and `resume` is not set; the config differs from the checkpoint's; the
            processes cannot share its micro-batches.
        ModelError: a damaged checkpoint, or a loss that is no longer finite (the last good checkpoint stays).
        OutputError: the folder cannot be written; the last good checkpoint stays.
    """
    if (run / NAME).exists() and not resume:
        raise UsageError(f"{run}: holds a run already; add --resume to go on with it, or name another folder")
    if config.threads:
        torch.set_num_threads(config.threads)
    cv2.setNumThreads(1)
    keep_memory()
    with gathered(sharded=sharded) as team:
        team.parts(config.optimiser.accumulate)
        packed = cache or run / "cache"
        team.first(lambda: open_corpus(config.data, packed, config.seed))
        corpus = open_corpus(config.data, packed, config.seed)
        torch.manual_seed(config.seed)
        session = _Session(config, corpus, run, team)
        if (run / NAME).exists():
            session.resume()
        session.train(watch if team.leads else None)
        return session.finish()


class _Session:
    """The moving parts of a run."""

    def __init__(self, config: PretrainConfig, corpus: Corpus, run: Path, team: Team) -> None:
        self.config, self.corpus, self.run, self.team = config, corpus, run, team
        self.learner = Learner(config, corpus)
        blocks = [*self.learner.encoder.blocks, *self.learner.decoder.blocks]
        some_rest = not config.targets.some or not all(stage.structured for stage in config.stages)
        self.net = team.wrap(self.learner, blocks, some_rest=some_rest)
        self.average = Average(self.learner.encoder, config.optimiser.ema_decay)
        for _, target in self.learner.targets.values():
            if isinstance(target, Own):
                target.follow(self.average.weights)
        self.optimiser = make_optimiser(self.learner, config.optimiser)
        self.drawer = Drawer(config, corpus)
        self.progress = Progress(0, [], 0, 0.0)

    def resume(self) -> None:
        net, average = self.learner, self.average.weights
        self.progress = load_checkpoint(self.run, self.config, self.corpus.sha256, net, average, self.optimiser)

    def save(self) -> None:
        save_checkpoint(
            self.run,
            self.config,
            self.corpus.sha256,
            self.learner,
            self.average.weights,
            self.optimiser,
            self.progress,
            write=self.team.leads,
        )

    def train(self, watch: Watch | None) -> None:
        config, started = self.config, time.monotonic()
        began, before, saved_at = self.progress.step, self.progress.seconds, started
        for step in range(began, config.steps):
            losses, images = self.step(step)
            now = time.monotonic()
            row = {"step": step + 1.0, **losses}
            seen, spent = self.progress.images + images, before + now - started
            self.progress = Progress(step + 1, [*self.progress.history, row], seen, spent)
            late = self.team.agree(now - saved_at > 60 * config.checkpoint.every_minutes)
            if late or (step + 1) % config.checkpoint.every_steps == 0 or step + 1 == config.steps:
                self.save()
            if late:
                saved_at = now
                if self.team.leads:
                    write_history(self.run, self.progress.history)
            if watch is not None:
                pace = (now - started) / (step + 1 - began)
                watch(Tick(step + 1, config.steps, losses, images / pace, pace * (config.steps - step - 1)))

    def step(self, step: int) -> tuple[dict[str, float], int]:
        """One step of the optimiser: losses by name with their `total`, and how many views were seen."""
        config, at = self.config, moment(self.config, step)
        torch.manual_seed(config.seed * 1_000_003 + step)
        for group in self.optimiser.param_groups:
            group["lr"] = at.rate * group["share"]
        self.optimiser.zero_grad(set_to_none=True)
        told: dict[str, float] = {}
        images = 0
        parts = self.team.parts(config.optimiser.accumulate)
        for part in parts:
            with exchange_last(self.net, part == parts[-1]):
                losses, seen = self.losses(step, part, at)
                total = torch.stack(list(losses.values())).sum() / len(parts)
                self.check(step, "loss", total)
                total.backward()  # type: ignore[no-untyped-call]
            for name, loss in losses.items():
                told[name] = told.get(name, 0.0) + float(loss.detach()) / config.optimiser.accumulate
            images += seen
        told = self.team.total(told)
        self.check(step, "gradient", whole(nn.utils.clip_grad_norm_(self.learner.parameters(), config.optimiser.clip)))
        self.optimiser.step()
        self.average.follow(self.learner.encoder, step)
        return {"total": sum(told.values()), **told}, images * self.team.size

    def losses(self, step: int, part: int, at: Moment) -> tuple[dict[str, Tensor], int]:
        """Losses of one micro-batch, and how many views it holds."""
        generator = generator_of(self.config.seed, step, part)
        batch = self.drawer.draw(generator, at.size_px)
        if isinstance(self.net, FSDPModule):
            self.net.unshard()  # the plan asks the predictor outside of the network's own pass
        plan, inside = self.learner.plan(batch, at, generator)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.config.optimiser.bf16):
            losses: dict[str, Tensor] = self.net(batch, plan, inside, at.structured)
        return losses, len(batch.images)

    def check(self, step: int, what: str, found: Tensor) -> None:
        """Raises ModelError, in every process at once, where what one of them found is not finite."""
        value = self.team.total({"found": float(found.detach())})["found"]
        if not math.isfinite(value):
            raise ModelError(
                f"{self.run}: the {what} of step {step + 1} is {value}; lower optimiser.rate or switch "
                f"optimiser.bf16 off and start anew (the last checkpoint, of an earlier step, is intact)"
            )

    def finish(self) -> Path:
        encoder = self.learner.encoder
        weights = {name: whole(value) for name, value in self.average.weights.items()}
        if self.team.leads:
            write_file(self.run / ENCODER, encoder_bytes(encoder, weights, self.config.name), durable=True)
            write_history(self.run, self.progress.history)
            write_card(self.run, self.config, self.corpus, self.progress, encoder)
        return self.run / ENCODER


def make_optimiser(net: Learner, config: OptimiserConfig) -> torch.optim.AdamW:
    """AdamW (Loshchilov & Hutter 2019) that leaves biases, norms and tokens undecayed; each group says which `share`
    of the rate is its own."""
    own = {id(value) for value in net.encoder.parameters()}
    groups = []
    for share, inside in ((config.encoder_share, True), (1.0, False)):
        values = [value for value in net.parameters() if (id(value) in own) is inside]
        decayed = [value for value in values if value.ndim in (2, 4)]
        free = [value for value in values if value.ndim not in (2, 4)]
        groups.append({"params": decayed, "weight_decay": config.weight_decay, "share": share})
        groups.append({"params": free, "weight_decay": 0.0, "share": share})
    return torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.95), fused=True)
