"""The contract of the seven task kinds: what a label is, its head, its loss, its prediction, its metrics.

A task sits on the features of any encoder and never changes the encoder's code. Spatial labels live on the network's
square (pixel centres, x then y), where `to_square` brings them and from where `to_frame` takes predictions back.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lingyin.runtime.prepare import Affine

Floats = NDArray[np.float32]
Target = Mapping[str, NDArray[Any]]  # arrays of one fixed shape per name, so that labels stack into batches
LabelT = TypeVar("LabelT")
PredictionT = TypeVar("PredictionT")


class Needs(StrEnum):
    """Which features a head reads: the vector of a whole image, or maps at several scales as well."""

    POOLED = "pooled"
    MAPS = "maps"


@dataclass(frozen=True, slots=True)
class Shape:
    """What an encoder gives for a square of `size` pixels: a vector of `dim` numbers, and maps from fine to coarse of
    so many channels (`level_channels`) at so many pixels per cell (`strides`)."""

    dim: int
    level_channels: tuple[int, ...]
    strides: tuple[int, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a head gets for B images: `cls (B, D)`, `levels` of `(B, C, h, w)` from fine to coarse (empty unless the
    task needs maps), and the `images (B, 1, S, S)` themselves, 0..1."""

    cls: Tensor
    levels: tuple[Tensor, ...]
    images: Tensor


@dataclass(frozen=True, slots=True)
class Place:
    """Where a square lies: `matrix (2, 3)` maps pixel centres of the frame to those of the square; the frame's height
    and width in pixels; `mm_per_px` of the frame, where known."""

    matrix: Affine
    height: int
    width: int
    mm_per_px: float | None = None


class Head(nn.Module, ABC):
    """Features in, one raw tensor `(B, ...)` out; probabilities, boxes and the like are made of it by `Task.decode`."""

    @abstractmethod
    def forward(self, inputs: Inputs) -> Tensor: ...


class PooledHead(Head):
    """A head on the vector alone, which it first brings to mean 0 and spread 1 over the training images."""

    centre: Tensor
    spread: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(dim))
        self.register_buffer("spread", torch.ones(dim))

    def standardise(self, cls: Floats) -> None:
        """Takes centre and spread from training vectors `(N, D)`; a number that never varies is left as it is."""
        spread = cls.std(axis=0)
        floor = 1e-2 * float(np.median(spread)) + 1e-6
        self.centre.copy_(torch.from_numpy(np.asarray(cls.mean(axis=0), np.float32)))
        self.spread.copy_(torch.from_numpy(np.asarray(np.where(spread > floor, spread, 1.0), np.float32)))

    def vector(self, inputs: Inputs) -> Tensor:
        """The standardised vectors `(B, D)`, of length about 1: a step then changes the answer alike for any D."""
        scale: Tensor = self.spread * float(len(self.centre) ** 0.5)
        return (inputs.cls - self.centre) / scale


class Task(ABC, Generic[LabelT, PredictionT]):
    """One task kind with its settings, e.g. `Classify(("benign", "malignant"))`. Holds no weights and no images."""

    kind: ClassVar[str]
    needs: ClassVar[Needs]
    higher_is_better: ClassVar[bool] = True

    @property
    @abstractmethod
    def chooses_by(self) -> str:
        """Name of the metric that decides on the validation split."""

    @abstractmethod
    def spec(self) -> dict[str, Any]:
        """Settings as JSON values; `tasks.registry.from_spec(kind, spec)` makes the task again."""

    @abstractmethod
    def target(self, label: LabelT) -> Target:
        """A label on the square as arrays of fixed shape. Raises ValueError for a label the task does not know."""

    @abstractmethod
    def head(self, shape: Shape) -> Head:
        """A fresh head for features of that shape; seeded by torch's own generator."""

    def prime(self, head: Head, targets: Target, cls: Floats) -> None:  # noqa: ARG002
        """Sets what a head should know before it learns: frequencies and scale of the training targets `(N, ...)`,
        centre and spread of their vectors `(N, D)`."""
        if isinstance(head, PooledHead):
            head.standardise(cls)

    @abstractmethod
    def loss(self, raw: Tensor, target: Mapping[str, Tensor]) -> Tensor:
        """Mean loss of a batch; what is unknown of an image costs nothing."""

    def calibrate(self, raw: Floats, labels: Sequence[LabelT]) -> dict[str, float]:  # noqa: ARG002
        """What validation outputs `(N, ...)` and their labels teach about certainty; empty where there is nothing."""
        return {}

    @abstractmethod
    def decode(self, raw: Floats, calibration: Mapping[str, float] | None = None) -> list[PredictionT]:
        """Predictions on the square from raw outputs `(B, ...)`, through the decoders of the runtime, with the
        certainty that `calibration` allows."""

    @abstractmethod
    def metrics(self, predictions: Sequence[PredictionT], labels: Sequence[LabelT]) -> dict[str, float]:
        """All metrics of the task by name, NaN where undefined; among them `chooses_by`."""

    @abstractmethod
    def baseline(self, labels: Sequence[LabelT], images: Floats) -> list[PredictionT]:
        """What one would say of `images (N, S, S)` from the training `labels` alone, without any learning."""

    def strata(self, labels: Sequence[LabelT]) -> NDArray[np.int64]:
        """A group number `(N,)` per label: label budgets and splits keep the shares of the groups."""
        return np.zeros(len(labels), np.int64)

    def to_square(self, label: LabelT, place: Place, size: int) -> LabelT:  # noqa: ARG002
        """A label on the frame to the same on the square of `size` pixels; the same where it has no place."""
        return label

    def pose(self, image: NDArray[np.uint8], label: LabelT, seed: int) -> tuple[NDArray[np.uint8], LabelT]:  # noqa: ARG002
        """What a head is given of a square `(S, S)` and what it should answer; the same for tasks that only look."""
        return image, label

    def to_frame(self, prediction: PredictionT, place: Place) -> PredictionT:  # noqa: ARG002
        """A prediction on the square to the same on the frame; the same where it has no place."""
        return prediction


def stack(targets: Sequence[Target]) -> dict[str, NDArray[Any]]:
    """Targets of N labels as arrays `(N, ...)`. Raises ValueError for none."""
    if not targets:
        raise ValueError("no labels")
    return {name: np.stack([target[name] for target in targets]) for name in targets[0]}
