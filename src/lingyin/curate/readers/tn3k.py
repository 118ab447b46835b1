"""TN3K: pictures and masks under the same names, in a folder pair for each split."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lingyin.curate.readers.contract import Item, Reader
from lingyin.curate.readers.masks import HALF, painted
from lingyin.curate.readers.shapes import find_root, opener, pairs

_SPLITS = {"trainval": "train", "test": "test"}


class Tn3k(Reader):
    """Gong et al. 2023. No patient numbers are published: every picture is a group of its own."""

    name = "tn3k"
    expected = "the folders trainval-image, trainval-mask, test-image and test-mask"

    def items(self, folder: Path) -> Iterator[Item]:
        root = find_root(folder, *(f"{part}-{what}" for part in _SPLITS for what in ("image", "mask")))
        if root is None:
            raise self.misfit(folder)
        for part, split in _SPLITS.items():
            for path, mask in pairs(root / f"{part}-image", root / f"{part}-mask"):
                yield Item(
                    key=f"{part}-{path.stem}",
                    source=path,
                    kind="picture",
                    open=opener(path),
                    labels=self.labels.row({}, path),
                    group=f"{part}-{path.stem}",
                    licence=self.licence,
                    masks={self.labels.masks["nodule"]: {0: painted(mask, above=HALF)}} if mask else {},
                    split=split,
                )


READER = Tn3k()
