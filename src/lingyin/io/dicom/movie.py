"""DICOM whose pixel data are one MPEG-2, H.264 or H.265 stream (PS3.5 8.2.5 to 8.2.8): unwrapped for libav."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from lingyin.core.errors import UnreadableError
from lingyin.io.dicom.fragments import index_frames
from lingyin.io.dicom.header import EXPORT_AGAIN, Header
from lingyin.io.sniff import HEAD, Kind, sniff_head

STREAMS = {  # transfer syntax without its "fragmentable" suffix .1 -> demuxer of a bare stream
    "1.2.840.10008.1.2.4.100": "mpegvideo",
    "1.2.840.10008.1.2.4.101": "mpegvideo",
    **{f"1.2.840.10008.1.2.4.{number}": "h264" for number in range(102, 107)},
    "1.2.840.10008.1.2.4.107": "hevc",
    "1.2.840.10008.1.2.4.108": "hevc",
}
PIECE = 1 << 20  # bytes


def is_movie(header: Header) -> bool:
    """Whether the transfer syntax is a video codec."""
    return _stream(header) is not None


def unwrap_movie(header: Header, name: str) -> tuple[Path, str]:
    """Copies the video stream to a temporary file; returns it with the demuxer that reads it.

    Raises:
        UnreadableError: cut short, or not encapsulated.
    """
    if header.length is not None:
        raise UnreadableError(name, "says that it is compressed, but its pixel data are not", EXPORT_AGAIN)
    (fragments,) = index_frames(header.path, header.offset, header.dataset, 1, name)
    handle, made = tempfile.mkstemp(prefix="lingyin-", suffix=".mpg")
    with header.path.open("rb") as source, os.fdopen(handle, "wb") as out:
        for fragment in fragments:
            source.seek(fragment.offset)
            left = fragment.length
            while left and (piece := source.read(min(left, PIECE))):
                out.write(piece)
                left -= len(piece)
    with Path(made).open("rb") as file:
        content = sniff_head(file.read(HEAD))
    # the stream may lie bare or in a program or transport stream or MP4
    return Path(made), content.format if content.kind is Kind.VIDEO else _stream(header) or ""


def _stream(header: Header) -> str | None:
    return STREAMS.get(str(header.layout).removesuffix(".1")) or STREAMS.get(str(header.layout))
