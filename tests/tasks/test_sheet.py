"""Contact sheets: the worst comes first, rows are filled up, and ink lies where things are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.core.clip import Box
from lingyin.runtime.heads import Detections, Value
from lingyin.tasks.classify import Classify
from lingyin.tasks.contract import Place, Task
from lingyin.tasks.detect import Boxes, Detect
from lingyin.tasks.measure import Measure
from lingyin.tasks.own.pictures import Example, Square
from lingyin.tasks.segment import Segment
from lingyin.tasks.sheet import CAPTION, COLUMNS, DOUBT, MOST, SAID, TRUE, write_sheet

SIZE = 64
WIDE, HIGH = SIZE + 4, SIZE + CAPTION + 4


def square(label: Any, grey: int = 0) -> Square:
    image = np.full((SIZE, SIZE), grey, np.uint8)
    example = Example(image, Box(0, 0, SIZE, SIZE), label, "s", "test", Path("p.png"), 0)
    return Square(image, label, Place(np.eye(3)[:2], SIZE, SIZE), example, True)


def sheet(tmp_path: Path, task: Task[Any, Any], squares: list[Square], said: list[Any]) -> NDArray[np.uint8]:
    write_sheet(tmp_path / "sheet.png", task, squares, said)
    read = cv2.imread(str(tmp_path / "sheet.png"))
    assert read is not None
    return np.asarray(read[..., ::-1], np.uint8)


def test_the_worst_comes_first_and_rows_are_filled_up(tmp_path: Path) -> None:
    off = [1.0, 5.0, 3.0, 0.0, 4.0, 2.0]
    squares = [square(0.0, 40 * at) for at in range(6)]
    drawn = sheet(tmp_path, Measure("age"), squares, [Value(each, 1, -1, 9) for each in off])
    assert drawn.shape == (2 * HIGH, COLUMNS * WIDE, 3)
    greys = drawn[HIGH // 3 :: HIGH, WIDE // 2 :: WIDE, 0]
    assert greys.tolist() == [[40, 160, 80, 200, 0], [120, 255, 255, 255, 255]]


def test_no_more_than_the_most_are_shown(tmp_path: Path) -> None:
    drawn = sheet(tmp_path, Measure("age"), [square(0.0)] * (MOST + 1), [Value(1, 1, 0, 2)] * (MOST + 1))
    assert drawn.shape[0] == MOST // COLUMNS * HIGH


def test_a_wrong_label_has_a_coloured_caption(tmp_path: Path) -> None:
    said = [np.array([0.9, 0.1], np.float32), np.array([0.2, 0.8], np.float32)]
    drawn = sheet(tmp_path, Classify(("benign", "malignant")), [square("benign")] * 2, said)
    assert drawn[HIGH - 4, WIDE - 4].tolist() == list(DOUBT)
    assert drawn[HIGH - 4, 2 * WIDE - 4].tolist() == [255, 255, 255]


def test_boxes_are_drawn_unless_hardly_believed(tmp_path: Path) -> None:
    truth = Boxes(np.array([[10, 10, 30, 30]], np.float32), ("cyst",))
    rows = np.array([[40, 40, 60, 60], [5, 45, 20, 60]], np.float32)
    said = Detections(rows, np.array([0, 0]), np.array([0.5, 0.2], np.float32))
    drawn = sheet(tmp_path, Detect(("cyst",), SIZE), [square(truth)], [said])[2:, 2:]
    assert drawn[20, 10].tolist() == list(TRUE)
    assert drawn[50, 40].tolist() == list(SAID)
    assert drawn[50, 5].tolist() == [0, 0, 0]


def test_what_is_said_of_an_empty_picture_is_as_bad_as_what_is_missed(tmp_path: Path) -> None:
    block = np.zeros((SIZE, SIZE), bool)
    block[:32] = True
    half, none = np.zeros((1, 32, 32), np.float32), np.zeros((1, 32, 32), np.float32)
    half[0, :16] = 1
    squares = [square({"cyst": truth}, grey) for truth, grey in ((block, 50), (None, 100), (None, 150), (block, 200))]
    order = [half, none, half, none]  # right, right, a false alarm, missed
    drawn = sheet(tmp_path, Segment(("cyst",)), squares, order)
    assert drawn[HIGH - CAPTION - 8, WIDE // 2 :: WIDE, 0].tolist()[:4] == [150, 200, 50, 100]
    empty = Boxes(np.zeros((0, 4), np.float32), ())
    said = [
        Detections(np.array([[4, 4, 30, 30]], np.float32), np.array([0]), np.array([s], np.float32)) for s in (0.1, 0.9)
    ]
    drawn = sheet(tmp_path, Detect(("cyst",), SIZE), [square(empty, 50), square(empty, 150)], said)
    assert drawn[50, WIDE // 2 :: WIDE, 0].tolist()[:2] == [150, 50]


def test_a_sheet_of_nothing_is_white(tmp_path: Path) -> None:
    assert (sheet(tmp_path, Classify(("a", "b")), [], []) == 255).all()
