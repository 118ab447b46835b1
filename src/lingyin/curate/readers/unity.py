"""Unity Imaging: pictures spread over folders by their hash, and label files with points and curves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lingyin.core.errors import InputError
from lingyin.curate.readers.contract import Item, Points, Reader
from lingyin.curate.readers.masks import picture_size, polygons
from lingyin.curate.readers.shapes import find_root, opener

_SPLITS = {"train": "train", "tune": "val", "val": "val", "test": "test"}
_ABSENT = frozenset({"off", "blurred"})
_VIDEO_CODE = 67  # characters of `01-` and the hash; what follows is the number of the frame


class Unity(Reader):
    """Howard et al. 2021. A curve of the left ventricle is closed by a straight line between its ends (the valve)."""

    name = "unity"
    expected = "label files such as labels/labels-train.json and the folder png-cache with 01/ab/cd/01-abcd....png"

    def items(self, folder: Path) -> Iterator[Item]:
        root = find_root(folder, "png-cache", "labels*") or find_root(folder, "png-cache", "*.json")
        if root is None:
            raise self.misfit(folder)
        pictures = {path.name: path for path in (root / "png-cache").rglob("*.png")}
        tables = sorted({*root.glob("*.json"), *root.glob("labels*/**/*.json")})
        seen: set[str] = set()
        for table in tables:
            split = next((to for word, to in _SPLITS.items() if word in table.stem), None)
            for name, entry in sorted(_entries(table).items()):
                if name in pictures and name not in seen:
                    seen.add(name)
                    yield self._item(pictures[name], entry, split, table)

    def _item(self, path: Path, entry: Any, split: str | None, table: Path) -> Item:
        points = _points(entry, table, path.name)
        size = picture_size(path)
        return Item(
            key=path.stem,
            source=path,
            kind="picture",
            open=opener(path),
            labels=self.labels.row({}, path),
            group=path.stem[:_VIDEO_CODE],
            licence=self.licence,
            masks={
                code: {0: polygons([points[curve]], *size)}
                for curve, code in self.labels.masks.items()
                if curve in points and len(points[curve]) > 2
            },
            points={name: {0: marked} for name, marked in points.items()},
            split=split,
        )


def _entries(table: Path) -> dict[str, Any]:
    try:
        document = json.loads(table.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(table, f"cannot be read as a label file ({error})", "take the published file") from error
    return document if isinstance(document, dict) else {}


def _points(entry: Any, table: Path, name: str) -> dict[str, Points]:
    """Marked points and curves by label, `(N, 2)` of columns and rows; absent and blurred ones are left out."""
    found: dict[str, Points] = {}
    try:
        for label, marks in entry["labels"].items():
            for mark in marks if isinstance(marks, list) else [marks]:
                if mark.get("type") in _ABSENT or not str(mark.get("x", "")).strip():
                    continue
                xs, ys = ([float(value) for value in str(mark[axis]).split()] for axis in ("x", "y"))
                found[label] = np.column_stack([xs, ys])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(
            table, f"has a mark of {name} that cannot be read ({error})", "take the published file"
        ) from error
    return found


READER = Unity()
