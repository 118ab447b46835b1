"""Measure: one number of an image with an interval that holds the truth nine times in ten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lingyin.runtime.heads import GAUSSIAN_90, Value, decode_value
from lingyin.tasks.conformal import conformal_quantile
from lingyin.tasks.contract import Floats, Head, Inputs, Needs, Place, PooledHead, Shape, Target, Task

MISS = 0.1
BETA = 0.5  # how much easy examples yield to hard ones
STRATA = 5


class ValueHead(PooledHead):
    """A linear layer for the value and one for the logarithm of its spread, both in units of the training spread."""

    unit: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.linear = nn.Linear(dim, 2)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)
        self.register_buffer("unit", torch.tensor([0.0, 1.0]))  # mean and spread of the training values

    def forward(self, inputs: Inputs) -> Tensor:
        said = self.linear(self.vector(inputs))
        middle, spread = self.unit
        return torch.stack([middle + spread * said[:, 0], spread.log() + said[:, 1].clamp(-4, 3)], 1)


@dataclass(frozen=True)
class Measure(Task[float, Value]):
    """The number called `code`, in `unit`. `length`: it is a length in mm that grows with the picture, so it is learnt
    in pixels of the square and needs the spacing of every image."""

    code: str
    unit: str = ""
    length: bool = False
    kind: ClassVar[str] = "measure"
    needs: ClassVar[Needs] = Needs.POOLED
    higher_is_better: ClassVar[bool] = False

    @property
    def chooses_by(self) -> str:
        return "mae"

    def spec(self) -> dict[str, Any]:
        return {"code": self.code, "unit": self.unit, "length": self.length}

    def target(self, label: float) -> Target:
        """`value ()`. Raises ValueError where it is not finite."""
        if not np.isfinite(label):
            raise ValueError(f"{self.code}: {label} is not a number to learn")
        return {"value": np.array(label, np.float32)}

    def head(self, shape: Shape) -> Head:
        return ValueHead(shape.dim)

    def prime(self, head: Head, targets: Target, cls: Floats) -> None:
        super().prime(head, targets, cls)
        values = targets["value"]
        if isinstance(head, ValueHead):
            spread = float(values.std())
            head.unit.copy_(torch.tensor([float(values.mean()), spread if spread > 1e-6 else 1.0]))

    def loss(self, raw: Tensor, target: Mapping[str, Tensor]) -> Tensor:
        """Normal likelihood with a spread per image (Nix & Weigend 1994), weighted by a power of that spread so that
        hard images are not given up (Seitzer et al. 2022)."""
        sd = raw[:, 1].exp()
        likelihood = 0.5 * ((target["value"] - raw[:, 0]) / sd) ** 2 + raw[:, 1]
        weight = sd.detach() ** BETA
        return (likelihood * weight).sum() / weight.sum()

    def calibrate(self, raw: Floats, labels: Sequence[float]) -> dict[str, float]:
        """`spreads`: how many spreads make half of an interval that holds nine of ten (split conformal)."""
        off = np.abs(np.asarray(labels) - raw[:, 0]) / np.exp(raw[:, 1])
        return {"spreads": conformal_quantile(off, MISS)}

    def decode(self, raw: Floats, calibration: Mapping[str, float] | None = None) -> list[Value]:
        scale = (calibration or {}).get("spreads", GAUSSIAN_90)
        return [decode_value(each, scale) for each in raw]

    def metrics(self, predictions: Sequence[Value], labels: Sequence[float]) -> dict[str, float]:
        """`mae`; `bias` with the 95 % limits of agreement `loa_low`, `loa_high` (Bland & Altman 1986); `r`; `coverage`
        of the intervals, promised as 0.9."""
        said, truth = np.array([each.value for each in predictions]), np.asarray(labels, np.float64)
        off = said - truth
        spread = 1.96 * float(off.std(ddof=1)) if len(off) > 1 else float("nan")
        varied = len(off) > 2 and said.std() > 0 and truth.std() > 0
        held = [each.low <= value <= each.high for each, value in zip(predictions, truth, strict=True)]
        return {
            "mae": float(np.abs(off).mean()),
            "bias": float(off.mean()),
            "loa_low": float(off.mean()) - spread,
            "loa_high": float(off.mean()) + spread,
            "r": float(np.corrcoef(said, truth)[0, 1]) if varied else float("nan"),
            "coverage": float(np.mean(held)),
        }

    def baseline(self, labels: Sequence[float], images: Floats) -> list[Value]:
        """The median of the training values."""
        middle, sd = float(np.median(labels)), float(np.std(labels))
        low, high = (float(each) for each in np.quantile(labels, (0.05, 0.95)))
        return [Value(middle, sd, low, high)] * len(images)

    def strata(self, labels: Sequence[float]) -> NDArray[np.int64]:
        """Fifths of the values."""
        edges = np.quantile(labels, np.linspace(0, 1, STRATA + 1)[1:-1])
        return np.asarray(np.searchsorted(edges, labels, side="right"), np.int64)

    def to_square(self, label: float, place: Place, size: int) -> float:  # noqa: ARG002
        return label / self._mm_per_px(place) if self.length else label

    def to_frame(self, prediction: Value, place: Place) -> Value:
        if not self.length:
            return prediction
        scale = self._mm_per_px(place)
        return Value(*(scale * each for each in (prediction.value, prediction.sd, prediction.low, prediction.high)))

    def _mm_per_px(self, place: Place) -> float:
        """Of the square."""
        if place.mm_per_px is None:
            raise ValueError(f"{self.code}: the spacing of an image is unknown, so no length can be learnt or said")
        return float(place.mm_per_px / abs(np.linalg.det(place.matrix[:, :2])) ** 0.5)
