"""Reads the prepared public data sets as samples: labels through the tree, masks, the scan sector of every image."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.core.errors import UnreadableError
from lingyin.core.labels import DatasetLabels, LabelSet, dataset_labels
from lingyin.io.sector import find_sector
from lingyin.tasks.config import HeadConfig, Recipe
from lingyin.tasks.store import Sample

NORMAL = frozenset(
    {"breast_normal", "liver_no_focal_lesion", "hydronephrosis_absent"}
)  # a missing mask is an empty one
LINES = {"fascicle": 5}  # drawn as lines thinner than a pixel of the network: taken this many pixels wide
LINE_LEAST = 2e-4  # share of the picture; below it the line was lost when the set was made smaller: unknown, not absent


def read_set(folder: Path, recipe: Recipe, split: str | None = None) -> Iterator[Sample]:
    """Samples of one set, of all splits or one.

    Raises:
        UnreadableError: an image or mask that `labels.csv` names cannot be decoded.
        CatalogueError: a label that the catalogue does not know.
    """
    name = folder.name
    said = dataset_labels()[name]
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if split not in (None, row["split"]):
                continue
            picture = _decode(folder / "images" / f"{row['id']}.webp")
            labels = said.row(row)
            yield Sample(
                picture=picture,
                box=find_sector([picture]).box,
                targets=_targets(name, said, labels, recipe.classify),
                masks=_masks(folder, row, said, labels, recipe.structures),
                source=name,
                split=row["split"],
                subject=f"{name}/{row['subject']}",
                name=row["id"],
                mm_per_px=float(row["mm_per_px"]) if row["mm_per_px"] else None,
                measurements={code: float(row[column]) for column, code in said.measurements.items() if row[column]},
            )


def _targets(name: str, said: DatasetLabels, labels: LabelSet, heads: tuple[HeadConfig, ...]) -> dict[str, str]:
    """One label per head that this set trains; the organ of every image is known."""
    found: dict[str, str] = {}
    for head in heads:
        if head.name == "organ":
            found["organ"] = next(label for label in head.labels if label in labels.yes or label == said.organ)
        elif name in head.sets:
            told = [label for label in head.labels if label in labels.yes]
            if len(told) == 1:
                found[head.name] = told[0]
    return found


def _masks(
    folder: Path, row: Mapping[str, str], said: DatasetLabels, labels: LabelSet, structures: tuple[str, ...]
) -> dict[str, NDArray[np.bool_] | None]:
    found: dict[str, NDArray[np.bool_] | None] = {}
    for column, structure in said.structures.items():
        if structure not in structures:
            continue
        if said.mask_is_blank(labels) or (not row[column] and NORMAL & labels.yes):
            found[structure] = None
        elif row[column]:
            drawn = _decode(folder / row[column]) > 0
            if structure not in LINES:
                found[structure] = drawn
            elif drawn.mean() > LINE_LEAST:
                found[structure] = _widened(drawn, LINES[structure])
    return found


def _widened(drawn: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    return np.asarray(cv2.dilate(drawn.astype(np.uint8), np.ones((width, width), np.uint8)) > 0)


def _decode(path: Path) -> NDArray[np.uint8]:
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise UnreadableError(path, "cannot be decoded", "fetch the data set again")
    return np.asarray(picture, np.uint8)
