"""From folders to sources: which reader fits, under which name, and a mark that changes when any file does."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lingyin.core.errors import InputError, UsageError
from lingyin.curate.prepared import PREPARED, READER, is_prepared
from lingyin.curate.readers import READER_NAMES, Reader, find_reader
from lingyin.curate.readers.shapes import CLIPS, PICTURES, rows_of
from lingyin.curate.registry import load_registry

GENERAL = ("csv_table", "dicom_folder", "image_folder")
_TABLE = "labels.csv"
_LONGEST = 32  # letters of a name: those of files in shards, which begin with it, have at most 100


@dataclass(frozen=True, order=True)
class Origin:
    """One source: `name` (unique in a corpus, [a-z0-9_]), the reader that fits, and its folder."""

    name: str
    reader: str
    folder: Path

    @property
    def is_published(self) -> bool:
        """Whether the layout is that of a published or prepared set, from which names are gone."""
        return self.reader not in GENERAL

    @property
    def data_set(self) -> str | None:
        """Name of the published set in the registry, where the layout is one's own."""
        if self.reader in GENERAL or self.reader == PREPARED:
            return None
        name = reader_named(self.reader).data_set or self.reader
        return name if name in load_registry() else None


def reader_named(name: str) -> Reader:
    """The reader of prepared sets or one of a published layout. Raises UsageError naming all readers."""
    return READER if name == PREPARED else find_reader(name)


def find_origins(sources: Sequence[str | Path]) -> list[Origin]:
    """The sources behind folders, by name. A folder that is no set itself is searched for sets directly below it.

    `READER=FOLDER` says which reader to use.

    Raises:
        InputError: a folder is missing or holds nothing that a reader knows.
        UsageError: no such reader, or no source at all.
    """
    found: dict[Path, str] = {}
    for source in sources:
        reader, folder = _told(source)
        if not folder.is_dir():
            raise InputError(folder, "is no folder", "give folders of scans or of unpacked data sets")
        for place, fitting in [(folder, reader)] if reader else _sets(folder):
            found.setdefault(place.resolve(), fitting)
    if not found:
        raise UsageError("no source was given")
    named: dict[str, Origin] = {}
    for folder, reader in sorted(found.items()):
        base = re.sub(r"[^a-z0-9]+", "_", folder.name.lower()).strip("_")[:_LONGEST] or "source"
        name, number = base, 2
        while name in named:
            name, number = f"{base}_{number}", number + 1
        named[name] = Origin(name, reader, folder)
    return sorted(named.values())


def _told(source: str | Path) -> tuple[str | None, Path]:
    reader, equals, folder = str(source).partition("=")
    if equals and (reader in READER_NAMES or reader == PREPARED):
        return reader, Path(folder)
    return None, Path(source)


def _sets(folder: Path) -> Iterator[tuple[Path, str]]:
    """The folder as one set, or each set directly below it where there are several; else whatever scans lie in it."""
    if is_prepared(folder):
        yield folder, PREPARED
        return
    below = [path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith(".")]
    fitting: list[str] = []
    if not any(map(is_prepared, below)):
        if _has_table(folder):
            yield folder, "csv_table"
            return
        fitting = [name for name in READER_NAMES if name not in GENERAL and _fits(name, folder)]
        if sum(any(_fits(name, path) for name in fitting) for path in below) < 2:
            yield folder, fitting[0] if fitting else _general(folder)
            return
    for path in below:  # a folder of sets
        try:
            yield from _sets(path)
        except InputError as error:
            if error.path != str(path):  # a set that is damaged, not a folder without scans
                raise


def _has_table(folder: Path) -> bool:
    """Whether `labels.csv` is that of the reader `csv_table`: a mistake further down in it is for the user to mend."""
    try:
        rows_of(folder / _TABLE, ("file",))
    except InputError:
        return False
    return True


def _fits(name: str, folder: Path) -> bool:
    try:
        next(find_reader(name).open(folder))
    except InputError:
        return False
    return True


def _general(folder: Path) -> str:
    from lingyin.io.sniff import Kind, sniff

    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.suffix.lower() in PICTURES | CLIPS:
            return "image_folder"
        if sniff(path).kind is Kind.DICOM:
            return "dicom_folder"
    raise InputError(
        folder,
        "holds no scan and no layout that a reader knows",
        f"unpack the archive, write a {_TABLE} (reader csv_table), or name the reader: READER={folder}",
    )


def fingerprint(origin: Origin) -> str:
    """A mark of a source that changes with its name, its reader, or any of its files."""
    return hashlib.sha256(f"{origin.name}\n{origin.reader}\n{walk_mark([origin.folder])}".encode()).hexdigest()


def walk_mark(sources: Sequence[str | Path]) -> str:
    """A mark over paths, sizes and times of change of all files under the folders: equal marks, equal content.

    Raises InputError if a folder is missing.
    """
    mark = hashlib.sha256()
    for source in sources:
        for name, seen in _walk(str(_told(source)[1]), ""):
            mark.update(f"{name}\0{seen.st_size}\0{seen.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return mark.hexdigest()


def _walk(folder: str, above: str) -> Iterator[tuple[str, os.stat_result]]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise InputError(
            folder, f"cannot be read ({error.strerror})", "give folders of scans or of data sets"
        ) from error
    for entry in entries:
        if entry.is_dir():
            yield from _walk(entry.path, f"{above}{entry.name}/")
        else:
            yield f"{above}{entry.name}", entry.stat()
