"""Detect: boxes without anchors. Each cell says which label is centred on it and how far the sides of its box lie."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lingyin.runtime.heads import Detections, decode_boxes
from lingyin.runtime.prepare import Affine
from lingyin.tasks.contract import Floats, Head, Needs, Place, Shape, Target, Task
from lingyin.tasks.maps import MapHead

STRIDE = 4
RARE = -4.0  # logit at the start: hardly any cell is a centre
AREA_RANGES = [[0.0, 1e10]]


@dataclass(frozen=True)
class Boxes:
    """`boxes (M, 4)` as left, top, right, bottom in pixels, `names (M,)`; none is a statement too: nothing is there."""

    boxes: Floats
    names: tuple[str, ...]


class BoxHead(MapHead):
    """K label maps and four maps of logarithmic distances, from a light decoder at stride 4."""

    def __init__(self, shape: Shape, labels: int) -> None:
        super().__init__(shape, labels + 4, STRIDE)
        assert self.decoder.out.bias is not None
        nn.init.constant_(self.decoder.out.bias[:labels], RARE)

    @torch.no_grad()
    def start_from(self, distances: Floats) -> None:
        """Begins with boxes of the usual size: the four median distances in pixels."""
        assert self.decoder.out.bias is not None
        self.decoder.out.bias[-4:] = torch.from_numpy(np.log(np.maximum(distances, 1) / STRIDE).astype(np.float32))


@dataclass(frozen=True)
class Detect(Task[Boxes, Detections]):
    """Boxes of `labels` by name."""

    labels: tuple[str, ...]
    size: int
    kind: ClassVar[str] = "detect"
    needs: ClassVar[Needs] = Needs.MAPS

    @property
    def chooses_by(self) -> str:
        return "ap50"

    def spec(self) -> dict[str, Any]:
        return {"labels": list(self.labels), "size": self.size}

    def target(self, label: Boxes) -> Target:
        """`heat (K, h, w)`: 1 at the cell nearest a box's centre, falling around it; `sides (4, h, w)` in pixels and
        where they count, `inside (h, w)`: the cells nearest the centre."""
        side = self.size // STRIDE
        heat = np.zeros((len(self.labels), side, side), np.float32)
        sides = np.zeros((4, side, side), np.float32)
        inside = np.zeros((side, side), bool)
        centres = (np.arange(side) + 0.5) * STRIDE - 0.5
        areas = np.prod(label.boxes[:, 2:] - label.boxes[:, :2], axis=1) if len(label.boxes) else np.zeros(0)
        for at in np.argsort(-areas):  # small boxes last: where two meet, the smaller one is harder to find
            left, top, right, bottom = (float(v) for v in label.boxes[at])
            middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
            spread = [max((end - start) / 8, STRIDE / 2) for start, end in ((left, right), (top, bottom))]
            column, row = (int(np.abs(centres - middle).argmin()) for middle in (middle_x, middle_y))
            x, y = centres[column], centres[row]
            bump = np.exp(-(((centres[None] - x) / spread[0]) ** 2 + ((centres[:, None] - y) / spread[1]) ** 2) / 2)
            index = self.labels.index(label.names[at])
            heat[index] = np.maximum(heat[index], bump)
            near = bump > 0.3
            inside |= near
            to_sides = np.broadcast_arrays(
                centres[None] - left, centres[:, None] - top, right - centres[None], bottom - centres[:, None]
            )
            sides[:, near] = np.maximum(np.stack(to_sides)[:, near], 0.5)
        return {"heat": heat, "sides": sides, "inside": inside}

    def head(self, shape: Shape) -> Head:
        return BoxHead(shape, len(self.labels))

    def prime(self, head: Head, targets: Target, cls: Floats) -> None:
        super().prime(head, targets, cls)
        inside = targets["inside"]
        if isinstance(head, BoxHead) and inside.any():
            head.start_from(np.median(targets["sides"].transpose(0, 2, 3, 1)[inside], axis=0))

    def loss(self, raw: Tensor, target: Mapping[str, Tensor]) -> Tensor:
        """Focal loss on the label maps (Zhou et al. 2019) and, near centres, 1 minus generalised overlap (Rezatofighi
        et al. 2019)."""
        heat, truth = raw[:, :-4], target["heat"]
        probability = heat.sigmoid().clamp(1e-4, 1 - 1e-4)
        peak = truth >= 0.999
        hit = ((1 - probability) ** 2 * probability.log() * peak).sum()
        rest = ((1 - truth) ** 4 * probability**2 * (1 - probability).log() * ~peak).sum()
        focal = -(hit + rest) / peak.sum().clamp(min=1)
        inside = target["inside"]
        if not inside.any():
            return focal
        said = STRIDE * raw[:, -4:].permute(0, 2, 3, 1)[inside].clamp(-4, 5).exp()
        return focal + _overlap_loss(said, target["sides"].permute(0, 2, 3, 1)[inside])

    def decode(
        self,
        raw: Floats,
        calibration: Mapping[str, float] | None = None,  # noqa: ARG002
    ) -> list[Detections]:
        return [decode_boxes(each, STRIDE) for each in raw]

    def metrics(self, predictions: Sequence[Detections], labels: Sequence[Boxes]) -> dict[str, float]:
        """Average precision by pycocotools: `ap50` at an overlap of 0.5, `ap` over 0.5 to 0.95."""
        return average_precision(predictions, labels, self.labels)

    def baseline(self, labels: Sequence[Boxes], images: Floats) -> list[Detections]:
        """The median box of each label, as sure as the label is frequent."""
        boxes, classes, scores = [], [], []
        for index, name in enumerate(self.labels):
            own = [box for label in labels for box, said in zip(label.boxes, label.names, strict=True) if said == name]
            if own:
                boxes.append(np.median(own, axis=0))
                classes.append(index)
                scores.append(min(1.0, len(own) / len(labels)))
        found = Detections(
            np.array(boxes, np.float32).reshape(-1, 4), np.array(classes, np.int64), np.array(scores, np.float32)
        )
        return [found] * len(images)

    def strata(self, labels: Sequence[Boxes]) -> NDArray[np.int64]:
        """Groups of images that show the same labels."""
        seen = np.array([[name in label.names for name in self.labels] for label in labels])
        return np.asarray(np.unique(seen, axis=0, return_inverse=True)[1].reshape(-1), np.int64)

    def to_square(self, label: Boxes, place: Place, size: int) -> Boxes:
        """Boxes around the moved corners, cut at the square; those that lie outside are left out."""
        moved = np.clip(move_boxes(label.boxes, place.matrix), -0.5, size - 0.5)
        kept = [at for at, box in enumerate(moved) if min(box[2:] - box[:2]) >= 1]
        return Boxes(moved[kept].astype(np.float32).reshape(-1, 4), tuple(label.names[at] for at in kept))

    def to_frame(self, prediction: Detections, place: Place) -> Detections:
        back = np.linalg.inv(np.vstack([place.matrix, [0, 0, 1]]))[:2]
        moved = move_boxes(prediction.boxes, back)
        limits = np.array([place.width, place.height] * 2) - 0.5
        return Detections(np.clip(moved, -0.5, limits).astype(np.float32), prediction.classes, prediction.scores)


def move_boxes(boxes: Floats, matrix: Affine) -> Floats:
    """The upright boxes `(M, 4)` around the moved corners of upright boxes."""
    if not len(boxes):
        return np.zeros((0, 4), np.float32)
    corners = np.stack([boxes[:, [0, 1]], boxes[:, [2, 1]], boxes[:, [0, 3]], boxes[:, [2, 3]]], axis=1)
    moved = corners @ matrix[:, :2].T + matrix[:, 2]
    return np.concatenate([moved.min(axis=1), moved.max(axis=1)], axis=1).astype(np.float32)


def _overlap_loss(said: Tensor, truth: Tensor) -> Tensor:
    """1 minus the generalised overlap of boxes around the same point, from their distances `(M, 4)` to the sides."""
    low, high = torch.minimum(said, truth), torch.maximum(said, truth)
    shared = (low[:, 0] + low[:, 2]) * (low[:, 1] + low[:, 3])
    hull = (high[:, 0] + high[:, 2]) * (high[:, 1] + high[:, 3])
    areas = [(each[:, 0] + each[:, 2]) * (each[:, 1] + each[:, 3]) for each in (said, truth)]
    union = areas[0] + areas[1] - shared
    return (1 - shared / union + (hull - union) / hull).mean()


def average_precision(
    predictions: Sequence[Detections], labels: Sequence[Boxes], names: Sequence[str]
) -> dict[str, float]:
    """COCO's average precision over `names`; NaN where the truth holds no box at all."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    truth = [
        {"id": number, "image_id": image, "category_id": names.index(name), "iscrowd": 0, **_corner_size(box)}
        for number, (image, box, name) in enumerate(_each_box(labels), start=1)
    ]
    said = [
        {"image_id": image, "category_id": int(label), "score": float(score), **_corner_size(box)}
        for image, each in enumerate(predictions)
        for box, label, score in zip(each.boxes, each.classes, each.scores, strict=True)
    ]
    if not truth:
        return {"ap50": float("nan"), "ap": float("nan")}
    if not said:
        return {"ap50": 0.0, "ap": 0.0}
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools reports its progress there
        book = COCO()
        book.dataset = {
            "images": [{"id": image} for image in range(len(labels))],
            "annotations": truth,
            "categories": [{"id": index} for index in range(len(names))],
        }
        book.createIndex()
        found = COCO()
        found.dataset = {
            **book.dataset,
            "annotations": [{"id": at, "iscrowd": 0, **each} for at, each in enumerate(said, 1)],
        }
        found.createIndex()
        judge = COCOeval(book, found, "bbox")
        judge.params.areaRng, judge.params.areaRngLbl = AREA_RANGES, ["all"]
        judge.evaluate()
        judge.accumulate()
    precision = judge.eval["precision"][..., 0, -1]  # overlap, recall, label
    valid = precision[:, :, (precision >= 0).all(axis=(0, 1))]
    return {"ap50": float(valid[0].mean()), "ap": float(valid.mean())}


def _each_box(labels: Sequence[Boxes]) -> list[tuple[int, Floats, str]]:
    return [
        (image, box, name)
        for image, label in enumerate(labels)
        for box, name in zip(label.boxes, label.names, strict=True)
    ]


def _corner_size(box: Floats) -> dict[str, Any]:
    left, top, right, bottom = (float(v) for v in box)
    return {"bbox": [left, top, right - left, bottom - top], "area": (right - left) * (bottom - top)}
