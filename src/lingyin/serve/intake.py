"""From uploaded files to scans in the queue: stored under names of ours, told apart by content, bombs refused."""

from __future__ import annotations

import secrets
import shutil
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from lingyin.core.errors import InputError
from lingyin.io import ScanRef, discover
from lingyin.io.sidecar import sidecar_path
from lingyin.serve.records import Refusal
from lingyin.serve.store import Arrival

MAX_NAME = 120
PIECE = 1 << 20


def receive(
    files: Iterable[tuple[str, IO[bytes]]], uploads: Path, mm_per_px: float | None
) -> tuple[str, list[Arrival], list[Refusal]]:
    """Stores the files of one request in a new folder and lists the scans in them.

    A file named like another one with `.json` behind it is that one's sidecar. Archives stay packed: their members
    are unpacked one at a time when their turn comes. The caller removes the folder where nothing was queued.

    Returns:
        Name of the folder within `uploads`, the scans, and what is no scan with the reason.

    Raises:
        OSError: the disk is full or may not be written; the folder is gone again.
    """
    upload = secrets.token_hex(16)
    folder = uploads / upload
    folder.mkdir(mode=0o700)
    try:
        stored = _store(files, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    arrivals: list[Arrival] = []
    refused: list[Refusal] = []
    for path, name in stored.items():
        for item in discover([path]):
            if isinstance(item, ScanRef):
                shown = f"{name}/{display_name(item.member)}" if item.member else name
                arrivals.append(Arrival(shown[-MAX_NAME:], upload, path.name, item.member, mm_per_px))
            else:
                refused.append(Refusal(name=name, reason=reason(item, path, name)))
    return upload, arrivals, refused


def reason(error: InputError, path: Path, name: str) -> str:
    """What is wrong with a file, under the name that its owner knows, without any folder of ours."""
    return f"{error.path.replace(str(path), name)}: {error.problem.replace(str(path), name)}; {error.remedy}"


def display_name(name: str) -> str:
    """Last part of a name from outside, without control or direction characters, at most 120 characters."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    printable = "".join(each for each in last if unicodedata.category(each)[0] != "C")
    return printable.strip()[-MAX_NAME:] or "scan"


def _store(files: Iterable[tuple[str, IO[bytes]]], folder: Path) -> dict[Path, str]:
    """Writes the files; returns those that may be scans, with the names their owner gave them."""
    paths: dict[str, Path] = {}
    names: dict[Path, str] = {}
    for number, (raw, file) in enumerate(files):
        path = folder / f"{number:05}"
        with path.open("xb") as out:
            shutil.copyfileobj(file, out, PIECE)
        name = display_name(raw)
        names[path] = name
        paths.setdefault(name, path)
    for path, name in list(names.items()):
        owner = paths.get(name.removesuffix(".json")) if name.endswith(".json") else None
        if owner is not None and not sidecar_path(owner).exists():
            path.rename(sidecar_path(owner))
            del names[path]
    return names
