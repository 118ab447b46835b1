"""Rebuilds the benchmark's sets from a user's own downloads: pictures by content, labels from the packaged tables,
outlines through the readers of the published layouts. Says what is missing."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.bench.originals import Found, Original, find_files, items_of, load_originals
from lingyin.bench.splits import SplitTable, read_split, set_names
from lingyin.core.clip import Frame, Mask
from lingyin.core.errors import InputError, OutputError
from lingyin.core.files import write_file
from lingyin.core.labels import dataset_labels
from lingyin.curate.readers import Item
from lingyin.io.open import open_file
from lingyin.runtime.prepare import to_grey

LOSSLESS = 101  # OpenCV's word for WebP without loss
README = """# Sets of the Lingyin benchmark

Made by `lingyin bench prepare` from published originals; the licences of the originals hold (`card.json` of each set).
Use them with `LINGYIN_DATA=<this folder> lingyin bench -o OUT`.
"""


@dataclass(frozen=True)
class Prepared:
    """What became of one set: pictures rebuilt of all, outlines rebuilt of those that the table knows, and problems."""

    name: str
    pictures: int
    of_pictures: int
    outlines: int
    of_outlines: int
    original: Original
    missing: tuple[str, ...]  # ids without an original
    problems: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        return self.pictures == self.of_pictures and self.outlines == self.of_outlines


def prepare(
    folders: Sequence[Path], out: Path, only: Sequence[str] = (), say: Callable[[str], None] = lambda _: None
) -> tuple[list[Prepared], Found]:
    """Rebuilds every set of which an original is found (or those of `only`) under `out`.

    Raises:
        InputError: a folder is not there.
        UsageError: `only` names no set of the benchmark.
        OutputError: `out` cannot be written.
    """
    say("looking for originals")
    tables = [read_split(name) for name in (only or set_names())]
    found = find_files(folders)
    done = []
    for table in tables:
        say(f"{table.name}")
        done.append(_rebuild(table, found, out))
    if any(each.pictures for each in done):
        write_file(out / "README.md", README.encode())
    return done, found


def _rebuild(table: SplitTable, found: Found, out: Path) -> Prepared:
    original = load_originals()[table.name]
    paths = {row["id"]: path for row in table.rows if (path := found.by_md5.get(row["source_md5"])) is not None}
    items = items_of(original.reader, paths.values()) if original.reader and table.masks else {}
    folder, rows, problems, outlines = out / table.name, [], [], 0
    for row in table.rows:
        if row["id"] not in paths:
            continue
        path = paths[row["id"]]
        try:
            rebuilt, drawn = _picture(folder, table, row, path, items.get(path.resolve()))
        except OutputError:
            raise
        except InputError as error:
            problems.append(str(error))
            continue
        rows.append(rebuilt)
        outlines += drawn
    if rows:
        write_file(folder / "labels.csv", _csv(rows))
        card = {"source": original.source, "copy": original.copy_of, "licence": original.licence}
        write_file(folder / "card.json", (json.dumps(card, indent=1, ensure_ascii=False) + "\n").encode())
    return Prepared(
        table.name,
        len(rows),
        len(table.rows),
        outlines,
        sum(bool(row[column]) for row in table.rows for column in table.masks),
        original,
        tuple(row["id"] for row in table.rows if row["id"] not in paths),
        tuple(problems),
    )


def _picture(
    folder: Path, table: SplitTable, row: Mapping[str, str], path: Path, item: Item | None
) -> tuple[dict[str, str], int]:
    """Writes one picture and its outlines; its row of `labels.csv`, and how many outlines there are."""
    frame: Frame = open_file(path).frames[0]
    size = (int(row["width"]), int(row["height"]))
    grey = cv2.resize(to_grey(frame), size, interpolation=cv2.INTER_AREA)
    write_file(folder / "images" / f"{row['id']}.webp", _encoded(".webp", np.asarray(grey, np.uint8)))
    cells = {key: value for key, value in row.items() if key not in table.masks}
    after = {"source_width": str(frame.shape[1]), "source_height": str(frame.shape[0])}
    outlines = 0
    masks: dict[str, str] = {}
    for column in table.masks:
        masks[column] = ""
        structure = dataset_labels()[table.name].structures[column]
        if row[column] and item is not None and structure in item.masks:
            name = f"masks_{column.removeprefix('mask_')}/{row['id']}.png"
            write_file(folder / name, _encoded(".png", _shrunk(item.masks[structure][0](), size)))
            masks[column] = name
            outlines += 1
    return {**cells, **after, **masks}, outlines


def _shrunk(mask: Mask, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A mask at another size: inside where half of a pixel's area is."""
    whole = cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA)
    return np.where(whole > 127, np.uint8(255), np.uint8(0))


def _encoded(suffix: str, picture: NDArray[np.uint8]) -> bytes:
    good, data = cv2.imencode(suffix, picture, [cv2.IMWRITE_WEBP_QUALITY, LOSSLESS] if suffix == ".webp" else [])
    assert good, "OpenCV encodes grey pictures of any size"
    return bytes(data)


def _csv(rows: Sequence[Mapping[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
