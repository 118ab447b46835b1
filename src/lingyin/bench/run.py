"""A run of the benchmark: checks for leaks, makes and judges the cells that are missing, hands over the sheets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lingyin.bench.applications import Application, Fit
from lingyin.bench.cells import Cell, CellName, read_cell, short_mark, write_cell
from lingyin.bench.judge import judge
from lingyin.bench.leaks import check_card, check_folder, check_splits, refuse
from lingyin.bench.methods import Chosen
from lingyin.bench.rows import SetRows, open_set
from lingyin.bench.sheets import Sheet
from lingyin.bench.splits import table_bytes
from lingyin.bench.squares import Squares, load_squares
from lingyin.bench.teach import Workshop, teach
from lingyin.bench.twins import find_twins
from lingyin.core.errors import InputError

JUDGE_VERSION = 2  # raised when the same answers would be judged otherwise
QUICK_PIXELS, PIXELS = 160, 224
TOLD = {"claimed", "quick", "transfer", "note", "metric", "unit"}  # of an application: what no judge asks for


@dataclass(frozen=True)
class Plan:
    """What is to be compared: applications, methods, label budgets in per cent, seeds; `root` holds the sets."""

    applications: tuple[Application, ...]
    methods: tuple[Chosen, ...]
    percents: tuple[int, ...]
    seeds: tuple[int, ...]
    root: Path
    quick: bool = False
    pixels: int = 0

    @property
    def size(self) -> int:
        """Side in pixels of the squares that frozen encoders see."""
        return self.pixels or (QUICK_PIXELS if self.quick else PIXELS)

    def budgets(self, chosen: Chosen) -> tuple[tuple[int, int], ...]:
        """(per cent, seed) of a method's cells; a filter learns nothing, so it has one."""
        if chosen.method.kind == "filter":
            return ((100, self.seeds[0]),)
        return tuple((percent, seed) for percent in self.percents for seed in self.seeds)


@dataclass
class Outcome:
    """Sheets by application, method, label budget and seed; the facts of each cell (steps, seconds, images)."""

    sheets: dict[tuple[str, str, int, int], Sheet] = field(default_factory=dict)
    facts: dict[tuple[str, str, int, int], dict[str, float]] = field(default_factory=dict)
    cells: dict[tuple[str, str, int, int], Path] = field(default_factory=dict)


def check(plan: Plan, workshop: Workshop) -> None:
    """All that must hold before anything is measured.

    Raises:
        LeakError: a test image, its subject or its file is in training.
        InputError: a prepared set is absent, incomplete, or says other than the split tables.
    """
    check_splits()
    for chosen in plan.methods:
        if chosen.path is not None:
            check_card(chosen.path if chosen.path.is_dir() else chosen.path.parent)
    absent = []
    names = list(dict.fromkeys(each.set for each in plan.applications))
    for name in names:
        check_folder(plan.root / name)
        rows = open_set(plan.root, name)
        lost = [each for each in rows.names.tolist() if not (rows.folder / "images" / f"{each}.webp").is_file()]
        if lost:
            absent.append(f"{name} lacks {len(lost)} of {len(rows.rows)} pictures ({', '.join(lost[:3])} ...)")
    if absent:
        remedy = "complete them with `lingyin bench prepare`, or leave these sets out with --only"
        raise InputError(plan.root, "; ".join(absent), remedy)
    for name in names:  # set by set, as heads are taught; twins in other sets were left out for good
        refuse(find_twins([open_set(plan.root, name)], workshop.cache, workshop.say))


def run(plan: Plan, out: Path, workshop: Workshop) -> Outcome:
    """Makes and judges every cell of the plan under `out`; what is there from an earlier run is kept.

    Raises:
        LeakError, InputError: see `check`.
        UsageError, ModelError: weights or packages of a method are missing.
        OutputError: `out` cannot be written.
    """
    check(plan, workshop)
    outcome = Outcome()
    marks = {chosen.name: workshop.mark(chosen) for chosen in plan.methods}
    for name in dict.fromkeys(each.set for each in plan.applications):
        rows = open_set(plan.root, name)
        squares = load_squares(rows, plan.size, workshop.cache, workshop.say)
        mine = [each for each in plan.applications if each.set == name]
        for wanted in dict.fromkeys(each.learnt for each in mine):
            readers = [each for each in mine if each.learnt == wanted]
            for chosen in plan.methods:
                if wanted.kind in chosen.method.fits:
                    _budgets(plan, out, workshop, rows, squares, wanted, readers, chosen, marks, outcome)
    return outcome


def _budgets(
    plan: Plan,
    out: Path,
    workshop: Workshop,
    rows: SetRows,
    squares: Squares,
    wanted: Fit,
    readers: Sequence[Application],
    chosen: Chosen,
    marks: dict[str, str],
    outcome: Outcome,
) -> None:
    data = short_mark(table_bytes(rows.rows).hex(), plan.size, wanted.model_dump())
    for percent, seed in plan.budgets(chosen):
        name = CellName(wanted.key, chosen.name, f"{marks[chosen.name]}-{data}", percent, seed)
        path = name.path(out)
        cell = read_cell(path)
        if cell is None:
            workshop.say(f"{wanted.key}: {chosen.method.title}, {percent} % of the labels, seed {seed}")
            cell = teach(workshop, rows, squares, wanted, chosen, percent, seed)
            write_cell(path, cell)
        for application in readers:
            key = (application.name, chosen.name, percent, seed)
            outcome.sheets[key] = _sheet(out, name, application, cell, rows, squares)
            outcome.cells[key] = path
            wanted_facts = ("train_images", "train_subjects", "steps", "seconds")
            outcome.facts[key] = {fact: float(cell.meta[fact]) for fact in wanted_facts}


def _sheet(out: Path, name: CellName, application: Application, cell: Cell, rows: SetRows, squares: Squares) -> Sheet:
    """The sheet from disk, or judged now and kept."""
    mark = short_mark(JUDGE_VERSION, application.model_dump(exclude=TOLD))
    base = name.path(out).relative_to(out / "cells" / name.fit)
    path = out / "sheets" / f"{slug(application.name)}-{mark}" / base
    kept = read_cell(path)
    if kept is None:
        sheet = judge(application, cell, rows, squares)
        arrays = {**{f"column-{key}": value for key, value in sheet.columns.items()}}
        kept = Cell({**arrays, "subjects": sheet.subjects, "names": sheet.names}, {"facts": dict(sheet.facts)})
        write_cell(path, kept)
    columns = {key.removeprefix("column-"): v for key, v in kept.arrays.items() if key.startswith("column-")}
    subjects, names = (np.asarray(kept.arrays[key], np.str_) for key in ("subjects", "names"))
    return Sheet(application.task, subjects, names, columns, kept.meta["facts"])


def slug(name: str) -> str:
    """A name as a file's name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
