"""In which transfer syntax an object leaves: as it is stored, or unpacked to Explicit VR Little Endian when asked."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from lingyin.io.guard import quiet
from lingyin.serve.dicomweb.index import Held
from lingyin.serve.dicomweb.multipart import DICOM, media_ranges
from lingyin.serve.syntaxes import COMPRESSED

PLAIN = str(ExplicitVRLittleEndian)  # what is meant where no syntax is named (PS3.18 8.7.3.5.2)
LARGEST_UNPACKED = 1 << 30  # bytes of pixels
PACKED = frozenset(map(str, COMPRESSED))
REWRITTEN = frozenset({str(ImplicitVRLittleEndian), str(DeflatedExplicitVRLittleEndian)})
SIZES = ["Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "BitsAllocated"]
_unpacking = threading.Lock()  # one at a time: an unpacked cine takes hundreds of megabytes


@dataclass(frozen=True)
class Form:
    """How an answer may look: one file alone, or parts; in this transfer syntax (`*`: any)."""

    alone: bool
    syntax: str


def forms(accept: str) -> list[Form]:
    """The forms that an Accept header allows, in its order."""
    found = []
    for kind, options in media_ranges(accept):
        syntax = options.get("transfer-syntax", PLAIN)
        if kind in {"multipart/related", "multipart/*", "*/*"} and options.get("type", DICOM) in {DICOM, "*/*"}:
            found.append(Form(False, syntax))
        elif kind in {DICOM, "application/*"}:
            found.append(Form(True, syntax))
    return found


def chosen(held: Sequence[Held], allowed: Sequence[Form]) -> Form | None:
    """The first form in which all these objects can leave; None where there is none."""
    for form in allowed:
        if form.alone and len(held) != 1:
            continue
        if all(form.syntax in {"*", each.syntax} or (form.syntax == PLAIN and _opens(each)) for each in held):
            return form
    return None


def files(held: Sequence[Held], form: Form, temporary: Path) -> Iterator[tuple[str, Path]]:
    """Each object's transfer syntax and file; an unpacked one goes when the next is asked for.

    Raises:
        OSError, ValueError: a file is gone, or damaged so that it cannot be unpacked.
    """
    for each in held:
        if form.syntax in {"*", each.syntax}:
            yield each.syntax, each.path
            continue
        with tempfile.TemporaryDirectory(dir=temporary) as made:
            path = Path(made) / "plain.dcm"
            unpack(each.path, path)
            yield PLAIN, path


def unpack(source: Path, target: Path) -> None:
    """Writes an object anew in Explicit VR Little Endian, its pixels as they are or, if compressed, as RGB or grey."""
    with _unpacking, quiet():
        dataset = dcmread(source)
        if str(dataset.file_meta.TransferSyntaxUID) in PACKED:
            dataset.decompress(generate_instance_uid=False)
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.save_as(target, enforce_file_format=True)


def _opens(held: Held) -> bool:
    if held.syntax in REWRITTEN:
        return True
    if held.syntax not in PACKED:
        return False
    with quiet():
        header = dcmread(held.path, stop_before_pixels=True, specific_tags=SIZES, force=True)
    return 0 < _bytes(header) <= LARGEST_UNPACKED


def _bytes(header: Dataset) -> int:
    size = 1
    for name in SIZES:
        try:
            size *= int(header.get(name) or 1)
        except (TypeError, ValueError):
            return 0
    return size // 8
