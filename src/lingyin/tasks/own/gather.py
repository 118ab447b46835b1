"""From a user's data to examples with splits: read, checked with all problems at once, split by subject, thinned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from lingyin.core.errors import InputError
from lingyin.tasks.contract import Task
from lingyin.tasks.own.labels import Wanted, read_labels
from lingyin.tasks.own.pictures import Example, open_examples
from lingyin.tasks.own.table import Table, read_table

FEW = 100  # examples under which no test split is set apart
VAL_SHARE, TEST_SHARE = 0.3, 0.2
LEAST = 8  # examples under which nothing can be learnt


@dataclass(frozen=True)
class Gathered:
    """A task with its examples by split, the table they came from, and whether the splits were the user's own."""

    task: Task[Any, Any]
    table: Table
    splits: dict[str, list[Example]]
    own_split: bool


def gather(source: Path, wanted: Wanted, seed: int = 0, budget: float = 1.0) -> Gathered:
    """Reads `source` for a task; `budget` is the share of the training subjects whose labels may be used.

    Raises:
        InputError: something must be mended first; the message lists all problems at once.
        UsageError: the task or a choice is unknown.
    """
    table = read_table(source)
    task, labelled = read_labels(table, wanted)
    examples: list[Example] = []
    for row, label_of in labelled:
        spacing = row.cells.get("mm_per_px") or None
        try:
            mm_per_px = None if spacing is None else float(spacing)
            frames = open_examples(row.path, None, row.subject, row.split, mm_per_px)
            label = label_of(*frames[0].picture.shape)
        except InputError as error:
            table.problems.append(f"{row.where}: {error}")
        except ValueError as error:
            table.problems.append(f"{row.where}: {error}")
        else:
            examples += [replace(frame, label=label) for frame in frames]
    if not table.problems and len(examples) < LEAST:
        table.problems.append(f"{len(examples)} labelled pictures; give {LEAST} or more")
    table.check()
    assert task is not None, "a table without problems serves its task"
    splits, own = assign_splits(task, examples, seed)
    if budget < 1:
        splits["train"] = thin(task, splits["train"], budget, seed)
    return Gathered(task, table, splits, own)


def assign_splits(
    task: Task[Any, Any], examples: Sequence[Example], seed: int
) -> tuple[dict[str, list[Example]], bool]:
    """Examples by split. Splits that the user gave are kept; where val is missing, part of train becomes val."""
    given: dict[str, list[Example]] = defaultdict(list)
    for each in examples:
        given[each.split or "train"].append(each)
    own = any(each.split for each in examples)
    if not own and len(examples) >= FEW:
        _move(task, given, "test", TEST_SHARE, seed)
    if given["train"] and not given["val"]:
        _move(task, given, "val", VAL_SHARE, seed)
    return {name: given[name] for name in ("train", "val", "test")}, own


def _move(task: Task[Any, Any], given: dict[str, list[Example]], name: str, share: float, seed: int) -> None:
    """Moves a share of the training subjects to another split."""
    taken = _subjects(task, given["train"], share, seed)
    given[name] = [each for each in given["train"] if each.subject in taken]
    given["train"] = [each for each in given["train"] if each.subject not in taken]


def thin(task: Task[Any, Any], examples: Sequence[Example], share: float, seed: int) -> list[Example]:
    """The examples of a share of the subjects, drawn within each stratum."""
    kept = _subjects(task, examples, share, seed)
    return [each for each in examples if each.subject in kept]


def _subjects(task: Task[Any, Any], examples: Sequence[Example], share: float, seed: int) -> set[str]:
    """A seeded share of the subjects of each stratum; a subject belongs to the stratum of its first example. A stratum
    of two subjects or more gives one at least and keeps one at least."""
    strata = task.strata([each.label for each in examples])
    groups: dict[int, list[str]] = defaultdict(list)
    seen: set[str] = set()
    for each, stratum in zip(examples, strata, strict=True):
        if each.subject not in seen:
            seen.add(each.subject)
            groups[int(stratum)].append(each.subject)
    rng = np.random.default_rng(seed)
    chosen: set[str] = set()
    for stratum in sorted(groups):
        names = sorted(groups[stratum])
        count = round(share * len(names))
        if len(names) > 1:
            count = min(max(count, 1), len(names) - 1)
        chosen |= {names[int(at)] for at in rng.permutation(len(names))[:count]}
    return chosen
