"""CUBS, both parts: carotid pictures, one file with the scale for each, and traced boundaries of the wall."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lingyin.core.errors import InputError
from lingyin.curate.readers.contract import Item, MaskLoader, Points, Reader
from lingyin.curate.readers.masks import picture_size, polygons
from lingyin.curate.readers.shapes import files_of, find_root, number, opener

_SUBJECT = re.compile(r"([A-Za-z]+_\d+)(_[LR])?")
_LAYOUTS = (("IMAGES", "SEGMENTATIONS"), ("images", "LIMA-Profiles"))
_EXPERT = "Manual-A1"


class Cubs(Reader):
    """Meiburger et al. 2021 and 2022. Boundaries: lumen-intima and media-adventitia, of the first expert."""

    name = "cubs"
    expected = "IMAGES (clin_0001_L.tiff), CF and SEGMENTATIONS/Manual-A1; or images, CF and LIMA-Profiles/Manual-A1"

    def items(self, folder: Path) -> Iterator[Item]:
        for images, traced in _LAYOUTS:
            if root := find_root(folder, images, traced):
                break
        else:
            raise self.misfit(folder)
        for path in files_of(root / images):
            match = _SUBJECT.fullmatch(path.stem)
            subject = match[1] if match else path.stem
            scale = root / "CF" / f"{path.stem}_CF.txt"
            size = number(scale.read_text(encoding="utf-8").strip(), scale, "the scale") if scale.is_file() else None
            band = self._band(root / traced / _EXPERT, path)
            yield Item(
                key=path.stem,
                source=path,
                kind="picture",
                open=opener(path),
                labels=self.labels.row({}, path),
                group=subject,
                subject=subject,
                licence=self.licence,
                masks={self.labels.masks["band"]: {0: band}} if band else {},
                mm_per_px=None if size is None else (size, size),
            )

    @staticmethod
    def _band(folder: Path, path: Path) -> MaskLoader | None:
        inner, outer = (folder / f"{path.stem}-{which}.txt" for which in ("LI", "MA"))
        if not (inner.is_file() and outer.is_file()):
            return None
        return polygons([np.concatenate([_boundary(inner), _boundary(outer)[::-1]])], *picture_size(path))


def _boundary(path: Path) -> Points:
    """`(N, 2)` points, left to right. Files hold a pair a line, or all columns and then all rows."""
    try:
        values = np.loadtxt(path, ndmin=2)
    except (OSError, ValueError) as error:
        raise InputError(path, f"cannot be read as a boundary ({error})", "take the published file") from error
    points = values if values.shape[1] == 2 else values.T
    if points.shape[1] != 2 or len(points) < 2:
        raise InputError(path, f"holds {values.shape} numbers, not columns and rows", "take the published file")
    ordered: Points = points[np.argsort(points[:, 0], kind="stable")]
    return ordered


READER = Cubs()
