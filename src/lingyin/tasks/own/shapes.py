"""Labels with a place: masks, boxes and points from a user's table, in pixels of the picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.tasks.detect import Boxes, Detect
from lingyin.tasks.landmark import Landmark
from lingyin.tasks.own.naming import published_structure
from lingyin.tasks.own.table import Row, Table
from lingyin.tasks.segment import Segment

LabelOf = Callable[[int, int], Any]  # height and width of the picture to its label; ValueError says what is wrong
SIDES = ("left", "top", "right", "bottom")
EMPTY = "none"  # in a mask column: the structure is not there
LEAST_SHARE = 1e-3  # of the picture, of a part of a mask that counts as an object


def read_masks(table: Table, column: str | None, name: str | None) -> tuple[Segment | None, list[tuple[Row, LabelOf]]]:
    """Structures from `mask` or `mask_<structure>` columns; an empty cell says nothing, `none` that it is not there."""
    columns = _mask_columns(table, column)
    names = {each: _structure(table, each, name) for each in columns}
    found: list[tuple[Row, LabelOf]] = []
    for row in table.rows:
        paths = {names[each]: row.cells[each] for each in columns if row.cells.get(each)}
        if paths:
            found.append((row, _masks_of(table.root, paths)))
    if not found:
        table.problems.append("no masks: give a column `mask`, or `mask_<structure>`, with their paths")
        return None, []
    return Segment(tuple(dict.fromkeys(names.values()))), found


def _mask_columns(table: Table, column: str | None) -> list[str]:
    columns = table.mask_columns()
    if column is None:
        return columns
    if column not in columns:
        table.problems.append(f"no mask column `{column}`; there are {', '.join(columns) or 'none'}")
        return []
    return [column]


def _structure(table: Table, column: str, name: str | None) -> str:
    if name is not None:
        return name
    return published_structure(table, column) or column.removeprefix("mask").lstrip("_") or "outline"


def _masks_of(root: Path, paths: dict[str, str]) -> LabelOf:
    def load(height: int, width: int) -> dict[str, NDArray[np.bool_] | None]:
        return {name: None if text == EMPTY else read_mask(root / text, height, width) for name, text in paths.items()}

    return load


def read_mask(path: Path, height: int, width: int) -> NDArray[np.bool_]:
    """A drawn mask `(H, W)`. Raises ValueError where it cannot be read or has another size than the picture."""
    if not path.is_file():
        raise ValueError(f"there is no mask {path}")
    drawn = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if drawn is None:
        raise ValueError(f"the mask {path} cannot be read")
    if drawn.shape != (height, width):
        raise ValueError(
            f"the mask {path} is {drawn.shape[1]} x {drawn.shape[0]} px, its picture {width} x {height} px"
        )
    return np.asarray(drawn > (127 if drawn.max() > 1 else 0), np.bool_)


def read_boxes(
    table: Table, column: str | None, name: str | None, size: int
) -> tuple[Detect | None, list[tuple[Row, LabelOf]]]:
    """Boxes from the columns left, top, right, bottom (one line per box, `label` for its name), or around the parts of
    masks. A line of a picture without numbers says that nothing is there."""
    if not set(SIDES) <= set(table.columns):
        return _boxes_of_masks(table, column, name, size)
    grouped: dict[Path, list[Row]] = defaultdict(list)
    for row in table.rows:
        grouped[row.path].append(row)
    found: list[tuple[Row, LabelOf]] = []
    names: set[str] = set()
    for rows in grouped.values():
        boxes, said = [], []
        for row in rows:
            numbers = [row.cells.get(side, "") for side in SIDES]
            if not any(numbers):
                continue
            try:
                left, top, right, bottom = (float(text) for text in numbers)
            except ValueError:
                table.problems.append(f"{row.where}: left, top, right, bottom must be numbers; they are {numbers}")
                continue
            if right <= left or bottom <= top:
                table.problems.append(f"{row.where}: the box is empty: right must exceed left, bottom must exceed top")
                continue
            boxes.append((left, top, right, bottom))
            said.append(row.cells.get(column or "label", "") or name or "object")
        names |= set(said)
        found.append((rows[0], _inside(np.array(boxes, np.float32).reshape(-1, 4), tuple(said))))
    if not names:
        table.problems.append("no box in any line")
        return None, []
    return Detect(tuple(sorted(names)), size), found


def _inside(boxes: NDArray[np.float32], names: tuple[str, ...]) -> LabelOf:
    def check(height: int, width: int) -> Boxes:
        if len(boxes) and (boxes.min() < -1 or boxes[:, 2].max() > width + 1 or boxes[:, 3].max() > height + 1):
            raise ValueError(f"a box lies outside the picture of {width} x {height} px")
        return Boxes(boxes, names)

    return check


def _boxes_of_masks(
    table: Table, column: str | None, name: str | None, size: int
) -> tuple[Detect | None, list[tuple[Row, LabelOf]]]:
    task, masks = read_masks(table, column, name)
    if task is None:
        table.problems[-1] = "no boxes: give the columns left, top, right, bottom in pixels, or masks"
        return None, []
    return Detect(task.structures, size), [(row, _around(load)) for row, load in masks]


def _around(load: LabelOf) -> LabelOf:
    def boxes(height: int, width: int) -> Boxes:
        found, names = [], []
        for name, mask in load(height, width).items():
            if mask is None:
                continue
            count, _, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
            for left, top, across, down, area in facts[1:count]:
                if area >= LEAST_SHARE * height * width:
                    found.append((left - 0.5, top - 0.5, left + across - 0.5, top + down - 0.5))
                    names.append(name)
        return Boxes(np.array(found, np.float32).reshape(-1, 4), tuple(names))

    return boxes


def read_points(table: Table) -> tuple[Landmark | None, list[tuple[Row, LabelOf]]]:
    """Points from pairs of columns `x_<name>`, `y_<name>`, in pixels; empty ones are unknown."""
    names = [each[2:] for each in table.columns if each.startswith("x_") and f"y_{each[2:]}" in table.columns]
    if not names:
        table.problems.append(
            f"no points: give columns x_<name> and y_<name>; the columns are {', '.join(table.columns)}"
        )
        return None, []
    found: list[tuple[Row, LabelOf]] = []
    for row in table.rows:
        points = {}
        for name in names:
            texts = [row.cells.get(f"{axis}_{name}", "") for axis in "xy"]
            if not any(texts):
                continue
            try:
                points[name] = (float(texts[0]), float(texts[1]))
            except ValueError:
                table.problems.append(f"{row.where}: x_{name}, y_{name} must be numbers; they are {texts}")
        if points:
            found.append((row, _points_inside(points)))
    return Landmark(tuple(names)), found


def _points_inside(points: dict[str, tuple[float, float]]) -> LabelOf:
    def check(height: int, width: int) -> dict[str, tuple[float, float]]:
        for name, (x, y) in points.items():
            if not (-1 <= x <= width and -1 <= y <= height):
                raise ValueError(
                    f"the point {name} at ({x:g}, {y:g}) lies outside the picture of {width} x {height} px"
                )
        return points

    return check
