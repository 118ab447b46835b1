"""AUL, annotated ultrasound liver images: a folder per diagnosis, outlines of liver, mass and scan sector as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lingyin.core.errors import InputError
from lingyin.curate.readers.contract import Item, MaskLoader, Points, Reader
from lingyin.curate.readers.masks import picture_size, polygons
from lingyin.curate.readers.shapes import files_of, find_root, opener


class Aul(Reader):
    """Xu et al. 2022. No patient numbers; an outline that is missing says nothing."""

    name = "aul"
    expected = "the folders Benign, Malignant and Normal, each with image and segmentation/{liver,mass,outline}/*.json"

    def items(self, folder: Path) -> Iterator[Item]:
        classes = tuple(self.labels.columns["folder"])
        root = find_root(folder, *(f"{name}/image" for name in classes))
        if root is None:
            raise self.misfit(folder)
        for name in classes:
            for path in files_of(root / name / "image"):
                masks: dict[str, dict[int, MaskLoader]] = {}
                for what, code in self.labels.masks.items():
                    traced = root / name / "segmentation" / what / f"{path.stem}.json"
                    if traced.is_file():
                        masks[code] = {0: polygons([_outline(traced)], *picture_size(path))}
                yield Item(
                    key=f"{name}-{path.stem}",
                    source=path,
                    kind="picture",
                    open=opener(path),
                    labels=self.labels.row({"folder": name}, path),
                    group=f"{name}-{path.stem}",
                    licence=self.licence,
                    masks=masks,
                )


def _outline(path: Path) -> Points:
    try:
        points: Points = np.array(json.loads(path.read_text(encoding="utf-8")), dtype=np.float64)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(path, f"cannot be read as an outline ({error})", "take the published file") from error
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3:
        raise InputError(path, f"holds numbers of shape {points.shape}, not points", "take the published file")
    return points


READER = Aul()
