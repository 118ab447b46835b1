"""The rows of a user's data: a prepared set, a folder per class, or a CSV of pictures; every problem is collected."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lingyin.core.errors import InputError
from lingyin.io.sniff import SCAN_SUFFIXES

SPLITS = ("train", "val", "test")
NOT_LABELS = frozenset(
    {
        "image", "file", "id", "subject", "split", "width", "height", "source_width", "source_height", "mm_per_px",
        "source_md5", "video", "mask",
    }
)  # fmt: skip
SHOWN = 20  # problems that a message lists
FORMS = (
    "give a folder with one folder of pictures per class, a prepared set (labels.csv beside images/), or a CSV with "
    "the columns image,label[,subject,split,mask,mm_per_px]"
)


@dataclass(frozen=True)
class Row:
    """One line: the picture or clip at `path`, its other `cells`, and `where` it stands, for messages.

    `split` is empty where none is given; `subject` is the picture itself where none is given.
    """

    path: Path
    cells: Mapping[str, str]
    where: str
    subject: str
    split: str = ""


@dataclass
class Table:
    """All rows of `source`, whose cells hold paths relative to `root`; `problems` is what must be mended first."""

    source: Path
    root: Path
    columns: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What people call these data."""
        return self.source.stem if self.source.is_file() else self.source.resolve().name

    def label_columns(self) -> list[str]:
        """Columns that may hold labels."""
        return [name for name in self.columns if name not in NOT_LABELS and not name.startswith("mask_")]

    def mask_columns(self) -> list[str]:
        """`mask` and `mask_<structure>`."""
        return [name for name in self.columns if name == "mask" or name.startswith("mask_")]

    def check(self) -> None:
        """Raises InputError with all problems at once, if there are any."""
        if not self.problems:
            return
        listed = [f"  - {problem}" for problem in self.problems[:SHOWN]]
        more = len(self.problems) - SHOWN
        if more > 0:
            listed.append(f"  - and {more} more")
        count = f"{len(self.problems)} problem{'s' if len(self.problems) > 1 else ''}"
        raise InputError(self.source, f"{count} to mend:\n" + "\n".join(listed) + "\n", "mend them and run again")


def read_table(source: Path) -> Table:
    """The rows of a folder or CSV. Problems of single rows are kept in the table, for `check`.

    Raises:
        InputError: it is none of the three forms, or holds nothing.
    """
    if source.is_dir():
        inside = source / "labels.csv"
        table = _from_csv(inside, source) if inside.is_file() else _from_folders(source)
    elif source.is_file():
        table = _from_csv(source, source.parent)
    else:
        raise InputError(source, "there is no such folder or file", FORMS)
    if not table.rows and not table.problems:
        raise InputError(source, "holds no pictures", FORMS)
    return table


def _from_folders(source: Path) -> Table:
    """One folder per class; what lies deeper belongs to the class too."""
    table = Table(source, source, ("image", "label"))
    folders = sorted(path for path in source.iterdir() if path.is_dir() and not path.name.startswith("."))
    for folder in folders:
        files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SCAN_SUFFIXES)
        if not files:
            table.problems.append(f"{folder.name}/ holds no picture")
        for path in files:
            shown = path.relative_to(source).as_posix()
            table.rows.append(Row(path, {"label": folder.name}, shown, shown))
    return table


def _from_csv(path: Path, root: Path) -> Table:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = tuple((name or "").strip() for name in reader.fieldnames or ())
            lines = [
                {name: (text or "").strip() for name, text in zip(columns, line.values(), strict=False)}
                for line in reader
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(path, f"cannot be read as a table ({error})", "save it as CSV in UTF-8") from error
    table = Table(path if root != path.parent or path.name != "labels.csv" else root, root, columns)
    key = next((name for name in ("image", "file", "id") if name in columns), None)
    if key is None:
        shown = ", ".join(columns) or "none"
        table.problems.append(f"{path.name}: no column `image` with the pictures' paths; the columns are {shown}")
        return table
    for number, cells in enumerate(lines, start=2):
        _add_row(table, key, cells, f"{path.name} line {number}")
    return table


def _add_row(table: Table, key: str, cells: dict[str, str], where: str) -> None:
    text, split = cells.get(key, ""), cells.get("split", "")
    if not text:
        table.problems.append(f"{where}: the column `{key}` is empty")
        return
    path = _by_id(table.root, text) if key == "id" else table.root / text
    if path is None or not path.is_file():
        table.problems.append(f"{where}: no picture {text if path is None else path}")
        return
    if split not in ("", *SPLITS):
        table.problems.append(f"{where}: split is {split!r}; write train, val, test or nothing")
        return
    table.rows.append(Row(path, cells, where, cells.get("subject") or cells.get("video") or text, split))


def _by_id(root: Path, name: str) -> Path | None:
    """The picture of a prepared set."""
    plain = root / "images" / f"{name}.webp"
    if plain.is_file():
        return plain
    return next((path for path in sorted((root / "images").glob(f"{name}.*")) if path.suffix in SCAN_SUFFIXES), None)
