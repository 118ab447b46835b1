"""C-TRUS: pictures of the colon, masks of its wall under the same names, and a table of quality and patient."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lingyin.curate.readers.contract import Item, Reader
from lingyin.curate.readers.masks import HALF, painted
from lingyin.curate.readers.shapes import existing, find_root, opener, rows_of


class Ctrus(Reader):
    """Leenings et al. 2024. Masks are JPEG, so they are cut at half; frames of one patient are near-duplicates."""

    name = "ctrus"
    expected = "the folders original and labels and the table c-trus.csv"

    def items(self, folder: Path) -> Iterator[Item]:
        root = find_root(folder, "original", "labels", "c-trus.csv")
        if root is None:
            raise self.misfit(folder)
        table = root / "c-trus.csv"
        for row in rows_of(table, ("file", "quality_name", "patient")):
            path = existing(root / "original" / row["file"], table)
            mask = existing(root / "labels" / row["file"], table)
            yield Item(
                key=path.stem,
                source=path,
                kind="picture",
                open=opener(path),
                labels=self.labels.row(row, table),
                group=row["patient"],
                subject=row["patient"],
                licence=self.licence,
                masks={self.labels.masks["label"]: {0: painted(mask, above=HALF)}},
                facts={"fold": row["testitem_in_fold"]} if row.get("testitem_in_fold") else {},
            )


READER = Ctrus()
