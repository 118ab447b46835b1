"""kidneyUS: pictures and, for each of two annotators, a table of polygons as the VGG annotator exports them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lingyin.core.errors import InputError
from lingyin.curate.readers.contract import Item, Points, Reader
from lingyin.curate.readers.masks import picture_size, polygons
from lingyin.curate.readers.shapes import PICTURES, files_of, find_root, opener, rows_of

_TABLE = "reviewed_labels_1.csv"
_COLUMNS = ("filename", "file_attributes", "region_shape_attributes", "region_attributes")


class KidneyUs(Reader):
    """Singla et al. 2023. Outlines of the first annotator; 20 pictures were published twice to measure agreement."""

    name = "kidney_us"
    expected = f"the table {_TABLE} (beside the pictures or in labels) and PNG pictures (beside it or in images)"

    def items(self, folder: Path) -> Iterator[Item]:
        place = find_root(folder, _TABLE)
        pictures = self._pictures(folder)
        if place is None or not pictures:
            raise self.misfit(folder)
        table = place / _TABLE
        by_file: dict[str, list[dict[str, str]]] = {}
        for row in rows_of(table, _COLUMNS):
            by_file.setdefault(row["filename"], []).append(row)
        for name, rows in sorted(by_file.items()):
            if name not in pictures:
                continue  # pictures withdrawn since the tables were written
            path = pictures[name]
            told = {str(k): str(v) for k, v in _parsed(rows[0]["file_attributes"], table).items()}
            outlines = self._outlines(rows, table)
            size = picture_size(path)
            yield Item(
                key=path.stem,
                source=path,
                kind="picture",
                open=opener(path),
                labels=self.labels.row(told, table),
                group=path.stem,
                licence=self.licence,
                masks={code: {0: polygons(found, *size)} for code, found in outlines.items()},
                facts={part: told[part] for part in ("Quality", "Type", "Comments") if told.get(part)},
            )

    @staticmethod
    def _pictures(folder: Path) -> dict[str, Path]:
        for pattern in ("images/*.png", "*.png"):
            if root := find_root(folder, pattern):
                return {path.name: path for path in files_of((root / pattern).parent, PICTURES)}
        return {}

    def _outlines(self, rows: list[dict[str, str]], table: Path) -> dict[str, list[Points]]:
        found: dict[str, list[Points]] = {}
        for row in rows:
            shape = _parsed(row["region_shape_attributes"], table)
            code = self.labels.masks.get(str(_parsed(row["region_attributes"], table).get("Anatomy")))
            if code and shape.get("name") == "polygon" and len(shape["all_points_x"]) > 2:
                found.setdefault(code, []).append(
                    np.column_stack([shape["all_points_x"], shape["all_points_y"]]).astype(np.float64)
                )
        return found


def _parsed(text: str, table: Path) -> dict[str, Any]:
    try:
        document = json.loads(text or "{}")
    except ValueError as error:
        raise InputError(table, f"holds {text[:40]!r}, which is not JSON", "take the published file") from error
    return document if isinstance(document, dict) else {}


READER = KidneyUs()
