"""Learning a head on frozen features: balanced draws, early stopping on val, then what val teaches about certainty."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lingyin.core.paths import packaged
from lingyin.tasks.contract import Floats, Head, Inputs, Needs, Shape, Target, Task, stack
from lingyin.tasks.features import BATCH, Bank

Stop = Callable[[], bool]
TEMPERATURES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)  # that answers of classes are tried at when weights are chosen


@dataclass(frozen=True, slots=True)
class FitSettings:
    """`steps` batches of `batch` images at most, at AdamW's `rate`, once per strength in `decays`; a look at val every
    `evaluate_every` steps, and the end after `patience` looks without a lower loss."""

    steps: int
    batch: int
    rate: float
    decays: tuple[float, ...]
    evaluate_every: int
    patience: int
    seed: int = 0


def settings_for(needs: Needs, **changes: Any) -> FitSettings:
    """The packaged settings for heads on vectors or on maps, with `changes`."""
    listed = tomllib.loads(packaged("lingyin.tasks", "fit.toml").read_text(encoding="utf-8"))[needs.value]
    return replace(FitSettings(**{**listed, "decays": tuple(listed["decays"])}), **changes)


@dataclass(frozen=True)
class Fold:
    """One split of a task's data: features and labels of N images, both on the square, and their `subjects`."""

    bank: Bank
    labels: Sequence[Any]
    subjects: NDArray[np.str_]

    def __post_init__(self) -> None:
        if not len(self.bank) == len(self.labels) == len(self.subjects):
            raise ValueError(f"{len(self.bank)} images, {len(self.labels)} labels, {len(self.subjects)} subjects")

    def take(self, rows: Sequence[int] | NDArray[np.integer]) -> Fold:
        """The same for some rows."""
        at = np.asarray(rows, np.int64)
        return Fold(self.bank.take(at), [self.labels[int(row)] for row in at], self.subjects[at])


def join(first: Fold, second: Fold) -> Fold:
    """Two folds of vectors as one; pictures and maps are left behind."""
    vectors = np.concatenate([first.bank.cls, second.bank.cls])
    pictures = np.zeros((len(vectors), 1, 1), np.uint8)
    subjects = np.concatenate([first.subjects, second.subjects])
    return Fold(Bank(pictures, vectors), [*first.labels, *second.labels], subjects)


@dataclass(frozen=True)
class Fitted:
    """A head that has learnt: with what val taught about its certainty, its val `loss` and `metrics`, and `history`."""

    task: Task[Any, Any]
    shape: Shape
    head: Head
    calibration: dict[str, float]
    loss: float
    metrics: dict[str, float]
    decay: float
    history: list[dict[str, float]] = field(default_factory=list)

    def raw(self, bank: Bank) -> Floats:
        """Raw outputs `(N, ...)`, uncalibrated."""
        return raw_outputs(self.head, bank.for_heads(self.task.needs))

    def predict(self, bank: Bank) -> list[Any]:
        """Predictions on the square, calibrated."""
        return [each for part in _parts(self.raw(bank)) for each in self.task.decode(part, self.calibration)]

    def score(self, fold: Fold) -> dict[str, float]:
        """All metrics of the task over a fold."""
        return self.task.metrics(self.predict(fold.bank), fold.labels)


@torch.no_grad()
def raw_outputs(head: Head, bank: Bank) -> Floats:
    """What the head says of every image of the bank `(N, ...)`, uncalibrated."""
    head.eval()
    return np.concatenate([head(inputs).float().numpy() for inputs in bank.batches(BATCH)])


def _parts(raw: Floats) -> list[Floats]:
    return [raw[start : start + BATCH] for start in range(0, len(raw), BATCH)]


def fit(
    task: Task[Any, Any], shape: Shape, train: Fold, val: Fold, settings: FitSettings | None = None, until: int = 0
) -> Fitted:
    """Fits a fresh head on frozen features, once per strength of weight decay; the lowest validation loss wins.

    `until` is the last step where it is not the last of the schedule.

    Images are drawn by the inverse root of how often their stratum is seen, so that rare labels are not drowned.

    Raises:
        ValueError: a fold is empty, or holds a label that the task does not know.
    """
    settings = settings or settings_for(task.needs)
    train, val = (replace(fold, bank=fold.bank.for_heads(task.needs)) for fold in (train, val))
    targets = [stack([task.target(label) for label in fold.labels]) for fold in (train, val)]
    best: _Run | None = None
    for decay in settings.decays:
        run = _Run(task, shape, settings, decay)
        run.learn(train, targets[0], val, targets[1], until or settings.steps)
        if best is None or run.best_loss < best.best_loss:
            best = run
    assert best is not None, "no strengths of weight decay were given"
    raw = raw_outputs(best.head, val.bank)
    calibration = task.calibrate(raw, val.labels)
    fitted = Fitted(task, shape, best.head, calibration, best.best_loss, {}, best.decay, best.history)
    return replace(fitted, metrics=fitted.score(val))


