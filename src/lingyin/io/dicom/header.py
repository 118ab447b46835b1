"""The header of a DICOM file, read up to its pixels: data set, transfer syntax, and where the pixel bytes begin."""

from __future__ import annotations

import os
import struct
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.filereader import read_file_meta_info
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from lingyin.core.errors import NoFramesError, UnreadableError

LARGE_ELEMENT = 1 << 20  # bytes; vendors' private dumps stay on disk until asked for
MAX_INFLATED = 8 << 30  # bytes
UNDEFINED = 0xFFFFFFFF
PIXEL_DATA = (0x7FE0, 0x0010)
FLOAT_PIXEL_DATA = ((0x7FE0, 0x0008), (0x7FE0, 0x0009))
EXPORT_AGAIN = "export or copy the file again"


@dataclass(frozen=True)
class Header:
    """A data set without its pixels, and the place of the Pixel Data value in `path` (bytes from the start).

    `path` differs from the file the person named where that one is deflated: then it is an inflated temporary copy,
    and `temporary` is true. `length` is None for encapsulated (compressed) pixels.
    """

    dataset: Dataset
    path: Path
    temporary: bool
    transfer_syntax: UID  # as stored; deflated files keep theirs here
    layout: UID  # transfer syntax of the bytes at `path`
    offset: int
    length: int | None
    vr: str


def read_header(path: Path, name: str) -> Header:
    """Reads everything before the pixels. `name` is what errors call the file.

    Raises:
        NoFramesError: a valid data set without Pixel Data.
        UnreadableError: float pixels, or damage that is seen here. Other exceptions of the parser pass through.
    """
    meta = _meta(path)
    stored = UID(str(meta.get("TransferSyntaxUID", "")))
    bytes_at, temporary = path, False
    if stored == DeflatedExplicitVRLittleEndian:
        bytes_at, temporary = _inflate(path, meta, name), True
    try:
        return _read(bytes_at, temporary, stored, name)
    except BaseException:
        if temporary:
            bytes_at.unlink(missing_ok=True)
        raise


def _read(path: Path, temporary: bool, stored: UID, name: str) -> Header:
    with path.open("rb") as file:
        dataset = dcmread(file, stop_before_pixels=True, force=True, defer_size=LARGE_ELEMENT)
        implicit, little = dataset.original_encoding
        layout = stored
        if temporary:
            layout = ExplicitVRLittleEndian
        elif not stored:
            layout = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        place = _pixel_element(file, bool(implicit), bool(little))
    if place is None:
        if "Rows" in dataset and "BitsAllocated" in dataset:
            raise NoFramesError(name, "the DICOM file ends before its pixel data", EXPORT_AGAIN)
        raise NoFramesError(
            name, "the DICOM file holds no image (no pixel data)", "give the file that holds the images"
        )
    tag, vr, offset, length = place
    if tag in FLOAT_PIXEL_DATA:
        raise UnreadableError(
            name, "its pixels are floating point numbers, not an ultrasound image", "give the original image"
        )
    return Header(dataset, path, temporary, stored or layout, layout, offset, length, vr)


def _meta(path: Path) -> FileMetaDataset:
    """Group 0002, empty for a data set that has none."""
    with path.open("rb") as file:
        has_preamble = file.read(132)[128:] == b"DICM"
    return read_file_meta_info(path) if has_preamble else FileMetaDataset()


def _pixel_element(file: BinaryIO, implicit: bool, little: bool) -> tuple[tuple[int, int], str, int, int | None] | None:
    """Tag, VR, value offset and length (None = undefined) of the pixel element that begins at the file's position."""
    order = "<" if little else ">"
    head = file.read(8)
    if len(head) < 8:
        return None
    group, element, length = struct.unpack(f"{order}HHI", head)
    tag = (group, element)
    if tag != PIXEL_DATA and tag not in FLOAT_PIXEL_DATA:
        return None
    vr = "OW"
    if not implicit:
        vr = head[4:6].decode("ascii", "replace")
        (length,) = struct.unpack(f"{order}I", file.read(4))
    return tag, vr, file.tell(), None if length == UNDEFINED else length


def _inflate(path: Path, meta: FileMetaDataset, name: str) -> Path:
    """The data set of a deflated file (PS3.5 A.5), inflated piece by piece into a temporary file."""
    start = 132 + 12 + int(meta.FileMetaInformationGroupLength)
    handle, made = tempfile.mkstemp(prefix="lingyin-", suffix=".dcm")
    target = Path(made)
    try:
        with path.open("rb") as source, os.fdopen(handle, "wb") as out:
            source.seek(start)
            inflater = zlib.decompressobj(-zlib.MAX_WBITS)
            while not inflater.eof and (piece := inflater.unconsumed_tail or source.read(1 << 16)):
                out.write(inflater.decompress(piece, 1 << 20))
                if out.tell() > MAX_INFLATED:
                    raise UnreadableError(name, "unpacks to more than 8 GB", "give an uncompressed copy")
            if not inflater.eof:
                raise UnreadableError(name, "the deflated data end too early", EXPORT_AGAIN)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return target
