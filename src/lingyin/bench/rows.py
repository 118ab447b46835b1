"""What a fit reads of a prepared set: pictures, labels, outlines and numbers, and the subjects of a label budget."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.bench.applications import Fit
from lingyin.bench.leaks import kept_rows
from lingyin.bench.splits import SplitTable, read_split
from lingyin.core.errors import UnreadableError
from lingyin.core.labels import LabelSet, dataset_labels

Row = Mapping[str, str]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class SetRows:
    """One prepared set: `rows` of its packaged table that the benchmark uses, in the table's order."""

    folder: Path
    table: SplitTable
    rows: tuple[Row, ...]

    @property
    def subjects(self) -> NDArray[np.str_]:
        return np.array([row["subject"] for row in self.rows], np.str_)

    @property
    def names(self) -> NDArray[np.str_]:
        return np.array([row["id"] for row in self.rows], np.str_)

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Grey picture `(H, W)`. Raises UnreadableError."""
        return decode(self.folder / "images" / f"{self.rows[index]['id']}.webp")

    def labels(self, index: int) -> LabelSet:
        """All that the row says in codes of the tree."""
        return dataset_labels()[self.folder.name].row(self.rows[index])

    def mask(self, index: int, column: str) -> NDArray[np.bool_] | None:
        """Outline `(H, W)`; all False where known to be empty; None where unknown. Raises UnreadableError."""
        row = self.rows[index]
        if dataset_labels()[self.folder.name].mask_is_blank(self.labels(index)):
            return np.zeros((int(row["height"]), int(row["width"])), np.bool_)
        if not row[column]:
            return None
        path = self.folder / f"masks_{column.removeprefix('mask_')}" / f"{row['id']}.png"
        return np.asarray(decode(path) > 0)


def decode(path: Path) -> NDArray[np.uint8]:
    """A grey picture `(H, W)`. Raises UnreadableError where it is absent or damaged."""
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise UnreadableError(path, "cannot be decoded", "make the set again with `lingyin bench prepare`")
    return np.asarray(picture, np.uint8)


def open_set(root: Path, name: str) -> SetRows:
    """A set of the benchmark under the folder of all sets."""
    table = read_split(name)
    return SetRows(root / name, table, kept_rows(table))


def usable(rows: SetRows, fit: Fit, split: str) -> Indices:
    """Indices of the images of a split that carry what the fit learns."""
    asked = [index for index, row in enumerate(rows.rows) if row["split"] == split]
    if fit.kind == "masks":
        blank = dataset_labels()[fit.set].mask_is_blank
        asked = [i for i in asked if any(rows.rows[i][column] for column in fit.columns) or blank(rows.labels(i))]
    elif fit.columns:
        asked = [i for i in asked if any(rows.rows[i][column] for column in fit.columns)]
    return np.array(asked, np.int64)


def label_budget(rows: SetRows, fit: Fit, indices: Indices, percent: int, seed: int) -> Indices:
    """The images of `percent` of the subjects, drawn by the seed and spread over the labels.

    Smaller budgets lie inside larger ones. Subjects are taken whole, since labels come per patient; at least one of
    every label is kept, so that no class is lost.
    """
    if percent >= 100:
        return indices
    column = fit.columns[0] if fit.kind == "classify" else ""
    groups: dict[str, list[str]] = defaultdict(list)
    members: dict[str, list[int]] = defaultdict(list)
    for index in indices.tolist():
        row = rows.rows[index]
        if row["subject"] not in members:
            groups[row[column] if column else ""].append(row["subject"])
        members[row["subject"]].append(index)
    generator = np.random.default_rng(seed)
    chosen: list[int] = []
    for label in sorted(groups):
        order = generator.permutation(len(groups[label]))
        for place in order[: math.ceil(len(order) * percent / 100)]:
            chosen += members[groups[label][int(place)]]
    return np.array(sorted(chosen), np.int64)


def labels_of(rows: SetRows, fit: Fit, indices: Indices) -> tuple[str, ...]:
    """Labels of the fit's column among the images, in rising order where the fit gives one, else by name."""
    found = {rows.rows[index][fit.columns[0]] for index in indices.tolist()}
    return tuple(label for label in fit.labels if label in found) or tuple(sorted(found))
