"""Prepared sets: `card.json`, `labels.csv` and `images/`, with labels in the catalogue's columns and fixed splits."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

from lingyin.core.errors import InputError
from lingyin.core.labels import DatasetLabels, dataset_labels
from lingyin.curate.readers.contract import Item, MaskLoader, Reader
from lingyin.curate.readers.masks import painted
from lingyin.curate.readers.shapes import existing, number, opener

PREPARED = "prepared"


class PreparedSet(Reader):
    """A set brought to one form; its folder's name says which columns it has (`core/data/dataset_labels.toml`)."""

    name = PREPARED
    expected = "card.json, labels.csv and images/, in a folder named as a set of the catalogue of labels"

    def items(self, folder: Path) -> Iterator[Item]:
        if not is_prepared(folder):
            raise self.misfit(folder)
        said = dataset_labels()[folder.resolve().name]
        licence = _licence(folder / "card.json")
        table = folder / "labels.csv"
        with table.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield _item(folder, table, row, said, licence)


def is_prepared(folder: Path) -> bool:
    """Whether a folder has the form of a prepared set that the catalogue of labels knows."""
    parts = (folder / "card.json", folder / "labels.csv")
    named = folder.resolve().name in dataset_labels()
    return named and (folder / "images").is_dir() and all(part.is_file() for part in parts)


def _licence(card: Path) -> str:
    try:
        return str(json.loads(card.read_text(encoding="utf-8"))["licence"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(card, "does not state the licence", "fetch the data set again") from error


def _item(folder: Path, table: Path, row: dict[str, str], said: DatasetLabels, licence: str) -> Item:
    path = folder / "images" / f"{row['id']}.webp"
    labels = said.row(row)
    masks: dict[str, dict[int, MaskLoader]] = {}
    if not said.mask_is_blank(labels):
        for column, structure in said.structures.items():
            if row[column]:
                masks[structure] = {0: painted(existing(folder / row[column], table))}
    size_mm = number(row["mm_per_px"], table, "mm_per_px") if row["mm_per_px"] else None
    measured = {code: row[column] for column, code in said.measurements.items() if row[column]}
    return Item(
        key=row["id"],
        source=path,
        kind="picture",
        open=opener(path),
        labels=labels,
        group=row["subject"] or row["id"],
        subject=row["subject"] or None,
        licence=licence,
        masks=masks,
        measurements={code: number(text, table, code) for code, text in measured.items()},
        mm_per_px=None if size_mm is None else (size_mm, size_mm),
        split=row["split"] or None,
        facts={"video": row["video"]} if row.get("video") else {},
    )


READER = PreparedSet()
