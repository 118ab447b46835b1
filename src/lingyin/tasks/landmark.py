"""Landmark: named points by heat maps, to a fraction of a pixel, each with a radius that holds the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lingyin.runtime.heads import RAYLEIGH_90, Spot, decode_spots
from lingyin.tasks.conformal import conformal_quantile
from lingyin.tasks.contract import Floats, Head, Needs, Place, Shape, Target, Task
from lingyin.tasks.maps import MapHead

Points = Mapping[str, tuple[float, float]]  # x, y in pixels by name; unknown where absent
STRIDE = 4
SPREAD = 1.2  # of the bump that stands for a point, in cells
MISS = 0.1


@dataclass(frozen=True)
class Landmark(Task[Points, list[Spot]]):
    """`points` by name. A prediction holds one `Spot` per name, in order."""

    points: tuple[str, ...]
    kind: ClassVar[str] = "landmark"
    needs: ClassVar[Needs] = Needs.MAPS
    higher_is_better: ClassVar[bool] = False

    @property
    def chooses_by(self) -> str:
        return "mre"

    def spec(self) -> dict[str, Any]:
        return {"points": list(self.points)}

    def target(self, label: Points) -> Target:
        """`xy (K, 2)` in pixels of the square, NaN unknown."""
        unknown = sorted(set(label) - set(self.points))
        if unknown:
            raise ValueError(f"unknown points {', '.join(unknown)}; known are {', '.join(self.points)}")
        return {"xy": np.array([label.get(name, (np.nan, np.nan)) for name in self.points], np.float32)}

    def head(self, shape: Shape) -> Head:
        return MapHead(shape, len(self.points), STRIDE)

    def loss(self, raw: Tensor, target: Mapping[str, Tensor]) -> Tensor:
        """Cross-entropy between the softmax over all cells and a bump around the point: where it is, not whether."""
        xy = target["xy"]
        known = ~xy.isnan().any(-1)
        if not known.any():
            return raw.sum() * 0.0
        rows, columns = raw.shape[-2:]
        cell = (xy[known] + 0.5) / STRIDE - 0.5
        x = torch.arange(columns)[None] - cell[:, :1]
        y = torch.arange(rows)[None] - cell[:, 1:]
        bump = torch.exp(-(x[:, None] ** 2 + y[:, :, None] ** 2) / (2 * SPREAD**2)).flatten(1)
        share = bump / bump.sum(1, keepdim=True).clamp_min(1e-8)
        return -(share * raw[known].flatten(1).log_softmax(1)).sum(1).mean()

    def calibrate(self, raw: Floats, labels: Sequence[Points]) -> dict[str, float]:
        """`radius`: the spreads from a point within which nine of ten true points lie (split conformal)."""
        ratios = [off / spot.sd for spot, off in self._offsets(self.decode(raw), labels)]
        return {"radius": conformal_quantile(np.array(ratios), MISS)} if ratios else {}

    def decode(self, raw: Floats, calibration: Mapping[str, float] | None = None) -> list[list[Spot]]:
        scale = (calibration or {}).get("radius", RAYLEIGH_90)
        return [decode_spots(each, STRIDE, scale) for each in raw]

    def metrics(self, predictions: Sequence[list[Spot]], labels: Sequence[Points]) -> dict[str, float]:
        """`mre`, the mean radial error in pixels; `median`; `within_5` and `within_10`, shares of points as near as
        that; `coverage` of the radii, promised as 0.9."""
        pairs = self._offsets(predictions, labels)
        if not pairs:
            return dict.fromkeys(("mre", "median", "within_5", "within_10", "coverage"), float("nan"))
        off = np.array([each for _, each in pairs])
        return {
            "mre": float(off.mean()),
            "median": float(np.median(off)),
            "within_5": float((off <= 5).mean()),
            "within_10": float((off <= 10).mean()),
            "coverage": float(np.mean([each <= spot.radius for spot, each in pairs])),
        }

    def _offsets(self, predictions: Sequence[list[Spot]], labels: Sequence[Points]) -> list[tuple[Spot, float]]:
        return [
            (spot, float(np.hypot(spot.x - label[name][0], spot.y - label[name][1])))
            for prediction, label in zip(predictions, labels, strict=True)
            for name, spot in zip(self.points, prediction, strict=True)
            if name in label
        ]

    def baseline(self, labels: Sequence[Points], images: Floats) -> list[list[Spot]]:
        """The mean place of each point over the training images, with its spread."""
        xy = np.stack([self.target(label)["xy"] for label in labels])
        spots = []
        for at in range(len(self.points)):
            known = xy[~np.isnan(xy[:, at, 0]), at]
            middle = known.mean(axis=0) if len(known) else np.full(2, images.shape[-1] / 2)
            sd = float(np.sqrt(((known - middle) ** 2).sum(axis=1).mean() / 2)) if len(known) else float("nan")
            spots.append(Spot(float(middle[0]), float(middle[1]), sd, RAYLEIGH_90 * sd))
        return [spots] * len(images)

    def to_square(self, label: Points, place: Place, size: int) -> Points:
        """Points moved; those that fall outside the square are unknown there."""
        moved = {name: _move(place.matrix, *point) for name, point in label.items()}
        return {name: (x, y) for name, (x, y) in moved.items() if min(x, y) >= -0.5 and max(x, y) <= size - 0.5}

    def to_frame(self, prediction: list[Spot], place: Place) -> list[Spot]:
        back = np.linalg.inv(np.vstack([place.matrix, [0, 0, 1]]))[:2]
        scale = float(abs(np.linalg.det(back[:, :2])) ** 0.5)
        spots = []
        for spot in prediction:
            x, y = _move(back, spot.x, spot.y)
            spots.append(replace(spot, x=x, y=y, sd=scale * spot.sd, radius=scale * spot.radius))
        return spots


def _move(matrix: NDArray[np.float64], x: float, y: float) -> tuple[float, float]:
    moved = matrix @ np.array([x, y, 1.0])
    return float(moved[0]), float(moved[1])
