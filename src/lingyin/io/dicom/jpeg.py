"""Colour JPEG frames (baseline, 8-bit extended) to RGB; the stream itself says whether it holds luma and chroma."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

from lingyin.core.clip import Frame

START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
APP0, APP14, START_OF_SCAN = 0xE0, 0xEE, 0xDA
ALONE = frozenset({0x01, *range(0xD0, 0xDA)})  # markers without a length


@dataclass(frozen=True, slots=True)
class Marks:
    """What a JPEG stream says of its colours. `adobe` is the transform of the Adobe marker, None without one."""

    components: tuple[int, ...]  # identifiers
    subsampled: bool
    jfif: bool
    adobe: int | None


def decode_colour(data: bytes, photometric: str, rows: int, columns: int) -> Frame:
    """`(rows, columns, 3)` RGB of one stream of three components. Raises ValueError or OSError on damage.

    DICOM's photometric interpretation is often left as it was before compression, so the stream decides where it can:
    a JFIF marker, the Adobe marker, identifiers "RGB", chroma of smaller size. Only without all of these does the
    photometric interpretation.
    """
    marks = read_marks(data)
    with Image.open(BytesIO(data), formats=("JPEG",)) as image:
        if image.size != (columns, rows):
            raise ValueError("the JPEG frame has another size than the header says")
        libjpeg_converts = marks.jfif or marks.adobe == 1 or (marks.adobe is None and not _has_rgb_names(marks))
        if libjpeg_converts and not holds_ybr(marks, photometric):
            image.draft("YCbCr", image.size)  # keeps the three components as they are
            return np.asarray(image)
        return np.asarray(image.convert("RGB"))


def holds_ybr(marks: Marks, photometric: str) -> bool:
    """Whether the components are luma and chroma rather than red, green and blue."""
    if marks.jfif:
        return True
    if marks.adobe is not None:
        return marks.adobe == 1
    if _has_rgb_names(marks):
        return False
    return marks.subsampled or photometric.startswith("YBR")


def read_marks(data: bytes) -> Marks:
    """Reads the markers up to the first scan (ITU-T T.81 B.1.1). Raises ValueError without a frame header."""
    at, jfif, adobe = 2, False, None
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise ValueError("no JPEG marker where one is due")
        marker = data[at + 1]
        if marker == 0xFF or marker in ALONE:
            at += 1 if marker == 0xFF else 2
            continue
        body = data[at + 4 : at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")]
        if marker == APP0 and body.startswith(b"JFIF"):
            jfif = True
        elif marker == APP14 and body.startswith(b"Adobe") and len(body) >= 12:
            adobe = body[11]
        elif marker in START_OF_FRAME:
            names, factors = tuple(body[6::3]), set(body[7::3])
            return Marks(names, len(factors) > 1, jfif, adobe)
        elif marker == START_OF_SCAN:
            break
        at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
    raise ValueError("no JPEG frame header")


def _has_rgb_names(marks: Marks) -> bool:
    return bytes(marks.components) in (b"RGB", b"rgb")
