"""The DICOM JSON model (PS3.18 annex F): headers of files as JSON, and which attributes belong to which level."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any

from pydicom import Dataset, dcmread
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

from lingyin.core.paths import packaged
from lingyin.core.tree import read_toml
from lingyin.io.guard import quiet

Json = dict[str, Any]
LARGEST_INLINE = 1024  # bytes of a binary value; larger ones stay in the file
LARGE_ELEMENT = 1 << 16  # read from the disk only where it is looked at
TAG = re.compile(r"[0-9A-Fa-f]{8}")


class Level(IntEnum):
    """What a search lists."""

    STUDY = 0
    SERIES = 1
    INSTANCE = 2


@cache
def level_of() -> dict[str, Level]:
    """Tag (eight hexadecimal digits) of each attribute that the index keeps -> the level it belongs to."""
    table: Any = read_toml(packaged("lingyin.serve.dicomweb", "levels.toml"))
    return {tag_of(keyword): level for level in Level for keyword in table[level.name.lower()]}


def tag_of(name: str) -> str:
    """The tag of a keyword (`PatientID`) or tag (`00100020`) as the model writes it.

    Raises:
        KeyError: neither.
    """
    tag = tag_for_keyword(name) if name else None  # the dictionary has nameless entries
    if tag is None:
        if TAG.fullmatch(name) is None or not keyword_for_tag(int(name, 16)):
            raise KeyError(name)
        tag = int(name, 16)
    return f"{tag:08X}"


def kept(header: Dataset) -> Json:
    """Of a header, what the index keeps."""
    wanted = Dataset()
    for tag in level_of():
        if int(tag, 16) in header:
            wanted[int(tag, 16)] = header[int(tag, 16)]
    if "SpecificCharacterSet" in header:
        wanted.SpecificCharacterSet = header.SpecificCharacterSet
    found = as_json(wanted)
    found.pop("00080005", None)
    return found


def read_header(path: Path, tags: list[str] | None = None) -> Dataset:
    """A file's header without its pixels.

    Raises:
        OSError: the file cannot be read.
        Exception: whatever a damaged file brings up in the parser.
    """
    with quiet():
        return dcmread(path, stop_before_pixels=True, specific_tags=tags, force=True, defer_size=LARGE_ELEMENT)


def as_json(dataset: Dataset) -> Json:
    """A data set in the JSON model: texts in UTF-8; values that cannot be read and large binary ones are left out.

    Element by element, because pydicom logs what it leaves out, and its words may quote the patient.
    """
    found: Json = {}
    with quiet():
        for tag in list(dataset.keys()):
            with suppress(Exception):  # whatever a damaged value brings up in the parser
                element = dataset[tag]
                found[f"{tag:08X}"] = element.to_json_dict(lambda _: "", LARGEST_INLINE)
    if "00080005" in found:
        found["00080005"] = {"vr": "CS", "Value": ["ISO_IR 192"]}  # PS3.18 F.2.2: the JSON is in UTF-8
    return _proper(found)


def text_element(name: str, *values: Any) -> Json:
    """One element of the model that is not in the file; without values an empty one."""
    element: Json = {"vr": dictionary_VR(int(tag_of(name), 16))}
    return {tag_of(name): element | ({"Value": list(values)} if values else {})}


def _proper(found: Json) -> Json:
    """Without the elements that were too large, and with numbers that JSON knows (PS3.18 F.2.3)."""
    return {
        tag: {"vr": element["vr"], "Value": [_number(each) for each in element["Value"]]}
        if "Value" in element
        else element
        for tag, element in found.items()
        if "BulkDataURI" not in element
    }


def _number(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict) and any(isinstance(inner, dict) for inner in value.values()):
        return _proper(value)  # an item of a sequence
    return value
