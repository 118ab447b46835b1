"""What a file is, told by its first bytes and never by its name. In: a head of bytes; out: a `Kind` and its format."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

HEAD = 4096

# Names under which scans travel. A file so named that is none of them is reported; any other stray file is passed over.
SCAN_SUFFIXES = frozenset(
    {".dcm", ".dicom", ".ima"}
    | {".mp4", ".m4v", ".mov", ".avi", ".mpeg", ".mpg", ".gif", ".webm", ".mkv", ".wmv", ".asf", ".flv", ".ts"}
    | {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".jp2"}
    | {".zip", ".tar", ".tgz", ".tbz2", ".txz", ".gz", ".bz2", ".xz"}
)


class Kind(StrEnum):
    DICOM = "dicom"
    VIDEO = "video"
    PICTURE = "picture"
    ARCHIVE = "archive"
    EMPTY = "empty"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Content:
    """Kind of a file and its format: the demuxer of a video (libavformat's name), `zip` or `tar` of an archive."""

    kind: Kind
    format: str = ""


def sniff(path: Path) -> Content:
    """Reads the head of a file and says what it is. Raises OSError when the file cannot be opened."""
    with path.open("rb") as file:
        return sniff_head(file.read(HEAD))


def sniff_head(head: bytes) -> Content:
    """What the first `HEAD` bytes of a file say it is."""
    if not head:
        return Content(Kind.EMPTY)
    if head[128:132] == b"DICM" or _bare_dicom(head):
        return Content(Kind.DICOM)
    if (archive := _archive(head)) is not None:
        return Content(Kind.ARCHIVE, archive)
    if _picture(head):
        return Content(Kind.PICTURE)
    if (video := _video(head)) is not None:
        return Content(Kind.VIDEO, video)
    return Content(Kind.UNKNOWN)


def _archive(head: bytes) -> str | None:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if head[257:262] == b"ustar" or head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")):
        return "tar"
    return None


def _picture(head: bytes) -> bool:
    if head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")):
        return True
    if head.startswith((b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51")):
        return True
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return True
    if head[4:8] == b"ftyp" and head[8:12] in (b"avif", b"avis"):
        return True
    return head[:2] == b"BM" and head[6:10] == bytes(4)


def _video(head: bytes) -> str | None:
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"):
        return "mov"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head.startswith(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"):
        return "asf"
    if head.startswith(b"FLV\x01"):
        return "flv"
    if head.startswith(b"\x00\x00\x01\xba"):
        return "mpeg"
    if head.startswith(b"\x00\x00\x01\xb3"):
        return "mpegvideo"
    if len(head) > 376 and head[0] == head[188] == head[376] == 0x47:
        return "mpegts"
    return None


def _bare_dicom(head: bytes) -> bool:
    """DICOM without the 128-byte preamble: the first element must belong to group 2 or 8 and look like one."""
    if len(head) < 16:
        return False
    for order in "<>":
        group, element, length = struct.unpack(f"{order}HHI", head[:8])
        if group not in (2, 8) or element > 0x0100:
            continue
        if head[4:6] in (b"UI", b"UL", b"CS", b"SH", b"LO", b"DA", b"TM", b"ST", b"OB"):
            return True
        # implicit VR: (gggg,0000) holds a group length of 4 bytes, the others a short even text
        if length == 4 if element == 0 else 0 < length <= 256 and length % 2 == 0:
            return True
    return False
