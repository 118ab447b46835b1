"""Classify: one of several labels, any number of labels, or grades in order; of an image, or of a whole video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lingyin.runtime.heads import sigmoid, softmax
from lingyin.tasks.conformal import conformal_quantile
from lingyin.tasks.contract import Floats, Head, Inputs, Needs, PooledHead, Shape, Target, Task
from lingyin.tasks.scores import class_scores, label_scores, ordinal_scores

ClassLabel = str | Mapping[str, bool]  # a name; or yes and no by name, unknown where absent
Mode = Literal["exclusive", "several", "ordinal"]
MISS = 0.1  # prediction sets leave out the truth this often


class LinearHead(PooledHead):
    """One linear layer over the standardised vector, zero at first: it starts from "cannot say"."""

    def __init__(self, dim: int, labels: int) -> None:
        super().__init__(dim)
        self.linear = nn.Linear(dim, labels)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, inputs: Inputs) -> Tensor:
        logits: Tensor = self.linear(self.vector(inputs))
        return logits


class OrdinalHead(PooledHead):
    """Proportional odds (McCullagh 1980): one score, rising thresholds; out come the grades' log-probabilities."""

    def __init__(self, dim: int, grades: int) -> None:
        super().__init__(dim)
        self.score = nn.Linear(dim, 1, bias=False)
        self.first = nn.Parameter(torch.tensor([-1.0]))
        self.gaps = nn.Parameter(torch.zeros(grades - 2))  # softplus of these: thresholds cannot cross
        nn.init.zeros_(self.score.weight)

    @torch.no_grad()
    def start_from(self, frequencies: Floats) -> None:
        """Thresholds at which a score of zero says how often each grade `(K,)` is seen."""
        over = np.clip(1 - np.cumsum(frequencies)[:-1], 0.02, 0.98)
        rising = torch.from_numpy(-np.log(over / (1 - over)))
        gaps = rising.diff().clamp_min(0.05)
        self.first.copy_(rising[:1])
        self.gaps.copy_(torch.log(torch.expm1(gaps)))

    def forward(self, inputs: Inputs) -> Tensor:
        rising = torch.cat([self.first, self.first + nn.functional.softplus(self.gaps).cumsum(0)])
        over = torch.sigmoid(self.score(self.vector(inputs)) - rising)  # P(grade > k)
        ones, zeros = over.new_ones(len(over), 1), over.new_zeros(len(over), 1)
        each = torch.cat([ones, over], 1) - torch.cat([over, zeros], 1)
        return each.clamp_min(1e-6).log()


