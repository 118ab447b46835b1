"""Boxes of masks and average precision, against values known by construction and other programs."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest

from lingyin.bench.overlap import Boxes, Masks, boxes_of, match_boxes, scored_boxes


def square(top: int, left: int, side: int, size: int = 64) -> Masks:
    mask = np.zeros((size, size), np.bool_)
    mask[top : top + side, left : left + side] = True
    return mask


def test_boxes_of_parts_largest_first_and_without_specks() -> None:
    mask = square(5, 6, 4) | square(30, 30, 10)
    mask[60, 60] = True
    assert boxes_of(mask, least_share=1e-3).tolist() == [[30, 30, 40, 40], [6, 5, 10, 9]]


def test_boxes_are_scored_by_their_mean_probability() -> None:
    probability = np.where(square(5, 6, 8), 0.6, np.where(square(30, 30, 8), 0.9, 0.1)).astype(np.float32)
    boxes, scores = scored_boxes(probability)
    assert boxes.tolist() == [[30, 30, 38, 38], [6, 5, 14, 13]]
    assert scores == pytest.approx([0.9, 0.6])


def drawn(seed: int) -> tuple[list[Boxes], list[np.ndarray], list[Boxes]]:
    rng = np.random.default_rng(seed)
    found, scores, truths = [], [], []
    for _ in range(20):
        corner = rng.uniform(0, 60, (rng.integers(1, 4), 2))
        true = np.concatenate([corner, corner + rng.uniform(10, 30, corner.shape)], axis=1)
        moved = true + rng.normal(0, 3, true.shape)
        stray = np.array([[5.0, 5, 15, 15]])
        found.append(np.concatenate([moved, stray]))
        scores.append(rng.uniform(0, 1, len(moved) + 1))
        truths.append(true)
    return found, scores, truths


def test_average_precision_agrees_with_pycocotools() -> None:
    pytest.importorskip("pycocotools")
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    found, scores, truths = drawn(3)
    matches = match_boxes(found, scores, truths)

    def entry(number: int, image: int, box: np.ndarray) -> dict[str, object]:
        wide = [box[0], box[1], box[2] - box[0], box[3] - box[1]]
        base = {"id": number, "image_id": image, "category_id": 1, "bbox": wide, "iscrowd": 0}
        return {**base, "area": wide[2] * wide[3]}

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {"images": [{"id": i} for i in range(20)], "categories": [{"id": 1}], "annotations": []}
        for image, boxes in enumerate(truths):
            for box in boxes:
                truth.dataset["annotations"].append(entry(len(truth.dataset["annotations"]) + 1, image, box))
        truth.createIndex()
        answers = [
            {**entry(0, image, box), "score": float(score)}
            for image, (boxes, marks) in enumerate(zip(found, scores, strict=True))
            for box, score in zip(boxes, marks, strict=True)
        ]
        judged = COCOeval(truth, truth.loadRes(answers), "bbox")
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
    rows = np.arange(20)
    assert matches.precision(rows) == pytest.approx(judged.stats[0], abs=2e-3)
    assert matches.precision(rows, [0]) == pytest.approx(judged.stats[1], abs=2e-3)


def test_precision_without_true_boxes_is_undefined_and_without_found_ones_zero() -> None:
    none = np.zeros((0, 4))
    one = np.array([[0.0, 0, 9, 9]])
    assert np.isnan(match_boxes([one], [np.array([0.5])], [none]).precision(np.arange(1)))
    assert match_boxes([none], [np.zeros(0)], [one]).precision(np.arange(1)) == 0.0
