"""FETAL_PLANES_DB: one folder of pictures and a table with plane, brain plane, patient, machine and split."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lingyin.curate.readers.contract import Item, Reader
from lingyin.curate.readers.shapes import existing, find_root, opener, rows_of

_TABLE = "FETAL_PLANES_DB_data.csv"


class FetalPlanesDb(Reader):
    """Burgos-Artizzu et al. 2020. The table is parted by semicolons."""

    name = "fetal_planes_db"
    expected = f"the table {_TABLE} (parted by semicolons) and the folder Images"

    def items(self, folder: Path) -> Iterator[Item]:
        root = find_root(folder, _TABLE, "Images")
        if root is None:
            raise self.misfit(folder)
        table = root / _TABLE
        for row in rows_of(table, ("Image_name", "Patient_num", "Plane", "Brain_plane"), delimiter=";"):
            path = existing(root / "Images" / f"{row['Image_name']}.png", table)
            used = row.get("Train", "")
            yield Item(
                key=row["Image_name"],
                source=path,
                kind="picture",
                open=opener(path),
                labels=self.labels.row(row, table),
                group=row["Patient_num"],
                subject=row["Patient_num"],
                licence=self.licence,
                split={"1": "train", "0": "test"}.get(used),
                facts={name: row[name] for name in ("US_Machine", "Operator") if row.get(name)},
            )


READER = FetalPlanesDb()
