"""Segment: outlines of one or more structures, each on a map of its own, through a light decoder on all scales."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from lingyin.runtime.decode import mask_on_frame
from lingyin.runtime.heads import sigmoid
from lingyin.runtime.prepare import Prepared
from lingyin.tasks.contract import Floats, Head, Needs, Place, Shape, Target, Task
from lingyin.tasks.losses import segment_loss
from lingyin.tasks.maps import MapHead
from lingyin.tasks.surfaces import dice, surface_dice

Masks = Mapping[str, NDArray[np.bool_] | None]  # by structure: a mask `(H, W)`, None where known to be empty
STRIDE = 2


@dataclass(frozen=True)
class Segment(Task[Masks, Floats]):
    """`structures` by name; one missing from a label is unknown there. A prediction is probabilities `(K, S/2, S/2)`
    on the square, `(K, H, W)` on the frame."""

    structures: tuple[str, ...]
    kind: ClassVar[str] = "segment"
    needs: ClassVar[Needs] = Needs.MAPS

    @property
    def chooses_by(self) -> str:
        return "dice"

    def spec(self) -> dict[str, Any]:
        return {"structures": list(self.structures)}

    def target(self, label: Masks) -> Target:
        """`grid (K, S/2, S/2)` uint8, 255 where a cell lies wholly inside; `known (K,)`."""
        unknown = sorted(set(label) - set(self.structures))
        if unknown:
            raise ValueError(f"unknown structures {', '.join(unknown)}; known are {', '.join(self.structures)}")
        side = next((mask.shape[0] for mask in label.values() if mask is not None), None)
        if side is None:
            raise ValueError("a label on the square carries a mask for every known structure, empty ones included")
        grids = np.zeros((len(self.structures), side // STRIDE, side // STRIDE), np.uint8)
        for index, name in enumerate(self.structures):
            mask = label.get(name)
            if mask is not None:
                cells = mask.reshape(side // STRIDE, STRIDE, side // STRIDE, STRIDE)
                grids[index] = np.round(cells.mean(axis=(1, 3)) * 255)
        return {"grid": grids, "known": np.array([name in label for name in self.structures])}

    def head(self, shape: Shape) -> Head:
        return MapHead(shape, len(self.structures), STRIDE, bias=-2.0)  # structures are rare: start near "absent"

    def loss(self, raw: Tensor, target: Mapping[str, Tensor]) -> Tensor:
        known = target["known"]
        return segment_loss(raw[known], target["grid"][known].float() / 255) if known.any() else raw.sum() * 0.0

    def decode(self, raw: Floats, calibration: Mapping[str, float] | None = None) -> list[Floats]:  # noqa: ARG002
        return list(sigmoid(raw))

    def metrics(self, predictions: Sequence[Floats], labels: Sequence[Masks]) -> dict[str, float]:
        """`dice`, and `nsd` at a tolerance of a hundredth of the side: means over images of each structure where it is
        there, then over structures; and one `dice_<structure>` each."""
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in self.structures}
        for prediction, label in zip(predictions, labels, strict=True):
            for index, name in enumerate(self.structures):
                truth = label.get(name)
                if truth is None or not truth.any():
                    continue
                size = (truth.shape[1], truth.shape[0])
                whole = prediction[index]
                if whole.shape != truth.shape:
                    whole = np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_LINEAR), np.float32)
                drawn = whole >= 0.5
                found[name].append((dice(drawn, truth), surface_dice(drawn, truth, max(size) / 100)))
        means = {name: np.mean(each, axis=0) for name, each in found.items() if each}
        joined = np.mean(list(means.values()), axis=0) if means else np.full(2, np.nan)
        each = {f"dice_{name}": float(value[0]) for name, value in means.items()} if len(means) > 1 else {}
        return {"dice": float(joined[0]), "nsd": float(joined[1]), **each}

    def baseline(self, labels: Sequence[Masks], images: Floats) -> list[Floats]:
        """How often each cell lies inside over the training masks."""
        grids = [self.target(label) for label in labels]
        total = np.sum([each["grid"] / 255.0 for each in grids], axis=0)
        known = np.maximum(np.sum([each["known"] for each in grids], axis=0), 1)
        return [np.asarray(total / known[:, None, None], np.float32)] * len(images)

    def strata(self, labels: Sequence[Masks]) -> NDArray[np.int64]:
        """Groups of images with the same structures."""
        seen = [[_state(label, name) for name in self.structures] for label in labels]
        return np.asarray(np.unique(np.array(seen), axis=0, return_inverse=True)[1].reshape(-1), np.int64)

    def to_square(self, label: Masks, place: Place, size: int) -> Masks:
        """Masks of the frame on the square; empty ones become all False."""
        moved: dict[str, NDArray[np.bool_] | None] = {}
        for name, mask in label.items():
            drawn = np.zeros((place.height, place.width), np.uint8) if mask is None else mask.astype(np.uint8) * 255
            moved[name] = np.asarray(
                cv2.warpAffine(drawn, place.matrix, (size, size), flags=cv2.INTER_LINEAR) >= 128, np.bool_
            )
        return moved

    def to_frame(self, prediction: Floats, place: Place) -> Floats:
        size = prediction.shape[-1] * STRIDE
        prepared = Prepared(np.zeros((size, size), np.float32), place.matrix)
        return np.stack([mask_on_frame(each, prepared, place.height, place.width) for each in prediction])


def _state(label: Masks, name: str) -> int:
    """-1 unknown, 0 empty, 1 there."""
    mask = label.get(name)
    return -1 if name not in label else int(mask is not None and bool(mask.any()))
