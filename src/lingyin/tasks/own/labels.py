"""Cells of a user's table to a task and the labels of its pictures; what is wrong is added to the table's problems."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lingyin.core.errors import CatalogueError, UsageError
from lingyin.core.labels import LabelSet, dataset_labels
from lingyin.core.measurements import load_measurements
from lingyin.core.tree import Kind, load_tree
from lingyin.tasks.classify import Classify, Mode
from lingyin.tasks.contract import Task
from lingyin.tasks.degrade import HARMS
from lingyin.tasks.describe import Describe
from lingyin.tasks.enhance import Enhance
from lingyin.tasks.measure import Measure
from lingyin.tasks.own.shapes import LabelOf, read_boxes, read_masks, read_points
from lingyin.tasks.own.table import Row, Table

LEAST_PICTURES, LEAST_SUBJECTS = 4, 2  # of a class, so that learning and choosing both see it
FACTS = frozenset({Kind.FINDING, Kind.VIEW, Kind.STRUCTURE, Kind.QUALITY})  # what a report states of one picture
Labelled = tuple[Row, LabelOf]


@dataclass(frozen=True)
class Wanted:
    """What the user asks for: the task `kind`, the `column` of labels, a `name` for what is learnt, the `mode` of
    classes, the `unit` of a measurement, the `harm` to undo, and the side of the network's square."""

    kind: str
    size: int
    column: str | None = None
    name: str | None = None
    mode: Mode = "exclusive"
    unit: str = ""
    harm: str = "noise"


def read_labels(table: Table, wanted: Wanted) -> tuple[Task[Any, Any] | None, list[Labelled]]:
    """The task and, for each usable picture, a function from its height and width to its label.

    None where the table does not serve this task; the table's problems then say why.

    Raises:
        UsageError: there is no such task, harm or column of labels to choose.
    """
    readers: dict[str, Callable[[Table, Wanted], tuple[Task[Any, Any] | None, list[Labelled]]]] = {
        "classify": _classes,
        "segment": lambda t, w: read_masks(t, w.column, w.name),
        "detect": lambda t, w: read_boxes(t, w.column, w.name, w.size),
        "landmark": lambda t, _: read_points(t),
        "measure": _numbers,
        "enhance": _pictures,
        "describe": _facts,
    }
    if wanted.kind not in readers:
        raise UsageError(f"no task {wanted.kind!r}; choose one of {', '.join(readers)}")
    return readers[wanted.kind](table, wanted)


def _column(table: Table, wanted: Wanted) -> str | None:
    """The column of labels: as asked, else `label`, else the only one that can be."""
    possible = table.label_columns()
    if wanted.column is not None:
        if wanted.column not in table.columns:
            table.problems.append(f"no column `{wanted.column}`; the columns are {', '.join(table.columns)}")
            return None
        return wanted.column
    if "label" in possible:
        return "label"
    if len(possible) == 1:
        return possible[0]
    if possible:
        raise UsageError(
            f"{table.source}: several columns may hold the label; choose with --column: {', '.join(possible)}"
        )
    table.problems.append(f"no column `label`; the columns are {', '.join(table.columns) or 'none'}")
    return None


def _told(table: Table, column: str) -> list[tuple[Row, str]]:
    """Rows with a label. In prepared sets an empty cell says nothing; in a table of one's own it is a slip."""
    told = []
    for row in table.rows:
        text = row.cells.get(column, "")
        if text:
            told.append((row, text))
        elif "source_md5" not in table.columns:
            table.problems.append(f"{row.where}: the column `{column}` is empty")
    return told


def _constant(value: Any) -> LabelOf:
    return lambda _height, _width: value


def _classes(table: Table, wanted: Wanted) -> tuple[Classify | None, list[Labelled]]:
    column = _column(table, wanted)
    if column is None:
        return None, []
    told = _told(table, column)
    several = wanted.mode == "several"
    each = [
        (row, [part.strip() for part in text.split(";") if part.strip()] if several else [text]) for row, text in told
    ]
    pictures = Counter(name for _, names in each for name in set(names))
    subjects: dict[str, set[str]] = defaultdict(set)
    for row, names in each:
        for name in names:
            subjects[name].add(row.subject)
    labels = _ordered(list(pictures))
    if told and len(labels) < 2 and not several:
        table.problems.append(f"only one class, {labels[0]!r}: give pictures of two classes or more")
    for name in labels:
        if pictures[name] < LEAST_PICTURES or len(subjects[name]) < LEAST_SUBJECTS:
            table.problems.append(
                f"class {name!r} has {pictures[name]} picture(s) of {len(subjects[name])} subject(s); "
                f"give {LEAST_PICTURES} of {LEAST_SUBJECTS} or more"
            )
    if len(labels) < (1 if several else 2):
        return None, [(row, _constant(None)) for row, _ in each]  # the pictures are looked at all the same
    task = Classify(tuple(labels), wanted.mode)
    if not several:
        return task, [(row, _constant(names[0])) for row, names in each]
    return task, [(row, _constant({name: name in names for name in labels})) for row, names in each]


def _ordered(names: Sequence[str]) -> list[str]:
    """Grades by their number, names by the alphabet."""
    try:
        return sorted(names, key=float)
    except ValueError:
        return sorted(names)


def _numbers(table: Table, wanted: Wanted) -> tuple[Measure | None, list[Labelled]]:
    column = _column(table, wanted)
    if column is None:
        return None, []
    known = dataset_labels().get(table.name)
    code = wanted.name or (known.measurements.get(column) if known else None) or column
    catalogue = load_measurements().get(code)
    unit = wanted.unit or (catalogue.unit if catalogue else "")
    found = []
    for row, text in _told(table, column):
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if math.isfinite(value):
            found.append((row, _constant(value)))
        else:
            table.problems.append(f"{row.where}: the column `{column}` holds {text!r}, which is no number")
    length = unit == "mm" and bool(found) and all(row.cells.get("mm_per_px") for row, _ in found)
    return Measure(code, unit, length), found


def _pictures(table: Table, wanted: Wanted) -> tuple[Enhance, list[Labelled]]:
    harm = next((each for each in HARMS if each == wanted.harm), None)
    if harm is None:
        raise UsageError(f"no harm {wanted.harm!r}; choose one of {', '.join(HARMS)}")
    return Enhance(harm), [(row, _constant(None)) for row in table.rows]


def _facts(table: Table, wanted: Wanted) -> tuple[Describe | None, list[Labelled]]:
    known = dataset_labels().get(table.name)
    column = None if known else _column(table, wanted)
    found: list[tuple[Row, LabelSet]] = []
    for row in table.rows:
        try:
            said = known.row(row.cells) if known else _statement(row.cells.get(column or "", ""))
            found.append((row, said))
        except CatalogueError as error:
            table.problems.append(f"{row.where}: {error}")
    tree = load_tree()
    codes = [code for code in tree if tree[code].kind in FACTS and any(code in said.yes for _, said in found)]
    if not codes:
        table.problems.append("no fact is known of any picture; write codes of the label tree, parted by `;`")
        return None, []
    return Describe(tuple(codes)), [(row, _constant(said)) for row, said in found]


def _statement(text: str) -> LabelSet:
    """`code;!code`: facts that are true, and with `!` facts that are not."""
    parts = [part.strip() for part in text.split(";") if part.strip()]
    denied = [part.removeprefix("!") for part in parts if part.startswith("!")]
    return LabelSet.close(yes=[part for part in parts if not part.startswith("!")], no=denied)
