"""Any set with a table `labels.csv` of files, codes of the tree and masks: the way in for a layout without a reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from lingyin.core.errors import CatalogueError, InputError
from lingyin.core.labels import LabelSet
from lingyin.core.tree import Kind, load_tree
from lingyin.curate.readers.contract import Item, MaskLoader, Reader
from lingyin.curate.readers.labels import statement
from lingyin.curate.readers.masks import HALF, painted
from lingyin.curate.readers.shapes import CLIPS, existing, number, opener, rows_of

_YES, _NO = frozenset({"1", "yes", "true"}), frozenset({"0", "no", "false"})
_MASK = "mask_"
_OWN = frozenset({"file", "subject", "group", "split", "mm_per_px", "licence"})


class CsvTable(Reader):
    """`labels.csv` with a column `file`; further columns: subject, group, split, mm_per_px, licence; a code of the tree
    (yes or 1, no or 0, empty for unknown); `mask_CODE` with the path of a structure's mask. Others become facts."""

    name = "csv_table"
    expected = "a table labels.csv with the column `file` (paths beside it)"

    def items(self, folder: Path) -> Iterator[Item]:
        table = folder / "labels.csv"
        if not table.is_file():
            raise self.misfit(folder)
        rows = rows_of(table, ("file",))
        for row in rows:
            path = existing(folder / row["file"], table)
            subject = row.get("subject") or None
            size = row.get("mm_per_px", "")
            size_mm = number(size, table, "mm_per_px") if size else None
            yield Item(
                key=row["file"],
                source=path,
                kind="clip" if path.suffix.lower() in CLIPS else "picture",
                open=opener(path),
                labels=_labels(row, table),
                group=row.get("group") or subject or row["file"],
                subject=subject,
                licence=row.get("licence") or self.licence,
                masks=_masks(row, table),
                mm_per_px=None if size_mm is None else (size_mm, size_mm),
                split=row.get("split") or None,
                facts={name: text for name, text in row.items() if text and _is_fact(name)},
            )


def _is_fact(name: str) -> bool:
    return name not in _OWN and name not in load_tree() and not name.startswith(_MASK)


def _labels(row: Mapping[str, str], table: Path) -> LabelSet:
    codes = []
    for name, text in row.items():
        if name not in load_tree() or not text:
            continue
        if text.lower() not in _YES | _NO:
            raise InputError(table, f"{name!r} is {text!r}", "write yes, no, 1, 0 or nothing")
        codes.append(name if text.lower() in _YES else f"!{name}")
    try:
        return statement(codes)
    except CatalogueError as error:
        raise InputError(table, f"the row of {row['file']} contradicts itself ({error})", "mend the row") from error


def _masks(row: Mapping[str, str], table: Path) -> dict[str, dict[int, MaskLoader]]:
    tree = load_tree()
    found: dict[str, dict[int, MaskLoader]] = {}
    for name, text in row.items():
        if not name.startswith(_MASK) or not text:
            continue
        code = name.removeprefix(_MASK)
        if code not in tree or tree[code].kind is not Kind.STRUCTURE:
            raise InputError(table, f"the column {name!r} names no structure of the tree", "use mask_ and its code")
        found[code] = {0: painted(existing(table.parent / text, table), above=HALF)}
    return found


READER = CsvTable()
