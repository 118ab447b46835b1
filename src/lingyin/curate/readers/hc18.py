"""HC18: fetal heads with pixel size and head circumference; the outline is a thin ellipse that is filled here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lingyin.curate.readers.contract import Item, Reader
from lingyin.curate.readers.masks import filled
from lingyin.curate.readers.shapes import existing, find_root, number, opener, rows_of

_SUBJECT = re.compile(r"\d+")
_TABLES = {"training_set": "training_set_pixel_size_and_HC.csv", "test_set": "test_set_pixel_size.csv"}


class Hc18(Reader):
    """van den Heuvel et al. 2018. `010_2HC.png` is a further picture of the woman 010; the test set has no truth."""

    name = "hc18"
    expected = "training_set_pixel_size_and_HC.csv and the folder training_set (000_HC.png, 000_HC_Annotation.png)"

    def items(self, folder: Path) -> Iterator[Item]:
        root = find_root(folder, _TABLES["training_set"], "training_set")
        if root is None:
            raise self.misfit(folder)
        for part, table in _TABLES.items():
            if (root / table).is_file():
                yield from self._part(root / table, part)

    def _part(self, table: Path, part: str) -> Iterator[Item]:
        nested = table.parent / part / part
        folder = nested if nested.is_dir() else table.parent / part
        for row in rows_of(table, ("filename", "pixel size(mm)")):
            path = existing(folder / row["filename"], table)
            match = _SUBJECT.match(path.name)
            subject = f"{part}-{match[0] if match else path.stem}"
            size_mm = number(row["pixel size(mm)"], table, f"pixel size of {path.name}")
            length = row.get("head circumference (mm)", "")
            outline = path.with_name(f"{path.stem}_Annotation.png")
            yield Item(
                key=f"{part}/{path.stem}",
                source=path,
                kind="picture",
                open=opener(path),
                labels=self.labels.row({}, path),
                group=subject,
                subject=subject,
                licence=self.licence,
                masks={self.labels.masks["head"]: {0: filled(outline)}} if outline.is_file() else {},
                measurements={"fetal_head_circumference": number(length, table, path.name)} if length else {},
                mm_per_px=(size_mm, size_mm),
                split="train" if part == "training_set" else "test",
            )


READER = Hc18()
