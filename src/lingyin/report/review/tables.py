"""The tables of exported labels: `corrections.csv` with everything, and one for each task, as `lingyin adapt` reads.

| table | a row is | label |
|---|---|---|
| `describe.csv` | a picture | all facts known of it, `code;!code`, `!` denies |
| `classify.csv` | a picture with exactly one diagnosis present | that diagnosis |
| `segment.csv` | a picture with outlines | masks in `mask_<structure>` |
| `measure-<code>.csv` | a picture with that value | the number |
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from lingyin.core.errors import CatalogueError
from lingyin.core.files import write_file
from lingyin.core.labels import LabelSet
from lingyin.core.tree import load_tree

BASE = ("image", "label", "subject", "split", "mask")
ALL = (*BASE, "mm_per_px", "task", "code", "unit", "kind", "frame", "category", "by", "at", "report")
Rows = Sequence[Mapping[str, str]]


def write_tables(rows: Rows, out: Path) -> None:
    """Writes all tables that have a row. Raises OutputError where `out` cannot be written."""
    write_file(out / "corrections.csv", _table(rows, ALL))
    facts = [row for row in rows if row["task"] == "classify"]
    _write(out / "describe.csv", _described(facts), ("image", "label", "subject", "split"))
    _write(out / "classify.csv", _classified(facts), ("image", "label", "subject", "split"))
    outlined = [row for row in rows if row["task"] == "segment"]
    masks = [f"mask_{structure}" for structure in sorted({row["label"] for row in outlined})]
    _write(out / "segment.csv", _segmented(outlined), ("image", "subject", "split", *masks))
    measured = [row for row in rows if row["task"] == "measure"]
    for code in sorted({row["code"] for row in measured}):
        own = [row for row in measured if row["code"] == code]
        _write(out / f"measure-{code}.csv", own, ("image", "label", "subject", "split", "mm_per_px"))


def _by_image(rows: Rows) -> dict[str, list[Mapping[str, str]]]:
    grouped: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    for row in rows:
        grouped[row["image"]].append(row)
    return grouped


def _described(rows: Rows) -> Rows:
    """One row per picture with its facts; a picture whose facts contradict each other on the tree has none."""
    told = []
    for group in _by_image(rows).values():
        facts = sorted({row["label"] for row in group if row["label"].removeprefix("!") in load_tree()})
        try:
            LabelSet.close(
                yes=[fact for fact in facts if not fact.startswith("!")],
                no=[fact[1:] for fact in facts if fact.startswith("!")],
            )
        except CatalogueError:
            continue
        if facts:
            told.append({**group[0], "label": ";".join(facts)})
    return told


def _classified(rows: Rows) -> Rows:
    told = []
    for group in _by_image(rows).values():
        present = {row["label"] for row in group if row["category"] == "diagnosis" and row["label"][:1] != "!"}
        if len(present) == 1:
            told.append({**group[0], "label": present.pop()})
    return told


def _segmented(rows: Rows) -> Rows:
    return [
        {**group[0], **{f"mask_{row['label']}": row["mask"] for row in group}} for group in _by_image(rows).values()
    ]


def _write(path: Path, rows: Rows, columns: Sequence[str]) -> None:
    if rows:
        write_file(path, _table(rows, columns))


def _table(rows: Rows, columns: Sequence[str]) -> bytes:
    text = io.StringIO()
    table = csv.DictWriter(text, columns, restval="", extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode()