@dataclass(frozen=True)
class Classify(Task[ClassLabel, Floats]):
    """`labels` by name; a prediction is their probabilities `(K,)`.

    `mode`: "exclusive" (exactly one is true), "several" (each may be true; unknown ones cost nothing), or "ordinal"
    (exactly one, and their order means something).
    """

    labels: tuple[str, ...]
    mode: Mode = "exclusive"
    kind: ClassVar[str] = "classify"
    needs: ClassVar[Needs] = Needs.POOLED

    def __post_init__(self) -> None:
        least = 1 if self.mode == "several" else 2
        if len(self.labels) < least or len(set(self.labels)) < len(self.labels):
            raise ValueError(f"{self.mode} labels must be {least} or more and differ: {', '.join(self.labels)}")

    @property
    def chooses_by(self) -> str:
        return {"exclusive": "macro_f1", "several": "auroc", "ordinal": "kappa"}[self.mode]

    def spec(self) -> dict[str, Any]:
        return {"labels": list(self.labels), "mode": self.mode}

    def target(self, label: ClassLabel) -> Target:
        """`target (K,)`: 1 true, 0 false, NaN unknown."""
        said = {label: True} if isinstance(label, str) else label
        unknown = sorted(set(said) - set(self.labels))
        if unknown:
            raise ValueError(f"unknown labels {', '.join(unknown)}; known are {', '.join(self.labels)}")
        rest = np.nan if self.mode == "several" else 0.0
        return {"target": np.array([float(said.get(name, rest)) for name in self.labels], np.float32)}

    def head(self, shape: Shape) -> Head:
        if self.mode == "ordinal" and len(self.labels) > 2:
            return OrdinalHead(shape.dim, len(self.labels))
        return LinearHead(shape.dim, len(self.labels))

    def prime(self, head: Head, targets: Target, cls: Floats) -> None:
        super().prime(head, targets, cls)
        if isinstance(head, OrdinalHead):
            head.start_from(targets["target"].mean(axis=0))

    def loss(self, raw: Tensor, target: Mapping[str, Tensor]) -> Tensor:
        truth = target["target"]
        if self.mode != "several":
            return nn.functional.cross_entropy(raw, truth)
        known = ~truth.isnan()
        if not known.any():
            return raw.sum() * 0.0
        return nn.functional.binary_cross_entropy_with_logits(raw[known], truth[known])

    def calibrate(self, raw: Floats, labels: Sequence[ClassLabel]) -> dict[str, float]:
        """`temperature` (Guo et al. 2017), and `conformal`: a label belongs to the prediction set where its probability
        reaches 1 minus this (Sadinle et al. 2019), so that 90 % of the sets hold the truth."""
        truth = np.stack([self.target(label)["target"] for label in labels])
        grid = np.exp(np.linspace(np.log(0.25), np.log(8.0), 121))
        losses = [self._nll(raw / np.float32(t), truth) for t in grid]
        temperature = float(grid[int(np.argmin(losses))])
        found = {"temperature": temperature}
        if self.mode != "several":
            probability = softmax(raw / np.float32(temperature))
            found["conformal"] = conformal_quantile(1 - probability[truth == 1], MISS)
        return found

    def _nll(self, raw: Floats, truth: Floats) -> float:
        if self.mode != "several":
            return float(-np.log(np.clip(softmax(raw)[truth == 1], 1e-7, 1)).mean())
        known = ~np.isnan(truth)
        probability = np.clip(sigmoid(raw)[known], 1e-7, 1 - 1e-7)
        yes = truth[known]
        return float(-(yes * np.log(probability) + (1 - yes) * np.log(1 - probability)).mean())

    def decode(self, raw: Floats, calibration: Mapping[str, float] | None = None) -> list[Floats]:
        """Probabilities; logits are divided by the calibrated temperature first."""
        cooled = np.asarray(raw / np.float32((calibration or {}).get("temperature", 1.0)), np.float32)
        return list(sigmoid(cooled) if self.mode == "several" else softmax(cooled))

    def metrics(self, predictions: Sequence[Floats], labels: Sequence[ClassLabel]) -> dict[str, float]:
        """Exclusive: macro_f1, auroc, accuracy, balanced_accuracy, ece, brier; ordinal adds kappa (quadratic) and
        grade_mae; several: auroc, macro_f1 and average_precision over the known labels."""
        probability = np.stack(predictions)
        truth = np.stack([self.target(label)["target"] for label in labels])
        if self.mode == "several":
            return label_scores(probability, truth)
        chosen = truth.argmax(axis=1)
        scores = class_scores(probability, chosen)
        return scores | ordinal_scores(probability, chosen) if self.mode == "ordinal" else scores

    def baseline(self, labels: Sequence[ClassLabel], images: Floats) -> list[Floats]:
        """How often each label is true of the training images."""
        truth = np.stack([self.target(label)["target"] for label in labels])
        known = np.maximum((~np.isnan(truth)).sum(axis=0), 1)
        return [np.asarray(np.nansum(truth, axis=0) / known, np.float32)] * len(images)

    def strata(self, labels: Sequence[ClassLabel]) -> NDArray[np.int64]:
        truth = np.nan_to_num(np.stack([self.target(label)["target"] for label in labels]), nan=-1.0)
        return np.asarray(np.unique(truth, axis=0, return_inverse=True)[1].reshape(-1), np.int64)


def by_video(predictions: Sequence[Floats], videos: Sequence[str]) -> tuple[list[str], list[Floats]]:
    """One prediction per video, in order of first appearance, from those of its frames: the geometric mean of the
    probabilities, so that a frame without an opinion counts little."""
    names = list(dict.fromkeys(videos))
    logs = np.log(np.clip(np.stack(predictions), 1e-6, 1))
    of = np.asarray(videos)
    joined = [np.exp(logs[of == name].mean(axis=0)) for name in names]
    return names, [np.asarray(each / each.sum(), np.float32) for each in joined]
