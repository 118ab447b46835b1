"""`outlines.json.gz`: the outlines of every frame that was read, so that a report can be made anew without the scan."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path

from lingyin.core.errors import InputError
from lingyin.core.study import Point

OUTLINES = "outlines.json.gz"
DIGITS = 2  # hundredths of a pixel, as the engine gives them
Outlines = Mapping[int, Mapping[str, list[list[Point]]]]


def outlines_file(outlines: Outlines) -> bytes:
    """The outlines as compressed JSON (frame -> structure -> closed polygons), the same bytes for the same outlines."""
    content = {
        str(frame): {
            structure: [[[round(x, DIGITS), round(y, DIGITS)] for x, y in polygon] for polygon in polygons]
            for structure, polygons in structures.items()
        }
        for frame, structures in outlines.items()
    }
    return gzip.compress(json.dumps(content, separators=(",", ":")).encode(), mtime=0)


def read_outlines(folder: Path) -> dict[int, dict[str, list[list[Point]]]]:
    """The outlines of a report folder; none where it was written without them.

    Raises:
        InputError: the file is damaged.
    """
    path = folder / OUTLINES
    if not path.is_file():
        return {}
    try:
        content = json.loads(gzip.decompress(path.read_bytes()))
        return {
            int(frame): {
                structure: [[(float(x), float(y)) for x, y in polygon] for polygon in polygons]
                for structure, polygons in structures.items()
            }
            for frame, structures in content.items()
        }
    except (OSError, EOFError, ValueError, TypeError, AttributeError) as error:
        raise InputError(path, "is damaged", "analyse the scan again") from error
