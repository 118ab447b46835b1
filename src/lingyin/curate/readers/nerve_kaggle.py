"""Ultrasound nerve segmentation (2016): `1_1.tif` and `1_1_mask.tif`, the subject first in the name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lingyin.curate.readers.contract import Item, Reader
from lingyin.curate.readers.masks import painted
from lingyin.curate.readers.shapes import files_of, find_root, opener

_FILE = re.compile(r"(\d+)_\d+")


class NerveKaggle(Reader):
    """Brachial plexus. An empty mask says that the annotator saw no nerve; near-identical frames contradict there."""

    name = "nerve_kaggle"
    expected = "the folder train with 1_1.tif and 1_1_mask.tif"

    def items(self, folder: Path) -> Iterator[Item]:
        root = find_root(folder, "train/*_mask.tif")
        if root is None:
            raise self.misfit(folder)
        for path in files_of(root / "train"):
            match = _FILE.fullmatch(path.stem)
            if match is None:
                continue
            mask = path.with_name(f"{path.stem}_mask.tif")
            yield Item(
                key=path.stem,
                source=path,
                kind="picture",
                open=opener(path),
                labels=self.labels.row({}, path),
                group=match[1],
                subject=match[1],
                licence=self.licence,
                masks={self.labels.masks["mask"]: {0: painted(mask, above=127)}} if mask.is_file() else {},
                split="train",
            )


READER = NerveKaggle()
