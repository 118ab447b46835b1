"""A unit of work: some items of one source, decoded and prepared; two files, the second of which makes it whole."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lingyin.core.files import write_file
from lingyin.curate.items import rows_of_item
from lingyin.curate.readers import Item
from lingyin.curate.recognise import Origin, reader_named
from lingyin.curate.rows import UNIT_SCHEMA
from lingyin.curate.settings import Settings

ENGINE = 1  # raised whenever the same settings would give other bytes


@dataclass(frozen=True)
class Unit:
    """Items `start` to `stop` of a source. `mark` is that of the source's files; all of it is picklable."""

    origin: Origin
    mark: str
    start: int
    stop: int
    settings: Settings

    @property
    def key(self) -> str:
        """Name of its files: equal for equal work."""
        words = f"{ENGINE}\n{self.mark}\n{self.start}\n{self.stop}\n{self.settings.of_pictures()}"
        return f"{self.origin.name}-{self.start:08d}-{hashlib.sha256(words.encode()).hexdigest()[:16]}"

    def files(self, folder: Path) -> tuple[Path, Path]:
        """Pictures, and the rows that are written after them."""
        return folder / f"{self.key}.bin", folder / f"{self.key}.parquet"

    def is_done(self, folder: Path) -> bool:
        """Whether both files are there and fit each other."""
        pictures, rows = self.files(folder)
        if not (pictures.is_file() and rows.is_file()):
            return False
        try:
            told = pq.read_schema(rows).metadata[b"pictures"]
        except (pa.ArrowException, OSError, KeyError, TypeError):
            return False
        return int(told) == pictures.stat().st_size


def units_of(origin: Origin, mark: str, count: int, settings: Settings) -> list[Unit]:
    """The units that `count` items fall into."""
    size = settings.unit_items
    return [Unit(origin, mark, start, min(start + size, count), settings) for start in range(0, count, size)]


class Cursor:
    """Walks once through the items of the source that was asked for last, so that units in order cost one walk."""

    def __init__(self) -> None:
        self._origin: Origin | None = None
        self._items: Iterator[Item] = iter(())
        self._place = 0

    def take(self, unit: Unit) -> list[Item]:
        """The items of a unit."""
        if unit.origin != self._origin or unit.start < self._place:
            self._origin, self._place = unit.origin, 0
            self._items = reader_named(unit.origin.reader).open(unit.origin.folder)
        taken = list(itertools.islice(self._items, unit.start - self._place, unit.stop - self._place))
        self._place = unit.stop
        return taken


def make_unit(unit: Unit, cursor: Cursor) -> tuple[bytes, bytes]:
    """Decodes and prepares; gives the content of the unit's two files: pictures, and rows.

    Raises what the reader raises for a set that contradicts itself.
    """
    rows: list[dict[str, Any]] = []
    blob = bytearray()
    for number, item in enumerate(cursor.take(unit), unit.start):
        for row, files in rows_of_item(unit.origin, number, item, unit.settings):
            row["place"], row["bytes"] = len(blob), len(files)
            blob += files
            rows.append(row)
    table = pa.Table.from_pylist(rows, schema=UNIT_SCHEMA)
    told = table.replace_schema_metadata({"pictures": str(len(blob)), "origin": json.dumps(unit.origin.name)})
    sink = io.BytesIO()
    pq.write_table(told, sink, compression="zstd")
    return bytes(blob), sink.getvalue()


def write_unit(unit: Unit, folder: Path, made: tuple[bytes, bytes]) -> None:
    """Writes what `make_unit` gave; the rows last, for they make it whole. Raises OutputError."""
    for path, content in zip(unit.files(folder), made, strict=True):
        write_file(path, content, durable=True)


def run_unit(unit: Unit, folder: Path, cursor: Cursor) -> None:
    """Does the work and writes it, unless it is there. Raises as `make_unit` and `write_unit`."""
    if not unit.is_done(folder):
        write_unit(unit, folder, make_unit(unit, cursor))
