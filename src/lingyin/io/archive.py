"""Scans inside zip and tar archives: listed by content, unpacked one at a time into a file that goes with its clip."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from lingyin.core.clip import Clip
from lingyin.core.errors import InputError, UnreadableError
from lingyin.io.frames import remove_with
from lingyin.io.open import open_file
from lingyin.io.packs import UNPACK, Member, reading
from lingyin.io.sidecar import SUFFIX, Spacing, read_sidecar
from lingyin.io.sniff import HEAD, Content, sniff_head

MAX_MEMBERS = 100_000
MAX_MEMBER_BYTES = 8 << 30
MAX_RATIO = 500  # a black cine packs well; a bomb packs better
HARMLESS_BYTES = 256 << 20  # unpacked; below this the ratio does not matter


def list_members(path: Path) -> Iterator[tuple[str, Content | InputError]]:
    """Name and content of every regular file, sorted by name; an error where one may not be unpacked.

    Hidden files and links are passed over. Nothing is written: only the head of each member is unpacked.

    Raises:
        UnreadableError: not an archive after all, damaged, or a bomb.
    """
    found: dict[str, Content | InputError] = {}
    with reading(path) as pack:
        budget = Budget(path)
        for member, opened in pack.members():
            budget.spend(member)
            if _is_hidden(member.name):
                continue
            problem = _problem(path, member)
            if problem is None:
                with opened() as file:
                    found[member.name] = sniff_head(file.read(HEAD))
            else:
                found[member.name] = problem
    yield from sorted(found.items())


def open_member(path: Path, name: str) -> tuple[Clip, Spacing | None]:
    """Opens the scan `name` of an archive, with the spacing of its sidecar in the archive if there is one.

    The temporary file goes when the clip's frames are no longer used.

    Raises:
        UnreadableError: no such member, or it may not or cannot be unpacked; and all that the readers raise.
    """
    unpacked: dict[str, Path] = {}
    try:
        with reading(path) as pack:
            budget = Budget(path)
            for member, opened in pack.members({name, name + SUFFIX}):
                budget.spend(member)
                problem = _problem(path, member)
                if problem is not None:
                    raise problem
                with opened() as file:
                    before, unpacked[member.name] = unpacked.get(member.name), _unpack(file, path, member)
                if before is not None:
                    before.unlink(missing_ok=True)
        if name not in unpacked:
            raise UnreadableError(path, f"holds no member {name!r}", "check the name")
        beside = unpacked.get(name + SUFFIX)
        spacing = None if beside is None else read_sidecar(beside, f"{path}!{name}{SUFFIX}")
        clip = open_file(unpacked[name], str(path), name)
        remove_with(clip.frames, unpacked.pop(name))
        return clip, spacing
    finally:
        for left in unpacked.values():
            left.unlink(missing_ok=True)


class Budget:
    """What an archive may unpack to, judged by the announced sizes before a byte of them is unpacked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._allowed = max(HARMLESS_BYTES, MAX_RATIO * path.stat().st_size)
        self._bytes = self._members = 0

    def spend(self, member: Member) -> None:
        """Raises UnreadableError once the members are too many or too large together."""
        self._members += 1
        self._bytes += member.size
        if self._members > MAX_MEMBERS:
            raise UnreadableError(self._path, f"holds more than {MAX_MEMBERS} files", UNPACK)
        if self._bytes > self._allowed:
            raise UnreadableError(self._path, "would unpack to an implausible size", UNPACK)


def _is_hidden(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any(part.startswith((".", "__MACOSX")) and part not in (".", "..") for part in parts)


def _problem(path: Path, member: Member) -> UnreadableError | None:
    """Why a member may not be unpacked."""
    shown = f"{path}!{member.name}"
    plain = member.name.replace("\\", "/")
    if ".." in PurePosixPath(plain).parts or plain.startswith("/"):
        return UnreadableError(shown, "its name points outside the archive", "pack the archive again")
    if member.locked:
        return UnreadableError(shown, "is locked with a password", UNPACK)
    if member.size > MAX_MEMBER_BYTES:
        return UnreadableError(shown, "is larger than 8 GB", UNPACK)
    return None


def _unpack(file: IO[bytes], path: Path, member: Member) -> Path:
    """Copies a member to a temporary file, under a name of ours, and never more than it announced."""
    handle, made = tempfile.mkstemp(prefix="lingyin-", suffix=PurePosixPath(member.name).suffix[:8])
    target = Path(made)
    try:
        with os.fdopen(handle, "wb") as out:
            left = member.size
            while piece := file.read(1 << 20):
                left -= len(piece)
                if left < 0:
                    raise UnreadableError(f"{path}!{member.name}", "holds more than it announces", UNPACK)
                out.write(piece)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return target
