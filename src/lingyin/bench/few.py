"""A handful of labelled images: what an encoder that never saw an organ is worth there, beside one that did.

So few images leave none to choose by: nothing is tuned, heads learn to their last step, and test is asked once.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lingyin.bench.applications import Application, Fit, load_applications
from lingyin.bench.cells import CellName, read_cell, short_mark, write_cell
from lingyin.bench.document import Scores, compare
from lingyin.bench.gains import application_gain
from lingyin.bench.judge import judge
from lingyin.bench.methods import Chosen
from lingyin.bench.metrics import figures_of
from lingyin.bench.rows import Indices, SetRows, open_set, usable
from lingyin.bench.run import Plan, check
from lingyin.bench.sheets import Sheet
from lingyin.bench.splits import table_bytes
from lingyin.bench.squares import load_squares
from lingyin.bench.teach import Splits, Workshop, teach_on
from lingyin.core.errors import UsageError
from lingyin.core.labels import dataset_labels

DRAWS = 500
WITHOUT = "lingyin-without"
Row = dict[str, Any]


@dataclass(frozen=True)
class FewPlan:
    """Which `organ`, how many images (`counts`), which methods and seeds; `root` holds the sets."""

    organ: str
    counts: tuple[int, ...]
    methods: tuple[Chosen, ...]
    seeds: tuple[int, ...]
    root: Path

    @property
    def applications(self) -> tuple[Application, ...]:
        """What is asked of the organ's sets, but for the restoring of pictures, which needs no labels."""
        sets = sets_of(self.organ)
        return tuple(each for each in load_applications() if each.set in sets and each.fit != "restore")


def sets_of(organ: str) -> frozenset[str]:
    """Sets all of whose images show an organ.

    Raises:
        UsageError: there is none; the message lists the organs that have some.
    """
    known = {name: said.base.yes for name, said in dataset_labels().items()}
    found = frozenset(name for name, yes in known.items() if organ in yes)
    asked = {each.set for each in load_applications()}
    if not found & asked:
        organs = sorted({code for name in asked for code in known[name]})
        raise UsageError(f"no application is of the organ {organ!r}; there are {', '.join(organs)}")
    return found


