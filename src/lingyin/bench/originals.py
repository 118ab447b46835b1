"""Published originals in a user's folders, found by the MD5 of their content, whatever they are called."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from lingyin.bench.splits import read_split, set_names
from lingyin.core.errors import InputError
from lingyin.core.paths import packaged
from lingyin.core.tree import read_toml
from lingyin.curate.readers import Item, find_reader
from lingyin.curate.readers.shapes import CLIPS, PICTURES

BLOCK = 1 << 20
ABOVE = 3  # folders above a found picture that may be the root of its published layout
ARCHIVES = frozenset({".zip", ".tar", ".gz", ".7z", ".rar", ".tgz"})


class Original(BaseModel):
    """Where a set was published, the public copy whose files the table names, its licence, and its reader."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    source: str
    copy_of: str
    licence: str
    reader: str = ""


@functools.cache
def load_originals() -> dict[str, Original]:
    """By name of the set."""
    document = read_toml(packaged("lingyin.bench", "originals.toml"))
    return {name: Original(**{"copy_of": table.pop("copy"), **table}) for name, table in document.items()}


@dataclass(frozen=True)
class Found:
    """Pictures of the user by MD5, how many files were looked at, and archives that were not opened."""

    by_md5: dict[str, Path]
    looked_at: int
    archives: tuple[Path, ...]


def find_files(folders: Sequence[Path]) -> Found:
    """Every picture or clip under the folders whose content some split table names; the first path by name counts.

    Raises:
        InputError: a folder is not there.
    """
    wanted = {row["source_md5"] for name in set_names() for row in read_split(name).rows}
    found: dict[str, Path] = {}
    looked_at, archives = 0, []
    for folder in folders:
        if not folder.is_dir():
            raise InputError(folder, "is no folder", "name the folders that hold the unpacked data sets")
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in ARCHIVES and not path.name.endswith(".nii.gz"):
                archives.append(path)
            if path.suffix.lower() not in PICTURES | CLIPS or not path.is_file():
                continue
            looked_at += 1
            mark = md5_of(path)
            if mark in wanted:
                found.setdefault(mark, path)
    return Found(found, looked_at, tuple(archives))


def md5_of(path: Path) -> str:
    """MD5 of a file's content, read in blocks. It identifies a file here and protects nothing."""
    mark = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            mark.update(block)
    return mark.hexdigest()


def items_of(reader: str, paths: Iterable[Path]) -> dict[Path, Item]:
    """What a reader of the published layout says of the found files, by path.

    The layout's root is looked for in the folders above each file; files in no such layout are left out.
    """
    items: dict[Path, Item] = {}
    tried: set[Path] = set()
    for path in paths:
        if path.resolve() in items:
            continue
        for folder in list(path.parents)[1 : ABOVE + 1]:
            if folder in tried:
                continue
            tried.add(folder)
            try:
                read = {item.source.resolve(): item for item in find_reader(reader).open(folder)}
            except (InputError, OSError):  # another folder, or a layout that is not whole
                continue
            items |= read
            break
    return items
