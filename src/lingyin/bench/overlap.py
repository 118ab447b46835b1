"""Boxes of masks and of probability maps, their matches, and average precision over any choice of images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.bench.metrics import Floats, Ints
from lingyin.runtime.heads import iou

Masks = NDArray[np.bool_]
Boxes = NDArray[np.float64]  # (N, 4) left, top, right, bottom, half-open, in pixels
IOUS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0.0, 1.0, 101)
MOST_BOXES = 10  # per image
LEAST_SHARE = 2e-4  # of the picture: smaller parts are specks, not structures


def boxes_of(mask: Masks, least_share: float = LEAST_SHARE) -> Boxes:
    """Boxes around the connected parts of a mask, largest first; specks are left out."""
    count, _, statistics, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    parts = sorted(statistics[1:count].tolist(), key=lambda part: -part[cv2.CC_STAT_AREA])
    kept = [part for part in parts if part[cv2.CC_STAT_AREA] >= least_share * mask.size][:MOST_BOXES]
    return np.array([(x, y, x + w, y + h) for x, y, w, h, _ in kept], np.float64).reshape(-1, 4)


def scored_boxes(probability: Floats, threshold: float = 0.5) -> tuple[Boxes, NDArray[np.float64]]:
    """Boxes of where a probability map reaches the threshold, each with the mean probability inside its part."""
    count, labels = cv2.connectedComponents((probability >= threshold).astype(np.uint8), connectivity=8)
    found = [(boxes_of(labels == part), float(probability[labels == part].mean())) for part in range(1, count)]
    kept = sorted(((box[0], score) for box, score in found if len(box)), key=lambda each: -each[1])[:MOST_BOXES]
    return np.array([box for box, _ in kept], np.float64).reshape(-1, 4), np.array([score for _, score in kept])


@dataclass(frozen=True)
class Matches:
    """Boxes of N images, matched: `score (N, M)`, NaN where there is no box; `hit (N, M, 10)`, at each IoU of `IOUS`;
    `truths (N,)`, the number of true boxes."""

    score: NDArray[np.float64]
    hit: NDArray[np.bool_]
    truths: NDArray[np.int64]

    def precision(self, rows: Ints, at: Sequence[int] = range(len(IOUS))) -> float:
        """Mean average precision over images `rows`, as COCO has it (Lin et al. 2014): 101 recalls, precision made
        monotone, greedy matching by score. `at` are places in `IOUS`. NaN where there is no true box."""
        total = int(self.truths[rows].sum())
        if not total:
            return float("nan")
        scores = self.score[rows].ravel()
        present = ~np.isnan(scores)
        order = np.argsort(-scores[present], kind="stable")
        hits = self.hit[rows].reshape(-1, len(IOUS))[present][order]
        return float(np.mean([_average(hits[:, place], total) for place in at]))


def _average(hits: Masks, total: int) -> float:
    found = np.cumsum(hits)
    precision = found / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(found / total, RECALLS, side="left")
    return (
        float(np.where(places < len(hits), precision[np.minimum(places, len(hits) - 1)], 0).mean())
        if len(hits)
        else 0.0
    )


def match_boxes(boxes: Sequence[Boxes], scores: Sequence[Floats], truths: Sequence[Boxes]) -> Matches:
    """Greedy matches of N images: each box, best score first, takes the free true box that it overlaps most."""
    score = np.full((len(boxes), MOST_BOXES), np.nan)
    hit = np.zeros((len(boxes), MOST_BOXES, len(IOUS)), np.bool_)
    for image, (found, marks, true) in enumerate(zip(boxes, scores, truths, strict=True)):
        order = np.argsort(-np.asarray(marks), kind="stable")[:MOST_BOXES]
        score[image, : len(order)] = np.asarray(marks)[order]
        overlaps = iou(found[order], true)
        for place, least in enumerate(IOUS):
            free = np.ones(len(true), np.bool_)
            for rank in range(len(order)):
                candidate = np.where(free, overlaps[rank], -1.0)
                best = int(candidate.argmax()) if len(true) else -1
                if best >= 0 and candidate[best] >= least:
                    free[best], hit[image, rank, place] = False, True
    return Matches(score, hit, np.array([len(true) for true in truths], np.int64))