def check_without(path: Path, organ: str) -> None:
    """Whether an encoder's card says that it saw no set of the organ.

    Raises:
        UsageError: it saw one, or there is no card to tell.
    """
    card = (path if path.is_dir() else path.parent) / "card.json"
    try:
        seen = set(json.loads(card.read_text(encoding="utf-8"))["data"]["sets"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{card}: does not tell which sets the encoder saw; name a pretraining run") from error
    shared = sorted(seen & sets_of(organ))
    if shared:
        raise UsageError(
            f"{path}: was pretrained on {', '.join(shared)}, which show {organ}; leave them out of its config"
        )


def few_images(rows: SetRows, wanted: Fit, indices: Indices, count: int, seed: int) -> Indices:
    """`count` images, one per subject as long as there are subjects, the labels in turn; few lie inside more."""
    rng = np.random.default_rng(seed)
    column = wanted.columns[0] if wanted.kind == "classify" else ""
    groups: dict[str, list[int]] = defaultdict(list)
    for index in rng.permutation(indices).tolist():
        groups[rows.rows[index][column] if column else ""].append(index)
    queues = [_first_of_each(rows, groups[label]) for label in sorted(groups)]
    chosen: list[int] = []
    while len(chosen) < count and any(queues):
        for queue in queues:
            if queue and len(chosen) < count:
                chosen.append(queue.pop(0))
    return np.array(sorted(chosen), np.int64)


def _first_of_each(rows: SetRows, indices: Sequence[int]) -> list[int]:
    """The same images, those of subjects not seen before first."""
    first = {rows.rows[index]["subject"]: index for index in reversed(indices)}
    new = [index for index in indices if first[rows.rows[index]["subject"]] == index]
    return new + [index for index in indices if index not in set(new)]


Scored = dict[tuple[str, str, int], Scores]


def run_few(plan: FewPlan, out: Path, workshop: Workshop) -> Scored:
    """Scores by application, method and number of images; cells under `out` that are there already are kept.

    Raises:
        LeakError, InputError: see `bench.run.check`.
        UsageError: the encoder that should not know the organ does; weights are missing.
        OutputError: `out` cannot be written.
    """
    for chosen in plan.methods:
        if chosen.name == WITHOUT and chosen.path is not None:
            check_without(chosen.path, plan.organ)
    check(Plan(plan.applications, plan.methods, (100,), plan.seeds, plan.root, workshop.quick, workshop.size), workshop)
    found: dict[tuple[str, str, int], list[Sheet]] = defaultdict(list)
    for name in dict.fromkeys(each.set for each in plan.applications):
        rows = open_set(plan.root, name)
        for wanted in dict.fromkeys(each.learnt for each in plan.applications if each.set == name):
            readers = [each for each in plan.applications if each.learnt == wanted]
            for chosen in plan.methods:
                for count, sheets in _cells(plan, out, workshop, rows, wanted, readers, chosen):
                    for application, sheet in zip(readers, sheets, strict=True):
                        found[application.name, chosen.name, count].append(sheet)
    return {key: Scores(tuple(sheets)) for key, sheets in found.items()}


def _cells(
    plan: FewPlan, out: Path, workshop: Workshop, rows: SetRows, wanted: Fit, readers: Sequence[Application],
    chosen: Chosen,
) -> Iterator[tuple[int, list[Sheet]]]:  # fmt: skip
    """Number of images, and a sheet for each reader, for every count and seed that can be learnt from."""
    squares = load_squares(rows, workshop.size, workshop.cache, workshop.say)
    train, test = (usable(rows, wanted, split) for split in ("train", "test"))
    labels = {rows.rows[index][wanted.columns[0]] for index in train.tolist()} if wanted.kind == "classify" else set()
    mark = f"{workshop.mark(chosen)}-{short_mark(table_bytes(rows.rows).hex(), workshop.size, wanted.model_dump())}"
    for count in plan.counts:
        if not max(1, len(labels)) <= count <= len(train):
            continue
        for seed in plan.seeds:
            path = CellName(wanted.key, chosen.name, mark, count, seed).path(out / "few")
            cell = read_cell(path)
            if cell is None:
                workshop.say(f"{wanted.key}: {chosen.method.title}, {count} images, seed {seed}")
                few = few_images(rows, wanted, train, count, seed)
                cell = teach_on(workshop, rows, squares, wanted, chosen, Splits(few, few, test), seed)
                write_cell(path, cell)
            yield count, [judge(application, cell, rows, squares) for application in readers]


def few_rows(plan: FewPlan, scored: Scored) -> list[Row]:
    """The deciding metric of every application, method and number of images, then our gain over the others."""
    titles = {chosen.name: chosen.method.title for chosen in plan.methods}
    rows = []
    for application in plan.applications:
        unit = f", {application.unit}" if application.unit else ""
        mine = {key[1:]: scores for key, scores in scored.items() if key[0] == application.name}
        for (method, count), scores in mine.items():
            said = {"method": titles[method], "metric": application.metric + unit, "decides": True}
            rows.append(_head(application, count) | said | figures_of(scores.measured(application.metric, DRAWS)))
        for (method, count), scores in mine.items():
            without = mine.get((WITHOUT, count))
            if method != WITHOUT and without is not None:
                _, gain = application_gain(compare(application, without, {method: scores}), DRAWS)
                said = {"method": titles[WITHOUT], "metric": f"relative gain over: {titles[method]}"}
                rows.append(_head(application, count) | said | figures_of(gain))
    return rows


def _head(application: Application, count: int) -> Row:
    return {"application": application.name, "task": application.task, "labels": f"{count} images"}
