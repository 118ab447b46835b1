"""`discover`: the scans behind a list of files, folders and archives, in a stable order, each bad one as an error."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lingyin.core.errors import InputError, NoFramesError, UnreadableError
from lingyin.io.archive import list_members
from lingyin.io.open import READS, identify, unusable
from lingyin.io.sniff import SCAN_SUFFIXES, Content, Kind

SCANS = frozenset({Kind.DICOM, Kind.VIDEO, Kind.PICTURE})


@dataclass(frozen=True, slots=True)
class ScanRef:
    """One scan: a file, or a `member` of the archive at `path`. `name` is what people call it."""

    path: Path
    member: str | None
    name: str


def discover(sources: Iterable[str | Path]) -> list[ScanRef | InputError]:
    """Lists the scans in files, folders (searched through) and archives.

    A file named by the caller always appears, as a scan or as an error. In folders and archives, files that are
    neither scans nor named like one (notes, tables, sidecars), hidden files and DICOMDIRs are passed over. Whether
    a scan can be decoded shows when it is opened: here only the first bytes of each file are read.
    """
    found: list[ScanRef | InputError] = []
    seen: set[tuple[str, str | None]] = set()
    for source in sources:
        for item in _from_source(Path(source)):
            if isinstance(item, ScanRef):
                mark = (os.path.realpath(item.path), item.member)
                if mark in seen:
                    continue
                seen.add(mark)
            found.append(item)
    return found


def _from_source(source: Path) -> Iterator[ScanRef | InputError]:
    if not source.is_dir():
        yield from _from_file(source, source.name, wanted=True)
        return
    empty = True
    for path in _walk(source):
        for item in _from_file(path, path.relative_to(source).as_posix(), wanted=False):
            empty = False
            yield item
    if empty:
        yield NoFramesError(source, "the folder holds no scan", READS)


def _walk(folder: Path) -> Iterator[Path]:
    """Files under a folder, sorted, without hidden ones and without following links to folders."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        for name in sorted(files):
            if not name.startswith("."):
                yield Path(parent) / name


def _from_file(path: Path, name: str, wanted: bool) -> Iterator[ScanRef | InputError]:
    try:
        content = identify(path, str(path))
    except InputError as error:
        yield error
        return
    if content.kind is Kind.ARCHIVE:
        yield from _from_archive(path, wanted)
    elif content.kind in SCANS:
        if wanted or not _is_directory_file(name):
            yield ScanRef(path, None, name)
    elif wanted or _looks_meant(name, content):
        yield unusable(content, str(path))


def _from_archive(path: Path, wanted: bool) -> Iterator[ScanRef | InputError]:
    empty = True
    try:
        for member, content in list_members(path):
            shown = f"{path}!{member}"
            if isinstance(content, InputError):
                yield content
            elif content.kind in SCANS:
                if _is_directory_file(member):
                    continue
                yield ScanRef(path, member, member)
            elif content.kind is Kind.ARCHIVE:
                yield UnreadableError(shown, "is an archive inside an archive", "unpack the outer one")
            elif _looks_meant(member, content):
                yield unusable(content, shown)
            else:
                continue
            empty = False
    except InputError as error:
        if wanted or not empty or path.suffix.lower() in SCAN_SUFFIXES:
            yield error
        return
    if empty:
        yield NoFramesError(path, "the archive holds no scan", READS)


def _looks_meant(name: str, content: Content) -> bool:
    """Whether a file that is no scan was meant as one: named like one, or empty without any suffix."""
    suffix = Path(name).suffix.lower()
    return suffix in SCAN_SUFFIXES or (not suffix and content.kind is Kind.EMPTY)


def _is_directory_file(name: str) -> bool:
    return Path(name).name.upper().split(".")[0] == "DICOMDIR"
