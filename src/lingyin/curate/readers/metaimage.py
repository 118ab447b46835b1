"""MetaImage (.mha) volumes: the text header and the array behind it, plain or zlib-packed (ITK MetaIO format)."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lingyin.core.errors import UnreadableError

_TYPES = {
    "MET_UCHAR": "u1",
    "MET_CHAR": "i1",
    "MET_USHORT": "u2",
    "MET_SHORT": "i2",
    "MET_UINT": "u4",
    "MET_INT": "i4",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
_LAST = b"ElementDataFile"
_HEADER_BYTES = 1 << 16
_MOST_VALUES = 1 << 28


def read_metaimage(path: Path) -> tuple[NDArray[Any], tuple[float, ...]]:
    """The array with the slowest axis first, e.g. `(planes, rows, columns[, channels])`, and the spacing as written
    (fastest axis first).

    Raises UnreadableError for a damaged file, or one whose array lies in another file.
    """
    try:
        return _read(path.read_bytes())
    except (OSError, KeyError, ValueError, zlib.error) as error:
        raise UnreadableError(path, f"cannot be read as MetaImage ({error})", "take the published file") from error


def _read(content: bytes) -> tuple[NDArray[Any], tuple[float, ...]]:
    begin = content.find(_LAST, 0, _HEADER_BYTES)
    end = content.find(b"\n", begin)
    if begin < 0 or end < 0:
        raise ValueError("no header")
    lines = content[:end].decode("ascii").splitlines()
    header = {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in lines)}
    if header["ElementDataFile"] != "LOCAL":
        raise ValueError("the array lies in another file")
    order = ">" if header.get("BinaryDataByteOrderMSB", "False") == "True" else "<"
    kind = np.dtype(order + _TYPES[header["ElementType"]])
    shape = [int(size) for size in header["DimSize"].split()][::-1]
    channels = int(header.get("ElementNumberOfChannels", "1"))
    if channels > 1:
        shape.append(channels)
    if not 0 < np.prod(shape, dtype=np.float64) <= _MOST_VALUES:
        raise ValueError(f"implausible size {header['DimSize']}")
    packed = content[end + 1 :]
    needed = int(np.prod(shape)) * kind.itemsize
    raw = zlib.decompressobj().decompress(packed, needed) if header.get("CompressedData") == "True" else packed[:needed]
    if len(raw) < needed:
        raise ValueError("the array is cut short")
    spacing = tuple(float(size) for size in header.get("ElementSpacing", "").split())
    return np.frombuffer(raw, kind).reshape(shape), spacing
