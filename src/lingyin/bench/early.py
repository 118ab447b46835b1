"""Watchers of a running pretraining: a probe score at its checkpoints, and its curves for TensorBoard.

They read what the run writes and hears, and change nothing of it: its bytes are the same with and without them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from lingyin.bench.ablate import Probe
from lingyin.bench.metrics import macro_f1
from lingyin.core.errors import UsageError
from lingyin.core.files import write_file
from lingyin.pretrain.checkpoint import NAME
from lingyin.pretrain.figure import new_figure, png_bytes
from lingyin.pretrain.loop import Tick
from lingyin.pretrain.restore import restore

SCORES, CURVE = "probe.json", "probe.png"


class EarlyProbe:
    """Asks the averaged encoder of a new checkpoint, at most every `every_steps`; leaves `probe.json` and `probe.png`
    beside it. Killed and resumed it goes on with the scores that are there."""

    def __init__(self, run: Path, probe: Probe, every_steps: int) -> None:
        self.run, self.probe, self.every_steps = run, probe, every_steps
        self.seen = 0
        path = run / SCORES
        try:
            self.rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
        except ValueError as error:
            raise UsageError(f"{path}: is damaged ({error}); remove it, it is measured anew") from error

    def __call__(self, tick: Tick) -> None:
        """Raises OutputError where the scores cannot be written."""
        path = self.run / NAME
        written = path.stat().st_mtime_ns if path.is_file() else 0
        if written == self.seen:
            return
        self.seen = written
        last = self.rows[-1]["step"] if self.rows else -self.every_steps
        if tick.step < tick.steps and tick.step - last < self.every_steps:
            return
        with torch.random.fork_rng(devices=[]):
            learnt = restore(self.run)
            answers = self.probe(learnt.encoder)
        if learnt.step == last:
            return
        scores = {name: macro_f1(each.probabilities.argmax(1), each.truth) for name, each in answers.items()}
        self.rows.append({"step": learnt.step, "mean": sum(scores.values()) / len(scores), **scores})
        write_file(self.run / SCORES, (json.dumps(self.rows, indent=1) + "\n").encode())
        write_file(self.run / CURVE, draw_scores(self.rows))


def draw_scores(rows: list[dict[str, Any]]) -> bytes:
    """A PNG of macro-F1 over steps: each probe thin, their mean thick."""
    figure = new_figure(7, 4)
    axes = figure.add_subplot()
    steps = [row["step"] for row in rows]
    for name in [name for name in rows[-1] if name not in ("step", "mean")]:
        axes.plot(steps, [row.get(name, float("nan")) for row in rows], lw=1, marker=".", alpha=0.6, label=name)
    axes.plot(steps, [row["mean"] for row in rows], lw=2.5, color="#111827", marker="o", label="mean")
    axes.set_xlabel("step")
    axes.set_ylabel("macro-F1 on val, logistic probe")
    axes.legend(fontsize=7, ncols=2, frameon=False)
    axes.grid(alpha=0.25)
    return png_bytes(figure, 110)


class Board:
    """Losses and pace as TensorBoard reads them, in `tensorboard/` of the run. UsageError without the package."""

    def __init__(self, run: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise UsageError(
                "--tensorboard needs the package tensorboard; install it, or leave the option out"
            ) from error
        self.writer = SummaryWriter(str(run / "tensorboard"))

    def __call__(self, tick: Tick) -> None:
        for name, value in tick.losses.items():
            self.writer.add_scalar(f"loss/{name}", value, tick.step)
        self.writer.add_scalar("images_per_s", tick.images_per_s, tick.step)
        if tick.step == tick.steps:
            self.writer.close()
