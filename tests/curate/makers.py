"""Drawn pictures, clips and volumes in the file formats of published sets, written without their usual libraries."""

from __future__ import annotations

import gzip
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

HEIGHT, WIDTH = 40, 56
LEFT, TOP, RIGHT, BOTTOM = 10, 8, 29, 27  # the drawn lesion, inclusive
AREA = (RIGHT - LEFT + 1) * (BOTTOM - TOP + 1)


def grey(seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(30, 200, (HEIGHT, WIDTH)).astype(np.uint8)


def block(value: int = 255) -> NDArray[np.uint8]:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[TOP : BOTTOM + 1, LEFT : RIGHT + 1] = value
    return mask


def corners() -> list[list[int]]:
    return [[LEFT, TOP], [RIGHT, TOP], [RIGHT, BOTTOM], [LEFT, BOTTOM]]


def picture(path: Path, array: NDArray[np.uint8] | None = None, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(grey() if array is None else array).save(path, **options)
    return path


def text(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def movie(path: Path, count: int = 4, side: int = 112) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(
        str(path), cv2.VideoWriter.fourcc(*("MJPG" if path.suffix == ".avi" else "mp4v")), 25, (side, side)
    )
    for index in range(count):
        writer.write(np.full((side, side, 3), 40 + 20 * index, np.uint8))
    writer.release()
    return path


def nifti(path: Path, array: NDArray[Any], voxel: tuple[float, ...] = (0.3, 0.15)) -> Path:
    """Writes `(columns, rows[, frames])` as a single-file NIfTI-1, packed where the name ends in .gz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header = bytearray(352)
    codes = {"uint8": 2, "int16": 4, "float32": 16}
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, array.ndim, *array.shape, *([1] * (7 - array.ndim)))
    struct.pack_into("<2h", header, 70, codes[array.dtype.name], array.dtype.itemsize * 8)
    struct.pack_into("<8f", header, 76, 1.0, *voxel, *([1.0] * (7 - len(voxel))))
    struct.pack_into("<3f", header, 108, 352.0, 1.0, 0.0)
    header[123] = 2  # mm
    header[344:348] = b"n+1\0"
    content = bytes(header) + array.tobytes(order="F")
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def metaimage(path: Path, array: NDArray[np.uint8], packed: bool = True) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    sizes = " ".join(str(size) for size in reversed(array.shape))
    raw = array.tobytes()
    head = [
        "ObjectType = Image",
        f"NDims = {array.ndim}",
        "BinaryDataByteOrderMSB = False",
        f"CompressedData = {packed}",
        "ElementSpacing = " + " ".join(["1"] * array.ndim),
        f"DimSize = {sizes}",
        "ElementType = MET_UCHAR",
        "ElementDataFile = LOCAL",
    ]
    path.write_bytes("\n".join(head).encode() + b"\n" + (zlib.compress(raw) if packed else raw))
    return path


def workbook(path: Path, rows: list[list[str | float]]) -> Path:
    """The least workbook that spreadsheet programs read: shared strings and one sheet."""
    words: list[str] = []

    def cell(column: int, row: int, value: str | float) -> str:
        place = f"{chr(65 + column)}{row}"
        if isinstance(value, str):
            words.append(value)
            return f'<c r="{place}" t="s"><v>{len(words) - 1}</v></c>'
        return f'<c r="{place}"><v>{value}</v></c>'

    ns = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    body = "".join(
        f'<row r="{r}">' + "".join(cell(c, r, value) for c, value in enumerate(row) if value != "") + "</row>"
        for r, row in enumerate(rows, 1)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("xl/worksheets/sheet1.xml", f"<worksheet {ns}><sheetData>{body}</sheetData></worksheet>")
        book.writestr("xl/sharedStrings.xml", f"<sst {ns}>" + "".join(f"<si><t>{w}</t></si>" for w in words) + "</sst>")
    return path
