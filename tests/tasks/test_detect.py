"""Detect: targets by hand, the way back from them, what suppresses what, and average precision."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lingyin.runtime.heads import Detections
from lingyin.tasks.contract import Floats, Place, Shape, stack
from lingyin.tasks.detect import STRIDE, Boxes, BoxHead, Detect, average_precision, move_boxes

TASK = Detect(("cyst", "mass"), 64)
NOTHING = Boxes(np.zeros((0, 4), np.float32), ())


def boxes(*rows: tuple[float, float, float, float], names: tuple[str, ...] = ()) -> Boxes:
    return Boxes(np.array(rows, np.float32), names or ("cyst",) * len(rows))


def said(*rows: tuple[float, float, float, float], classes: list[int], scores: list[float]) -> Detections:
    return Detections(
        np.array(rows, np.float32).reshape(-1, 4), np.array(classes, np.int64), np.array(scores, np.float32)
    )


def peaks(*places: tuple[int, int, int, float], distance: float) -> Floats:
    """Raw maps with peaks (label, row, column, logit) whose boxes reach `distance` pixels to every side."""
    raw = np.full((1, 6, 16, 16), -9, np.float32)
    raw[:, 2:] = np.log(distance / STRIDE)
    for label, row, column, logit in places:
        raw[0, label, row, column] = logit
    return raw


def test_a_target_peaks_at_the_centre_and_tells_the_sides() -> None:
    target = TASK.target(boxes((1.5, 5.5, 17.5, 13.5), names=("mass",)))
    heat, inside = target["heat"], target["inside"]
    assert not heat[0].any()
    assert heat[1, 2, 2] == 1
    assert heat[1, 2, 3] == pytest.approx(np.exp(-2))  # 4 pixels off, with a spread of 16 / 8
    assert heat[1, 1, 3] == pytest.approx(np.exp(-4))
    assert np.argwhere(inside).tolist() == [[2, 2]]
    assert target["sides"][:, 2, 2].tolist() == [8, 4, 8, 4]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_where_two_boxes_meet_the_smaller_one_has_the_cell(order: tuple[int, int]) -> None:
    both = np.array([(1.5, 1.5, 57.5, 57.5), (29.5, 25.5, 37.5, 33.5)], np.float32)[list(order)]
    target = TASK.target(Boxes(both, ("cyst", "cyst")))
    assert target["sides"][:, 7, 8].tolist() == [4, 4, 4, 4]
    assert target["sides"][:, 7, 7].tolist() == [28, 28, 28, 28]
    assert target["heat"][0, 7, 7] == target["heat"][0, 7, 8] == 1


def test_a_picture_without_boxes_is_an_answer_and_an_unknown_label_is_none() -> None:
    target = TASK.target(NOTHING)
    assert not target["heat"].any()
    assert not target["inside"].any()
    with pytest.raises(ValueError, match="tuple"):
        TASK.target(boxes((0, 0, 9, 9), names=("stone",)))


def test_decoding_a_target_gives_the_boxes_back() -> None:
    truth = boxes((3, 4, 22, 17), (30, 28, 61, 60), names=("mass", "cyst"))
    target = TASK.target(truth)
    heat = np.clip(target["heat"], 1e-4, 1 - 1e-4)
    raw = np.concatenate([np.log(heat / (1 - heat)), np.log(np.maximum(target["sides"], 0.5) / STRIDE)])
    (found,) = TASK.decode(raw[None])
    by_label = np.argsort(-found.classes)
    assert found.classes[by_label].tolist() == [1, 0]
    np.testing.assert_allclose(found.boxes[by_label], truth.boxes, atol=1e-4)


def test_of_overlapping_boxes_of_one_label_the_best_stays() -> None:
    """Centres 8 pixels apart: boxes of 32 overlap by 24 / 40, boxes of 16 by 8 / 24."""
    pair = ((0, 4, 4, 1.0), (0, 4, 6, 2.0))
    (wide,) = TASK.decode(peaks(*pair, distance=16))
    assert wide.boxes.round(3).tolist() == [[9.5, 1.5, 41.5, 33.5]]
    assert wide.scores == pytest.approx([1 / (1 + np.exp(-2))])
    (narrow,) = TASK.decode(peaks(*pair, distance=8))
    assert narrow.boxes[:, 0].round(3).tolist() == [17.5, 9.5]  # best first
    (other,) = TASK.decode(peaks((0, 4, 4, 1.0), (1, 4, 6, 2.0), distance=16))
    assert other.classes.tolist() == [1, 0]


def test_a_cell_beside_a_higher_one_or_below_a_twentieth_is_no_box() -> None:
    (found,) = TASK.decode(peaks((0, 4, 4, 1.0), (0, 5, 5, 2.0), (0, 12, 12, -3.0), distance=2))
    assert found.boxes.round(3).tolist() == [[19.5, 19.5, 23.5, 23.5]]


def test_loss_is_least_for_the_truth_and_counts_boxes_by_generalised_overlap() -> None:
    target = {name: torch.from_numpy(each) for name, each in stack([TASK.target(boxes((1.5, 1.5, 9.5, 9.5)))]).items()}
    raw = torch.full((1, 6, 16, 16), -12.0)
    raw[:, 0, 1, 1] = 12.0
    raw[:, 2:] = 0.0  # 4 pixels to each side, as it is
    true = TASK.loss(raw, target)
    assert float(true) < 0.01
    half, cross = raw.clone(), raw.clone()
    half[:, 2:] = float(np.log(0.5))
    assert float(TASK.loss(half, target) - true) == pytest.approx(0.75, abs=1e-4)
    cross[:, 2], cross[:, 4] = float(np.log(2)), float(np.log(2))  # 16 x 8 beside 8 x 8: 1 - 64 / 128
    assert float(TASK.loss(cross, target) - true) == pytest.approx(0.5, abs=1e-4)


def test_a_head_begins_with_the_usual_box() -> None:
    head = TASK.head(Shape(8, (4, 4, 8, 8, 8), (2, 4, 8, 16, 32), 64))
    assert isinstance(head, BoxHead)
    TASK.prime(head, stack([TASK.target(boxes((1.5, 5.5, 17.5, 13.5)))]), np.zeros((1, 8), np.float32))
    assert head.decoder.out.bias is not None
    expected = [-4, -4, *np.log([2, 1, 2, 1])]
    np.testing.assert_allclose(head.decoder.out.bias.detach().numpy(), expected, atol=1e-6)


def test_average_precision_by_hand() -> None:
    truth = boxes((0, 0, 100, 10))
    whole, part = (0.0, 0.0, 100.0, 10.0), (0.0, 0.0, 72.0, 10.0)
    far = (200.0, 0.0, 300.0, 10.0)

    def score(*each: Detections, labels: list[Boxes]) -> dict[str, float]:
        return average_precision(each, labels, TASK.labels)

    perfect, none = said(whole, classes=[0], scores=[0.9]), said(classes=[], scores=[])
    assert score(perfect, labels=[truth]) == pytest.approx({"ap50": 1, "ap": 1})
    # 0.72 passes the thresholds 0.5 to 0.7, five of ten
    assert score(said(part, classes=[0], scores=[0.9]), labels=[truth]) == pytest.approx({"ap50": 1, "ap": 0.5})
    false_first = said(far, whole, classes=[0, 0], scores=[0.9, 0.4])
    assert score(false_first, labels=[truth])["ap50"] == pytest.approx(0.5)
    assert score(said(whole, classes=[1], scores=[0.9]), labels=[truth])["ap50"] == 0
    assert score(perfect, none, labels=[truth, truth])["ap50"] == pytest.approx(51 / 101)
    assert score(none, labels=[truth]) == {"ap50": 0, "ap": 0}
    assert np.isnan(score(perfect, labels=[NOTHING])["ap50"])


def test_baseline_is_the_median_box_as_sure_as_the_label_is_frequent() -> None:
    labels = [boxes((0, 0, 10, 10)), boxes((2, 4, 20, 30)), boxes((4, 6, 22, 32)), NOTHING]
    first, second = TASK.baseline(labels, np.zeros((2, 64, 64), np.float32))
    assert first is second
    assert first.boxes.tolist() == [[2, 4, 20, 30]]
    assert (first.classes.tolist(), first.scores.tolist()) == ([0], [0.75])
    groups = TASK.strata(labels)
    assert groups[0] == groups[1] == groups[2] != groups[3]


def test_boxes_move_to_the_square_and_back() -> None:
    place = Place(np.array([[0.5, 0, -10], [0, 0.5, 4]]), height=100, width=200)
    label = boxes((40, 20, 100, 60), (0, 0, 10, 10), names=("mass", "cyst"))
    moved = TASK.to_square(label, place, 64)
    assert moved.names == ("mass",)  # the other lies left of the square
    assert moved.boxes.tolist() == [[10, 14, 40, 34]]
    back = TASK.to_frame(Detections(moved.boxes, np.array([1]), np.ones(1, np.float32)), place)
    np.testing.assert_allclose(back.boxes, label.boxes[:1], atol=1e-4)
    outside = said((-20, 10, 100, 60), classes=[0], scores=[0.5])
    assert TASK.to_frame(outside, place).boxes.tolist() == [[-0.5, 12, 199.5, 99.5]]


def test_a_turned_box_stays_upright() -> None:
    quarter = np.array([[0.0, -1, 50], [1, 0, 0]])
    assert move_boxes(boxes((10, 20, 14, 26)).boxes, quarter).tolist() == [[24, 10, 30, 14]]
    assert move_boxes(NOTHING.boxes, quarter).shape == (0, 4)
