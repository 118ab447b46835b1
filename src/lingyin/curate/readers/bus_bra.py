"""BUS-BRA: `Images`, `Masks` and a table with pathology, BI-RADS and the patient's case number."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lingyin.curate.readers.contract import Item, Reader
from lingyin.curate.readers.masks import painted
from lingyin.curate.readers.shapes import existing, find_root, opener, rows_of


class BusBra(Reader):
    """Gómez-Flores et al. 2024. The views of one patient share `Case`."""

    name = "bus_bra"
    expected = "the folders Images and Masks and the table bus_data.csv"

    def items(self, folder: Path) -> Iterator[Item]:
        root = find_root(folder, "Images", "Masks", "bus_data.csv")
        if root is None:
            raise self.misfit(folder)
        table = root / "bus_data.csv"
        for row in rows_of(table, ("ID", "Case", "Pathology", "BIRADS")):
            path = existing(root / "Images" / f"{row['ID']}.png", table)
            mask = existing(root / "Masks" / f"{row['ID'].replace('bus_', 'mask_', 1)}.png", table)
            yield Item(
                key=row["ID"],
                source=path,
                kind="picture",
                open=opener(path),
                labels=self.labels.row(row, table),
                group=row["Case"],
                subject=row["Case"],
                licence=self.licence,
                masks={self.labels.masks["mask"]: {0: painted(mask, above=127)}},
                facts={name: row[name] for name in ("Histology", "Device", "Side") if row.get(name)},
            )


READER = BusBra()
