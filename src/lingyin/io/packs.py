"""Zip and tar files behind one face: regular members one after the other, damage as one kind of error."""

from __future__ import annotations

import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Protocol

from lingyin.core.errors import UnreadableError
from lingyin.io.sniff import sniff

UNPACK = "unpack it yourself and give the files"
EXPORT_AGAIN = "copy the file or pack it again"
DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    NotImplementedError,  # zip compression methods that Python lacks
    RuntimeError,  # zip: password needed
    UnicodeError,
    ValueError,
)

Opener = Callable[[], AbstractContextManager[IO[bytes]]]


@dataclass(frozen=True, slots=True)
class Member:
    """One regular file of an archive: its name, size unpacked (bytes), whether a password locks it."""

    name: str
    size: int
    locked: bool = False


class Pack(Protocol):
    """An open archive."""

    def members(self, names: Collection[str] | None = None) -> Iterator[tuple[Member, Opener]]:
        """Regular files (only those in `names` if given), in the archive's order.

        The opener must be used before the next member is asked for: a packed tar can only be read onwards.
        """
        ...


@contextmanager
def reading(path: Path) -> Iterator[Pack]:
    """Opens an archive by its content; whatever its bytes make the libraries raise becomes an `UnreadableError`."""
    try:
        if sniff(path).format == "zip":
            with zipfile.ZipFile(path) as zipped:
                yield ZipPack(zipped)
        else:
            with tarfile.open(path, "r:*") as tar:
                yield TarPack(tar)
    except FileNotFoundError as error:
        raise UnreadableError(path, "does not exist", "check the name") from error
    except DAMAGE as error:
        raise UnreadableError(path, f"cannot be read as an archive ({type(error).__name__})", EXPORT_AGAIN) from error


class ZipPack:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def members(self, names: Collection[str] | None = None) -> Iterator[tuple[Member, Opener]]:
        for info in self._archive.infolist():
            is_link = (info.external_attr >> 16) & 0o170000 == 0o120000
            if info.is_dir() or is_link or (names is not None and info.filename not in names):
                continue
            locked = bool(info.flag_bits & 1)
            yield Member(info.filename, info.file_size, locked), partial(self._archive.open, info)


class TarPack:
    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive

    def members(self, names: Collection[str] | None = None) -> Iterator[tuple[Member, Opener]]:
        for info in self._archive:
            if info.isreg() and (names is None or info.name in names):
                yield Member(info.name, info.size), partial(self._open, info)

    def _open(self, info: tarfile.TarInfo) -> IO[bytes]:
        file = self._archive.extractfile(info)
        if file is None:
            raise tarfile.ReadError("not a regular file")
        return file
