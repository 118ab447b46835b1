"""Where each frame of encapsulated pixel data lies in the file (PS3.5 A.4): one pass over the item headers."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from pydicom import Dataset

from lingyin.core.errors import NoFramesError, UnreadableError

ITEM = (0xFFFE, 0xE000)
END = (0xFFFE, 0xE0DD)
EXPORT_AGAIN = "export or copy the file again"
JPEG_START = b"\xff\xd8"
J2K_START = b"\xff\x4f"


@dataclass(frozen=True, slots=True)
class Fragment:
    """Bytes `[offset, offset + length)` of the file; `position` is that of its item in the sequence after the table."""

    offset: int
    length: int
    position: int


Frames = list[list[Fragment]]  # the fragments of each frame


def index_frames(path: Path, offset: int, dataset: Dataset, count: int, name: str) -> Frames:
    """The fragments of `count` frames; `offset` is where the value of Pixel Data begins.

    Raises:
        UnreadableError: the sequence is cut short, or its fragments cannot be told apart into frames.
        NoFramesError: there is no fragment at all.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(offset)
        table = _basic_offset_table(file, size, name)
        fragments = _fragments(file, size, name)
        if not fragments:
            raise NoFramesError(name, "its pixel data hold no frame", EXPORT_AGAIN)
        starts = _extended_table(dataset) or table
        if count == 1:
            return [fragments]
        if starts and (frames := _by_offsets(fragments, starts)) is not None and len(frames) >= count:
            return frames[:count]
        if len(fragments) == count:
            return [[fragment] for fragment in fragments]
        frames = _by_markers(file, fragments)
    if len(frames) < count:
        raise UnreadableError(name, f"holds {len(frames)} of the {count} frames that it announces", EXPORT_AGAIN)
    return frames[:count]


def read_frame(path: Path, fragments: list[Fragment]) -> bytes:
    """The compressed bytes of one frame."""
    with path.open("rb") as file:
        pieces = []
        for fragment in fragments:
            file.seek(fragment.offset)
            pieces.append(file.read(fragment.length))
    return b"".join(pieces)


def _item_header(file: BinaryIO, size: int, name: str) -> tuple[tuple[int, int], int]:
    head = file.read(8)
    if len(head) < 8:
        raise UnreadableError(name, "is cut short: its pixel data do not end", EXPORT_AGAIN)
    group, element, length = struct.unpack("<HHI", head)
    if (group, element) == ITEM and file.tell() + length > size:
        raise UnreadableError(name, "is cut short within a frame", EXPORT_AGAIN)
    return (group, element), length


def _basic_offset_table(file: BinaryIO, size: int, name: str) -> list[int]:
    tag, length = _item_header(file, size, name)
    if tag != ITEM:
        raise UnreadableError(name, "its pixel data do not begin with an offset table", EXPORT_AGAIN)
    data = file.read(length)
    return list(struct.unpack(f"<{length // 4}I", data[: length // 4 * 4]))


def _fragments(file: BinaryIO, size: int, name: str) -> list[Fragment]:
    fragments: list[Fragment] = []
    first = file.tell()
    while True:
        at = file.tell()
        tag, length = _item_header(file, size, name)
        if tag == END:
            return fragments
        if tag != ITEM:
            raise UnreadableError(name, "its pixel data are damaged between two frames", EXPORT_AGAIN)
        fragments.append(Fragment(file.tell(), length, at - first))
        file.seek(length, 1)


def _extended_table(dataset: Dataset) -> list[int]:
    """Extended Offset Table (7FE0,0001): offsets of 64 bit, for sequences beyond 4 GB."""
    data = dataset.get("ExtendedOffsetTable") or b""
    return list(struct.unpack(f"<{len(data) // 8}Q", data[: len(data) // 8 * 8]))


def _by_offsets(fragments: list[Fragment], starts: list[int]) -> Frames | None:
    """Frames as the table says; None where the table does not point at items (a fault seen in the wild)."""
    positions = {fragment.position: index for index, fragment in enumerate(fragments)}
    if starts[0] != 0 or any(start not in positions for start in starts) or sorted(set(starts)) != starts:
        return None
    bounds = [positions[start] for start in starts] + [len(fragments)]
    return [fragments[first:last] for first, last in pairwise(bounds)]


def _by_markers(file: BinaryIO, fragments: list[Fragment]) -> Frames:
    """Frames begin where a fragment begins like a JPEG (Annex B) or JPEG 2000 stream; without such marks one each."""
    frames: Frames = []
    for fragment in fragments:
        file.seek(fragment.offset)
        head = file.read(2)
        if head in (JPEG_START, J2K_START) or not frames:
            frames.append([fragment])
        else:
            frames[-1].append(fragment)
    return frames
