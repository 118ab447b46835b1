"""First sheet of an .xlsx workbook as rows of text (ECMA-376 part 1, SpreadsheetML), without any further package."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

from lingyin.core.errors import InputError

_NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
MOST_BYTES = 64 << 20  # of one part of the workbook, unpacked


def read_sheet(path: Path) -> list[dict[str, str]]:
    """Rows below the header line; empty cells are "". Whole numbers are written without a point.

    Raises InputError if the file is no such workbook.
    """
    try:
        with zipfile.ZipFile(path) as book:
            shared = _shared(book) if "xl/sharedStrings.xml" in book.namelist() else []
            sheet = _part(book, "xl/worksheets/sheet1.xml")
        lines = [
            {_column(cell): _text(cell, shared) for cell in row.iter(f"{_NS}c")} for row in sheet.iter(f"{_NS}row")
        ]
    except (OSError, KeyError, IndexError, ValueError, zipfile.BadZipFile, ElementTree.ParseError) as error:
        raise InputError(path, f"cannot be read as a workbook ({error})", "take the published file") from error
    if not lines:
        return []
    header = {place: name.strip() for place, name in lines[0].items() if name.strip()}
    return [{name: line.get(place, "").strip() for place, name in header.items()} for line in lines[1:] if line]


def _part(book: zipfile.ZipFile, name: str) -> ElementTree.Element:
    if book.getinfo(name).file_size > MOST_BYTES:
        raise ValueError(f"{name} is implausibly large")
    content = book.read(name)
    if b"<!DOCTYPE" in content[:1024]:  # entities could be nested without end
        raise ValueError(f"{name} declares a document type")
    return ElementTree.fromstring(content)


def _shared(book: zipfile.ZipFile) -> list[str]:
    root = _part(book, "xl/sharedStrings.xml")
    return ["".join(text.text or "" for text in item.iter(f"{_NS}t")) for item in root.iter(f"{_NS}si")]


def _column(cell: ElementTree.Element) -> str:
    return re.sub(r"\d", "", cell.get("r", ""))


def _text(cell: ElementTree.Element, shared: list[str]) -> str:
    if cell.get("t") == "inlineStr":
        return "".join(text.text or "" for text in cell.iter(f"{_NS}t"))
    value = cell.findtext(f"{_NS}v") or ""
    if cell.get("t") == "s":
        return shared[int(value)]
    if cell.get("t") in {"str", "b", "e"} or not value:
        return value
    amount = float(value)
    return str(int(amount)) if amount.is_integer() else value
