"""The corpus card: one self-contained page with what a corpus holds, of whom, under which licence, and how it looks."""

from __future__ import annotations

import base64
import functools
from collections import Counter
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
from lingyin.curate.registry import load_registry
from lingyin.curate.splits import SPLITS, drawn
from lingyin.curate.ustar import members

SHOWN = 8  # pictures of a contact sheet
CELL = 104  # pixels a side of one of them
_QUALITY = 70  # of the sheet's JPEG
Row = dict[str, Any]


def card_of(shards: Path, catalogue: pa.Table, head: dict[str, Any]) -> str:
    """The page as HTML; it reaches for nothing outside itself. `shards` is the folder that holds the pictures."""
    names = ["id", "source", "data_set", "status", "reason", "split", "given_split", "yes", "no", "masks", "device",
             "licence", "reuse", "quality", "width", "height", "subject", "group", "duplicate_group", "is_copy",
             "shard", "offset", "bytes"]  # fmt: skip
    rows = catalogue.select(names).to_pylist()
    kept = [row for row in rows if row["status"] == "kept"]
    return _template().render(
        head=head,
        splits=SPLITS,
        kept=len(kept),
        groups=len({row["group"] for row in kept}),
        size=sum(shard["bytes"] for shard in head["shards"]),
        sources=list(_sources(rows)),
        licences=_shares(kept, "licence"),
        devices=_shares(kept, "device"),
        quality=_spread([row["quality"] for row in kept]),
        sides=_spread([max(row["width"], row["height"]) for row in kept]),
        copies=_copies(kept),
        nodes=list(_nodes(kept, shards)),
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


def _sources(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    by_source: dict[str, list[Row]] = {}
    for row in rows:
        by_source.setdefault(row["source"], []).append(row)
    for name, some in by_source.items():
        entry = load_registry().get(some[0]["data_set"] or "")
        kept = [row for row in some if row["status"] == "kept"]
        yield {
            "name": name,
            "title": entry.title if entry else "",
            "licences": ", ".join(sorted({row["licence"] for row in some})),
            "reuse": ", ".join(sorted({row["reuse"] for row in some})),
            "rows": len(some),
            "kept": len(kept),
            "groups": len({row["group"] for row in kept}),
            "splits": [sum(row["split"] == split for row in kept) for split in SPLITS],
            "moved": sum(row["given_split"] not in {None, row["split"]} for row in kept),
            "reasons": sorted(Counter(row["reason"] for row in some if row["reason"]).items()),
        }


def _shares(rows: Sequence[Row], column: str) -> list[tuple[str, int, float]]:
    """Value, count and share of the largest count, the most frequent first."""
    counted = sorted(Counter(row[column] for row in rows).items(), key=lambda pair: (-pair[1], pair[0]))
    return [(value, count, count / counted[0][1]) for value, count in counted]


def _spread(values: Sequence[float]) -> list[float]:
    """Least, quartiles and largest."""
    return [float(value) for value in np.quantile(np.asarray(values, float), (0, 0.25, 0.5, 0.75, 1))]


def _copies(rows: Sequence[Row]) -> dict[str, Any]:
    groups: dict[int, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["duplicate_group"], []).append(row)
    several = [group for group in groups.values() if len(group) > 1]
    across = Counter(pair for group in several if len(pair := tuple(sorted({row["source"] for row in group}))) > 1)
    return {
        "groups": len(several),
        "copies": sum(bool(row["is_copy"]) for row in rows),
        "across": [(" + ".join(names), count) for names, count in across.most_common(20)],
    }


def _nodes(rows: Sequence[Row], shards: Path) -> Iterator[dict[str, Any]]:
    """Each node of the tree that some picture affirms or denies, with its counts and a contact sheet."""
    yes: dict[str, list[Row]] = {}
    no: Counter[str] = Counter()
    masks: Counter[str] = Counter()
    for row in rows:
        for code in row["yes"]:
            yes.setdefault(code, []).append(row)
        no.update(row["no"])
        masks.update(row["masks"])
    tree = load_tree()
    for code, node in tree.items():
        if code not in yes and code not in masks:
            continue
        some = yes.get(code, [])
        chosen = sorted(some, key=lambda row: (drawn(row["id"], 0), row["id"]))[:SHOWN]
        yield {
            "code": code,
            "name": node.name["en"],
            "name_zh": node.name["zh-Hans"],
            "kind": node.kind.value,
            "depth": len(tree.path(code)) - 1,
            "yes": len(some),
            "no": no[code],
            "masks": masks[code],
            "splits": [sum(row["split"] == split for row in some) for split in SPLITS],
            "sources": len({row["source"] for row in some}),
            "sheet": _sheet([_picture(shards, row) for row in chosen]) if chosen else "",
            "across": len(chosen) * CELL,
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
        sheet[top : top + height, left : left + width] = cv2.resize(
            picture, (width, height), interpolation=cv2.INTER_AREA
        )
    _, content = cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return base64.b64encode(bytes(content)).decode()
