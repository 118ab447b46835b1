"""The check before every benchmark: no test image, subject or near-duplicate among what anything is trained on."""

from __future__ import annotations

import functools
import json
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lingyin.bench.splits import SplitTable, read_labels, read_split, set_names
from lingyin.core.errors import InputError, LingyinError
from lingyin.core.paths import packaged

SHOWN = 5  # leaks named in a message
CHECKED = ("id", "subject", "split", "source_md5")


class LeakError(LingyinError):
    """A test image, its subject or its near-duplicate is also in training: no number would mean anything."""

    exit_code = 3


@dataclass(frozen=True)
class Leak:
    """A test image and what it shares with which training image."""

    test: str
    train: str
    shared: str

    def __str__(self) -> str:
        return f"{self.test} (test) and {self.train} share {self.shared}"


@functools.cache
def excluded() -> Mapping[str, frozenset[str]]:
    """Ids of test images that are not asked about, by set; the reasons stand in `excluded.toml`."""
    document = tomllib.loads(packaged("lingyin.bench", "excluded.toml").read_text(encoding="utf-8"))
    found: dict[str, set[str]] = defaultdict(set)
    for entry in document["excluded"]:
        found[entry["set"]].update(entry["ids"])
    return {name: frozenset(ids) for name, ids in found.items()}


def kept_rows(table: SplitTable) -> tuple[Mapping[str, str], ...]:
    """Rows of a set without the excluded test images."""
    left_out = excluded().get(table.name, frozenset())
    return tuple(row for row in table.rows if row["id"] not in left_out)


def table_leaks(tables: Iterable[SplitTable]) -> list[Leak]:
    """Test images whose MD5 (over all sets) or subject (within a set) also stands in train or val."""
    trained_md5: dict[str, str] = {}
    trained_subject: dict[tuple[str, str], str] = {}
    asked = []
    for table in tables:
        for row in kept_rows(table):
            if row["split"] == "test":
                asked.append((table.name, row))
            else:
                trained_md5.setdefault(row["source_md5"], row["id"])
                trained_subject.setdefault((table.name, row["subject"]), row["id"])
    found = []
    for name, row in asked:
        if row["source_md5"] in trained_md5:
            found.append(Leak(row["id"], trained_md5[row["source_md5"]], "the same file"))
        elif (name, row["subject"]) in trained_subject:
            found.append(Leak(row["id"], trained_subject[name, row["subject"]], f"the subject {row['subject']}"))
    return found


def corpus_leaks(marks: Iterable[str]) -> list[Leak]:
    """Test images whose MD5 is among `marks`, the MD5 of everything that an encoder was trained on."""
    seen = frozenset(marks)
    rows = (row for name in set_names() for row in kept_rows(read_split(name)))
    return [
        Leak(row["id"], "the encoder's corpus", "the same file")
        for row in rows
        if row["split"] == "test" and row["source_md5"] in seen
    ]


def check_splits(names: Sequence[str] | None = None) -> None:
    """Raises LeakError where the packaged tables of `names` (all by default) let a test image into training."""
    refuse(table_leaks(read_split(name) for name in names or set_names()))


def check_folder(folder: Path) -> None:
    """Whether a prepared set says what the packaged table says of id, subject, split and original.

    Raises:
        InputError: rows differ, so that a training image here may be a test image of the benchmark.
    """
    told = {row["id"]: row for row in read_split(folder.name).rows}
    for row in read_labels(folder):
        known = told.get(row["id"])
        differing = [column for column in CHECKED if known is None or row.get(column) != known[column]]
        if differing:
            raise InputError(
                folder / "labels.csv",
                f"{row['id']} differs from the benchmark's split table in {', '.join(differing)}",
                "make the set again with `lingyin bench prepare`",
            )


def check_card(folder: Path) -> None:
    """Whether the card of a pretraining run says that it saw train splits only; nothing is said where there is none.

    Raises:
        LeakError: the card names another split.
    """
    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    split = card.get("data", {}).get("split", "train") if isinstance(card, dict) else "train"
    if split != "train":
        raise LeakError(f"{folder}: the encoder was pretrained on {split!r}, not on train alone; name another encoder")


def refuse(leaks: Sequence[Leak]) -> None:
    """Raises LeakError naming the first leaks, where there are any."""
    if leaks:
        more = f" and {len(leaks) - SHOWN} more" if len(leaks) > SHOWN else ""
        raise LeakError(
            "the benchmark does not start, because what it asks was trained on: "
            + "; ".join(map(str, leaks[:SHOWN]))
            + more
            + "; leave these images out of training"
        )
