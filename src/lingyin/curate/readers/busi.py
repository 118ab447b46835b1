"""BUSI: a folder per diagnosis, masks beside the pictures, more than one where there is more than one lesion."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lingyin.curate.readers.contract import Item, Reader
from lingyin.curate.readers.masks import painted
from lingyin.curate.readers.shapes import files_of, find_root, opener

_MASK = re.compile(r"(.+)_mask(_\d+)?")


class Busi(Reader):
    """Al-Dhabyani et al. 2020. No patient numbers: every picture is a group of its own until duplicates are found."""

    name = "busi"
    expected = "the folders benign, malignant and normal with `benign (1).png` and `benign (1)_mask.png`"

    def items(self, folder: Path) -> Iterator[Item]:
        root = find_root(folder, *self.labels.columns["folder"])
        if root is None:
            raise self.misfit(folder)
        for name in self.labels.columns["folder"]:
            masks: dict[str, list[Path]] = {}
            for path in files_of(root / name):
                if match := _MASK.fullmatch(path.stem):
                    masks.setdefault(match[1], []).append(path)
            for path in files_of(root / name):
                if _MASK.fullmatch(path.stem):
                    continue
                drawn = masks.get(path.stem)
                yield Item(
                    key=path.stem,
                    source=path,
                    kind="picture",
                    open=opener(path),
                    labels=self.labels.row({"folder": name}, path),
                    group=path.stem,
                    licence=self.licence,
                    masks={self.labels.masks["mask"]: {0: painted(*drawn)}} if drawn else {},
                )


READER = Busi()
