"""The split tables that travel in the package: of every image its subject, split, labels and the MD5 of its original.

No images. With the tables and the published originals anybody can rebuild the benchmark's sets.
"""

from __future__ import annotations

import csv
import functools
import gzip
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lingyin.core.errors import CatalogueError, InputError, UsageError
from lingyin.core.files import write_file
from lingyin.core.paths import packaged

SPLITS = ("train", "val", "test")
FIXED = ("id", "subject", "split", "width", "height", "mm_per_px", "source_md5")
SUFFIX = ".csv.gz"
PRESENT = "1"  # in a mask column: there is an outline


@dataclass(frozen=True)
class SplitTable:
    """One set: its rows by column. A mask column holds "1" where there is an outline, else "". `width`, `height` in
    pixels of the prepared picture; `mm_per_px` of it, "" where unknown."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]

    @property
    def masks(self) -> tuple[str, ...]:
        return tuple(column for column in self.columns if column.startswith("mask_"))

    def counts(self) -> dict[str, int]:
        """Images per split."""
        return {split: sum(row["split"] == split for row in self.rows) for split in SPLITS}


@functools.cache
def set_names() -> tuple[str, ...]:
    """Names of the sets that have a table, sorted."""
    folder = packaged("lingyin.bench", "splits")
    return tuple(sorted(path.name.removesuffix(SUFFIX) for path in folder.glob(f"*{SUFFIX}")))


@functools.cache
def read_split(name: str) -> SplitTable:
    """The table of one set.

    Raises:
        UsageError: there is no such set; the message names all.
        CatalogueError: the packaged file is damaged.
    """
    if name not in set_names():
        raise UsageError(f"the benchmark has no set {name!r}; there are {', '.join(set_names())}")
    path = packaged("lingyin.bench", "splits", name + SUFFIX)
    try:
        text = gzip.decompress(path.read_bytes()).decode()
    except (OSError, EOFError, UnicodeDecodeError, ValueError) as error:
        raise CatalogueError(f"{path}: the split table is damaged ({error}); install lingyin again") from error
    reader = csv.DictReader(io.StringIO(text))
    rows = tuple(reader)
    columns = tuple(reader.fieldnames or ())
    if not set(FIXED) <= set(columns) or any(row["split"] not in SPLITS for row in rows):
        raise CatalogueError(f"{path}: the split table is damaged; install lingyin again")
    return SplitTable(name, columns, rows)


def table_bytes(rows: Sequence[Mapping[str, str]]) -> bytes:
    """A packed table from rows of a prepared set's `labels.csv`; equal rows give equal bytes."""
    dropped = {"source_width", "source_height"}
    columns = [column for column in rows[0] if column not in dropped]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        kept = {column: row[column] for column in columns}
        writer.writerow({c: PRESENT if value and c.startswith("mask_") else value for c, value in kept.items()})
    return gzip.compress(text.getvalue().encode(), 9, mtime=0)


def read_labels(folder: Path) -> list[dict[str, str]]:
    """Rows of a prepared set's `labels.csv`. Raises InputError where there is none."""
    path = folder / "labels.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        remedy = "set LINGYIN_DATA to the sets' folder, or make it with `lingyin bench prepare`"
        raise InputError(path, "the prepared set is not there", remedy) from error


def write_tables(root: Path, folder: Path) -> list[Path]:
    """Packs the tables of all prepared sets that have a test split under `root` into `folder`; returns the files."""
    written = []
    for path in sorted(root.glob("*/labels.csv")):
        rows = read_labels(path.parent)
        if rows and set(FIXED) <= set(rows[0]):
            target = folder / f"{path.parent.name}{SUFFIX}"
            write_file(target, table_bytes(rows))
            written.append(target)
    return written