class _Run:
    """One head learning with one strength of weight decay."""

    def __init__(self, task: Task[Any, Any], shape: Shape, settings: FitSettings, decay: float) -> None:
        torch.manual_seed(settings.seed)
        self.task, self.settings, self.decay = task, settings, decay
        self.head = task.head(shape)
        self.best_loss = float("inf")
        self.history: list[dict[str, float]] = []

    def learn(self, train: Fold, target: Target, val: Fold, val_target: Target, last: int) -> None:
        """Learns to the `last` step or until val stops falling; keeps the best weights."""
        settings = self.settings
        self.task.prime(self.head, target, train.bank.cls)
        optimiser = torch.optim.AdamW(self.head.parameters(), lr=settings.rate, weight_decay=self.decay)
        rng = np.random.default_rng(settings.seed)
        shares = balanced(self.task.strata(train.labels))
        best = copy.deepcopy(self.head.state_dict())
        self.best_loss, idle, recent = self._loss(val, val_target), 0, []
        for step in range(1, last + 1):
            rows = rng.choice(len(shares), min(settings.batch, len(shares)), p=shares)
            for group in optimiser.param_groups:
                group["lr"] = settings.rate * _rate(step, settings.steps)
            recent.append(self._update(optimiser, train.bank.inputs(rows), batch_of(target, rows)))
            if step % settings.evaluate_every and step != last:
                continue
            loss = self._loss(val, val_target)
            self.history.append({"step": step, "train": float(np.mean(recent)), "val": loss})
            recent = []
            if loss < self.best_loss - 1e-5:
                self.best_loss, idle, best = loss, 0, copy.deepcopy(self.head.state_dict())
            elif (idle := idle + 1) >= settings.patience:
                break
        self.head.load_state_dict(best)
        self.head.eval()

    def _update(self, optimiser: torch.optim.Optimizer, inputs: Inputs, target: dict[str, Tensor]) -> float:
        self.head.train()
        loss = self.task.loss(self.head(inputs).float(), target)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.head.parameters(), 5.0)
        optimiser.step()
        return float(loss.detach())

    @torch.no_grad()
    def _loss(self, fold: Fold, target: Target) -> float:
        """Mean loss over a fold, batch by batch. Answers of classes are quieted first by the temperature that suits
        it best, as they will be in the end: one that ranks well and shouts is not worse than one that says nothing."""
        self.head.eval()
        temperatures = TEMPERATURES if self.task.kind == "classify" else (1.0,)
        totals = np.zeros(len(temperatures))
        for start in range(0, len(fold.bank), BATCH):
            rows = np.arange(start, min(len(fold.bank), start + BATCH))
            raw, wanted = self.head(fold.bank.inputs(rows)).float(), batch_of(target, rows)
            totals += [float(self.task.loss(raw / each, wanted)) * len(rows) for each in temperatures]
        return float(totals.min()) / len(fold.bank)


def batch_of(target: Target, rows: NDArray[np.integer]) -> dict[str, Tensor]:
    """Some rows of stacked targets as tensors."""
    return {name: torch.from_numpy(values[rows]) for name, values in target.items()}


def balanced(strata: NDArray[np.int64]) -> Floats:
    """The chance `(N,)` of each image to be drawn: by the inverse root of the size of its stratum."""
    _, inverse, counts = np.unique(strata, return_inverse=True, return_counts=True)
    weight = 1.0 / np.sqrt(counts[inverse])
    return np.asarray(weight / weight.sum(), np.float64)


def _rate(step: int, steps: int) -> float:
    """Share of the full rate: a short warm-up, then half a cosine to a twentieth."""
    return float(min(1.0, step / max(1.0, 0.05 * steps)) * (0.525 + 0.475 * np.cos(np.pi * step / steps)))
