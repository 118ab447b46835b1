"""Numpy decoding of raw head outputs: probabilities, values, points, boxes. The workshop predicts through the same
functions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
GAUSSIAN_90 = 1.645  # spreads on either side that hold nine tenths of a normal distribution
RAYLEIGH_90 = 2.146  # the same for the radius of a round two-dimensional one
WINDOW = 2  # cells around a peak whose mean is its place


def softmax(logits: Floats) -> Floats:
    """Along the last axis."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), np.float32)


def sigmoid(logits: Floats) -> Floats:
    """Element by element, without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * np.asarray(logits, np.float64))), np.float32)


@dataclass(frozen=True, slots=True)
class Value:
    """A number with its 90 % interval and the spread `sd` behind it, all in the unit of the head."""

    value: float
    sd: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Spot:
    """A point in pixels: `x`, `y`, their spread `sd`, and the radius within which the truth lies nine times in ten."""

    x: float
    y: float
    sd: float
    radius: float


@dataclass(frozen=True)
class Detections:
    """Boxes `(M, 4)` as left, top, right, bottom in pixels, label numbers `(M,)` and scores `(M,)`, best first."""

    boxes: Floats
    classes: NDArray[np.int64]
    scores: Floats


def decode_value(raw: Floats, scale: float = GAUSSIAN_90) -> Value:
    """`raw (2,)`: value and logarithm of its spread; `scale` spreads make half of the 90 % interval."""
    value, sd = float(raw[0]), float(np.exp(raw[1]))
    return Value(value, sd, value - scale * sd, value + scale * sd)


def decode_spots(raw: Floats, stride: int, scale: float = RAYLEIGH_90) -> list[Spot]:
    """Logit maps `raw (K, h, w)` to one point each: the mean of the probability around its peak, to a fraction of a
    cell; the spread is that of the whole map around the point, so that two rival peaks make it wide."""
    count, rows, columns = raw.shape
    probability = softmax(raw.reshape(count, -1)).reshape(raw.shape)
    y, x = np.mgrid[:rows, :columns]
    spots = []
    for each in probability:
        top, left = np.unravel_index(int(each.argmax()), each.shape)
        near = each * ((abs(y - top) <= WINDOW) & (abs(x - left) <= WINDOW))
        row, column = (near * y).sum() / near.sum(), (near * x).sum() / near.sum()
        variance = float((each * ((y - row) ** 2 + (x - column) ** 2)).sum()) / 2
        sd = stride * float(np.sqrt(variance + 1 / 12))  # a cell's own width is never resolved better than this
        spots.append(Spot(float((column + 0.5) * stride - 0.5), float((row + 0.5) * stride - 0.5), sd, scale * sd))
    return spots


def decode_boxes(raw: Floats, stride: int, least: float = 0.05, overlap: float = 0.5, most: int = 50) -> Detections:
    """Logit maps of K labels and the four logarithms of distances to the sides, `raw (K + 4, h, w)`, to boxes.

    Peaks of the label maps are boxes (Zhou et al. 2019, CenterNet) whose sides lie `stride * exp(distance)` from the
    centre of the cell (Tian et al. 2019, FCOS); of boxes of a label that overlap by more than `overlap` the best stays.
    """
    heat = sigmoid(raw[:-4])
    padded = np.pad(heat, ((0, 0), (1, 1), (1, 1)))
    around = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2)).max(axis=(-1, -2))
    label, row, column = np.nonzero((heat == around) & (heat >= least))
    scores = heat[label, row, column]
    order = np.argsort(-scores, kind="stable")[: 4 * most]
    label, row, column, scores = label[order], row[order], column[order], scores[order]
    distance = stride * np.exp(np.clip(raw[-4:, row, column], -4, 5)).T
    centre = (np.stack([column, row], axis=1) + 0.5) * stride - 0.5
    boxes = np.concatenate([centre - distance[:, :2], centre + distance[:, 2:]], axis=1)
    kept: list[int] = []
    for at in range(len(scores)):
        rivals = [other for other in kept if label[other] == label[at]]
        if len(kept) < most and not (rivals and iou(boxes[[at]], boxes[rivals]).max() > overlap):
            kept.append(at)
    return Detections(boxes[kept].astype(np.float32), label[kept].astype(np.int64), scores[kept].astype(np.float32))


def iou(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.float64]:
    """Intersection over union of boxes `(M, 4)` and `(N, 4)`: `(M, N)`."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=-1, dtype=np.float64)
    areas = [np.prod(each[:, 2:] - each[:, :2], axis=1, dtype=np.float64) for each in (first, second)]
    return np.asarray(shared / np.maximum(areas[0][:, None] + areas[1][None] - shared, 1e-9))


def coherent(logits: Floats, below: NDArray[np.bool_]) -> Floats:
    """Probabilities of facts on a tree `(B, C)` by their logits: a fact is as likely as the likeliest below it, so that
    no child is above its parent (Giunchiglia & Lukasiewicz 2020). `below (C, C)`: column lies under row or is it."""
    open_logits = np.where(below[None], logits[:, None, :], -np.inf)
    return sigmoid(open_logits.max(axis=2))
