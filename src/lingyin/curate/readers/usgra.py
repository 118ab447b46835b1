"""USGRA: pictures for regional anaesthesia and label maps under the same names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lingyin.curate.readers.contract import Item, Reader
from lingyin.curate.readers.masks import valued
from lingyin.curate.readers.shapes import find_root, opener, pairs


class Usgra(Reader):
    """Label maps of nerves and vessels for regional anaesthesia. Volunteers are not numbered."""

    name = "usgra"
    expected = "the folders images and masks with 0001.png in both, mask values 0, 1 and 2"

    def items(self, folder: Path) -> Iterator[Item]:
        root = find_root(folder, "images/*.png", "masks/*.png")
        if root is None:
            raise self.misfit(folder)
        for path, mask in pairs(root / "images", root / "masks"):
            yield Item(
                key=path.stem,
                source=path,
                kind="picture",
                open=opener(path),
                labels=self.labels.row({}, path),
                group=path.stem,
                licence=self.licence,
                masks={code: {0: valued(mask, int(value))} for value, code in self.labels.masks.items()}
                if mask
                else {},
            )


READER = Usgra()
