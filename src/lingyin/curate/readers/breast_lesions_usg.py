"""BrEaST (Breast-Lesions-USG): pictures with `_tumor` masks beside them and a clinical workbook."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lingyin.curate.readers.contract import Item, Reader
from lingyin.curate.readers.masks import painted
from lingyin.curate.readers.shapes import existing, find_root, opener, require_columns, rows_of
from lingyin.curate.readers.sheet import read_sheet

_TABLE = "BrEaST-Lesions*USG-clinical-data*"
_FACTS = ("Diagnosis", "Verification", "Echogenicity", "Calcifications", "Halo", "Tissue_composition", "Margin")


class BreastLesionsUsg(Reader):
    """Pawłowska et al. 2024. Pixel sizes are not taken over: the table does not name their unit."""

    name = "breast_lesions_usg"
    expected = "a clinical table (BrEaST-Lesions-USG-clinical-data*.xlsx or .csv) and case001.png, case001_tumor.png"

    def items(self, folder: Path) -> Iterator[Item]:
        root = find_root(folder, _TABLE)
        if root is None:
            raise self.misfit(folder)
        table = sorted(path for path in root.glob(_TABLE) if path.is_file())[-1]
        pictures = find_root(root, "case*.png")
        if pictures is None:
            raise self.misfit(folder)
        rows = read_sheet(table) if table.suffix == ".xlsx" else rows_of(table)
        names = tuple(rows[0]) if rows else ()
        require_columns(table, names, ("CaseID", "Image_filename", "Mask_tumor_filename", "Classification"))
        for row in rows:
            if not row["Image_filename"]:
                continue
            path = existing(pictures / row["Image_filename"], table)
            mask = row["Mask_tumor_filename"]
            yield Item(
                key=path.stem,
                source=path,
                kind="picture",
                open=opener(path),
                labels=self.labels.row(row, table),
                group=row["CaseID"],
                subject=row["CaseID"],
                licence=self.licence,
                masks={self.labels.masks["tumor"]: {0: painted(existing(pictures / mask, table))}} if mask else {},
                facts={name: row[name] for name in _FACTS if row.get(name)},
            )


READER = BreastLesionsUsg()
