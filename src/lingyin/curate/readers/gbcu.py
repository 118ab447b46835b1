"""GBCU: pictures of gallbladders and two lists that give class and split."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lingyin.core.errors import InputError
from lingyin.curate.readers.contract import Item, Reader
from lingyin.curate.readers.shapes import existing, find_root, opener


class Gbcu(Reader):
    """Basu et al. 2022. The published split is by patient; patient numbers themselves are not given out."""

    name = "gbcu"
    expected = "the folder imgs and the lists train.txt and test.txt with lines such as im00001.jpg,0"

    def items(self, folder: Path) -> Iterator[Item]:
        root = find_root(folder, "imgs", "train.txt", "test.txt")
        if root is None:
            raise self.misfit(folder)
        for split in ("train", "test"):
            table = root / f"{split}.txt"
            for line in table.read_text(encoding="utf-8").splitlines():
                if not line.strip():
                    continue
                name, parted, label = line.strip().partition(",")
                if not parted:
                    raise InputError(table, f"has the line {line!r} without a class", "take the published file")
                path = existing(root / "imgs" / name.strip(), table)
                yield Item(
                    key=path.stem,
                    source=path,
                    kind="picture",
                    open=opener(path),
                    labels=self.labels.row({"label": label.strip()}, table),
                    group=path.stem,
                    licence=self.licence,
                    split=split,
                )


READER = Gbcu()
