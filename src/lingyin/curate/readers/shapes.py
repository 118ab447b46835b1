"""Shapes that many layouts share: where a set lies under a folder, pictures of a folder, tables, lazy files."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from lingyin.core.clip import FrameStore
from lingyin.core.errors import InputError

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".gif"})
CLIPS = frozenset({".mp4", ".m4v", ".mov", ".avi", ".mpeg", ".mpg", ".gif", ".mkv", ".webm"})
_DEPTH = 2  # archives often unpack into a folder of their own, sometimes twice


def find_root(folder: Path, *parts: str) -> Path | None:
    """The folder, or one at most two levels below it, that holds all `parts` (globs); the shallowest first by name."""
    level = [folder]
    for _ in range(_DEPTH + 1):
        for candidate in level:
            if all(next(candidate.glob(part), None) is not None for part in parts):
                return candidate
        level = [child for parent in level for child in sorted(parent.iterdir()) if child.is_dir()]
    return None


def files_of(folder: Path, suffixes: frozenset[str] = PICTURES) -> list[Path]:
    """Files directly in a folder with one of the (lower-case) suffixes, sorted by name; hidden ones are left out."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and path.suffix.lower() in suffixes and not path.name.startswith(".")
    )


def pairs(images: Path, masks: Path) -> Iterator[tuple[Path, Path | None]]:
    """Pictures of one folder, each with the file of the same stem in another, whatever its suffix."""
    by_stem = {path.stem: path for path in files_of(masks)}
    for path in files_of(images):
        yield path, by_stem.get(path.stem)


def rows_of(path: Path, columns: Sequence[str] = (), delimiter: str = ",") -> list[dict[str, str]]:
    """Rows of a table with a header line; cells and names are stripped.

    Raises InputError if the file cannot be read or lacks one of `columns`.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter=delimiter, restkey="", restval="")
            rows = [{(k or "").strip(): _cell(v) for k, v in row.items()} for row in reader]
            names = [name.strip() for name in reader.fieldnames or ()]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(path, f"cannot be read as a table ({error})", "take the published file") from error
    require_columns(path, names, columns)
    return rows


def require_columns(path: Path, names: Sequence[str], columns: Sequence[str]) -> None:
    """Raises InputError naming the columns that a table lacks and those it has."""
    missing = [column for column in columns if column not in names]
    if missing:
        raise InputError(
            path,
            f"has no column {', '.join(map(repr, missing))}; found {', '.join(map(repr, names)) or 'none'}",
            "take the published file",
        )


def _cell(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def number(text: str, path: Path, what: str) -> float:
    """A number of a table; InputError naming the file and the cell if it is none."""
    try:
        return float(text)
    except ValueError as error:
        raise InputError(path, f"{what} is {text!r}, not a number", "take the published file") from error


def existing(path: Path, named_by: Path) -> Path:
    """The path; InputError if a table names a file that is not there."""
    if not path.is_file():
        raise InputError(path, f"is missing although {named_by.name} names it", "unpack the whole archive")
    return path


def opener(path: Path) -> Callable[[], FrameStore]:
    """Opens a picture or clip only when called; the call raises InputError if it is damaged."""

    def open_frames() -> FrameStore:
        from lingyin.io.open import open_file

        return open_file(path).frames

    return open_frames
