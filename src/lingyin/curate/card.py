"""The corpus card: one self-contained page with what a corpus holds, of whom, under which licence, and how it looks."""

from __future__ import annotations

import base64
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from numpy.typing import NDArray

from lingyin.core.paths import packaged
from lingyin.core.tree import load_tree
from lingyin.curate.counts import Counts, Row
from lingyin.curate.registry import load_registry
from lingyin.curate.splits import SPLITS
from lingyin.curate.ustar import members

CELL = 104  # pixels a side of one picture of a contact sheet
_QUALITY = 70  # of the sheet's JPEG


def card_of(shards: Path, catalogue: pa.Table, head: dict[str, Any]) -> str:
    """The page as HTML; it reaches for nothing outside itself. `shards` is the folder that holds the pictures."""
    with Counts(catalogue) as counts:
        return _template().render(
            head=head,
            splits=SPLITS,
            kept=head["status"]["kept"],
            groups=counts.groups(),
            size=sum(shard["bytes"] for shard in head["shards"]),
            sources=[_titled(source) for source in counts.sources()],
            licences=_shares(counts.values("licence")),
            devices=_shares(counts.values("device")),
            quality=counts.spread("quality"),
            sides=counts.spread("greatest(width, height)"),
            copies=counts.copies(),
            nodes=list(_nodes(counts, shards)),
        )


@functools.cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(packaged("lingyin.curate", "templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("card.html.j2")


def _titled(source: Row) -> Row:
    entry = load_registry().get(source["data_set"] or "")
    return {**source, "title": entry.title if entry else ""}


def _shares(counted: Sequence[tuple[str, int]]) -> list[tuple[str, int, float]]:
    """Value, count and share of the largest count."""
    return [(value, count, count / counted[0][1]) for value, count in counted]


def _nodes(counts: Counts, shards: Path) -> Iterator[Row]:
    """Each node of the tree that some picture affirms or outlines, with its counts and a contact sheet."""
    told, examples = counts.nodes(), counts.examples()
    for code, node in load_tree().items():
        if code not in told:
            continue
        shown = examples.get(code, [])
        yield {
            **told[code],
            "code": code,
            "name": node.name["en"],
            "name_zh": node.name["zh-Hans"],
            "kind": node.kind.value,
            "depth": len(load_tree().path(code)) - 1,
            "sheet": _sheet([_picture(shards, row) for row in shown]) if shown else "",
            "across": len(shown) * CELL,
        }


def _picture(shards: Path, row: Row) -> NDArray[np.uint8]:
    """The stored picture `(H, W, 3)` BGR of a row."""
    path = shards / row["shard"]
    with path.open("rb") as file:
        file.seek(row["offset"])
        files = dict(members(file.read(row["bytes"]), str(path)))
    data = next(content for name, content in files.items() if name.partition(".")[2] in {"jpg", "png"})
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def _sheet(pictures: Sequence[NDArray[np.uint8]]) -> str:
    """The pictures side by side, each fitted into a square, as base64 of a JPEG."""
    sheet = np.zeros((CELL, CELL * len(pictures), 3), np.uint8)
    for place, picture in enumerate(pictures):
        scale = (CELL - 4) / max(picture.shape[:2])
        width, height = (max(1, round(side * scale)) for side in (picture.shape[1], picture.shape[0]))
        top, left = (CELL - height) // 2, place * CELL + (CELL - width) // 2
        small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        sheet[top : top + height, left : left + width] = small
    _, content = cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return base64.b64encode(bytes(content)).decode()
