"""DDTI as published (a case's XML beside its pictures) and as the widely used crops with masks."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from lingyin.core.errors import InputError
from lingyin.curate.readers.contract import Item, Reader
from lingyin.curate.readers.masks import painted, picture_size, polygons
from lingyin.curate.readers.shapes import find_root, opener, pairs


class Ddti(Reader):
    """Pedraza et al. 2015: `1.xml` holds TI-RADS and outlines of `1_1.jpg`, `1_2.jpg`."""

    name = "ddti"
    expected = "case files such as 1.xml beside the pictures 1_1.jpg, 1_2.jpg"

    def items(self, folder: Path) -> Iterator[Item]:
        root = find_root(folder, "[0-9]*.xml", "[0-9]*_[0-9]*.jpg")
        if root is None:
            raise self.misfit(folder)
        for table in sorted(root.glob("[0-9]*.xml"), key=lambda path: (len(path.stem), path.stem)):
            case = _read_case(table)
            for mark in case.findall("mark"):
                number = (mark.findtext("image") or "").strip()
                path = root / f"{table.stem}_{number}.jpg"
                if not path.is_file():  # a few published cases name pictures that were never published
                    continue
                outlines = _outlines(mark.findtext("svg") or "", table)
                drawn = {0: polygons(outlines, *picture_size(path))} if outlines else None
                yield Item(
                    key=path.stem,
                    source=path,
                    kind="picture",
                    open=opener(path),
                    labels=self.labels.row({"tirads": case.findtext("tirads") or ""}, table),
                    group=table.stem,
                    subject=table.stem,
                    licence=self.licence,
                    masks={self.labels.masks["nodule"]: drawn} if drawn else {},
                    facts={part: text for part in ("composition", "echogenicity") if (text := case.findtext(part))},
                )


class DdtiCrops(Reader):
    """Crops around the nodule: `147_1(2).png` is the second crop of picture 1 of case 147."""

    name = "ddti_crops"
    data_set = "ddti"
    expected = "the folders cropped and mask and the table diagnosis.csv"

    def items(self, folder: Path) -> Iterator[Item]:
        root = find_root(folder, "cropped", "mask", "diagnosis.csv")
        if root is None:
            raise self.misfit(folder)
        with (root / "diagnosis.csv").open(encoding="utf-8-sig", newline="") as file:
            grades = {row[0].strip(): row[1].strip() for row in csv.reader(file) if len(row) >= 2}
        said = READERS[0].labels
        for path, mask in pairs(root / "cropped", root / "mask"):
            case = path.stem.split("_", 1)[0]
            yield Item(
                key=path.stem,
                source=path,
                kind="picture",
                open=opener(path),
                labels=said.row({"tirads": grades.get(path.stem, "")}, root / "diagnosis.csv"),
                group=case,
                subject=case,
                licence=self.licence,
                masks={said.masks["nodule"]: {0: painted(mask)}} if mask else {},
            )


def _read_case(path: Path) -> ElementTree.Element:
    content = path.read_bytes()
    try:
        if b"<!DOCTYPE" in content[:1024]:  # entities could be nested without end
            raise ValueError("it declares a document type")
        return ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError) as error:
        raise InputError(path, f"cannot be read as a case ({error})", "take the published file") from error


def _outlines(text: str, path: Path) -> list[NDArray[np.float64]]:
    if not text.strip():
        return []
    try:
        found = [np.array([(point["x"], point["y"]) for point in region["points"]]) for region in json.loads(text)]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(path, f"holds an outline that cannot be read ({error})", "take the published file") from error
    return [outline.astype(np.float64) for outline in found if len(outline) > 2]


READERS = (Ddti(), DdtiCrops())
