"""NIfTI-1 volumes (.nii, .nii.gz): the 348-byte header and the array behind it (nifti.nimh.nih.gov, nifti1.h)."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lingyin.core.errors import UnreadableError

_HEADER_BYTES = 348
_TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4"}
_UNITS_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}  # unknown is taken as mm, as the published sets do
_MOST_VALUES = 1 << 28
_DAMAGE = (OSError, EOFError, ValueError, KeyError, IndexError, struct.error, zlib.error)


class _Header(NamedTuple):
    kind: np.dtype[Any]
    shape: tuple[int, ...]
    voxel_mm: tuple[float, ...]
    offset: int
    slope: float
    intercept: float


def read_nifti(path: Path) -> NDArray[Any]:
    """The array as stored, first axis fastest, e.g. `(columns, rows[, frames])`, scaled as the header says.

    Raises UnreadableError for a damaged or cut file, or another format.
    """
    try:
        content = _content(path, _HEADER_BYTES + 4 + _MOST_VALUES)
        head = _header(content)
        count = int(np.prod(head.shape, dtype=np.int64))
        values: NDArray[Any] = np.frombuffer(content, head.kind, count, head.offset).reshape(head.shape, order="F")
    except _DAMAGE as error:
        raise _unreadable(path, error) from error
    if head.slope not in (0.0, 1.0) or head.intercept != 0.0:
        values = values * (head.slope or 1.0) + head.intercept
    return values


def read_nifti_size(path: Path) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Shape of the array and size of a voxel along each axis in mm, from the header alone. Raises UnreadableError."""
    try:
        head = _header(_content(path, _HEADER_BYTES))
    except _DAMAGE as error:
        raise _unreadable(path, error) from error
    return head.shape, head.voxel_mm


def _content(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not packed:
            return file.read(most)
        with gzip.open(file) as unpacked:
            return unpacked.read(most)


def _header(content: bytes) -> _Header:
    order = next((o for o in "<>" if struct.unpack_from(o + "i", content, 0)[0] == _HEADER_BYTES), None)
    if order is None or content[344:347] != b"n+1":
        raise ValueError("no header of a single-file volume")
    axes, *sizes = struct.unpack_from(order + "8h", content, 40)
    shape = tuple(sizes[:axes])
    if not 1 <= axes <= 7 or min(shape) < 1 or np.prod(shape, dtype=np.float64) > _MOST_VALUES:
        raise ValueError(f"implausible size {shape}")
    kind = np.dtype(order + _TYPES[struct.unpack_from(order + "h", content, 70)[0]])
    voxel = struct.unpack_from(order + "8f", content, 76)[1 : axes + 1]
    offset, slope, intercept = struct.unpack_from(order + "3f", content, 108)
    unit = _UNITS_MM.get(content[123] & 7, 1.0)
    return _Header(kind, shape, tuple(abs(size) * unit for size in voxel), int(offset), slope, intercept)


def _unreadable(path: Path, error: Exception) -> UnreadableError:
    return UnreadableError(path, f"cannot be read as NIfTI-1 ({error})", "take the published file")
