"""From task to task: an encoder adapted to one application, its features then asked about every other.

Off the diagonal stands what a task's labels are worth to another task; on it, what they are worth to itself.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from lingyin.bench.applications import Application
from lingyin.bench.cells import CellName, read_cell, short_mark, write_cell
from lingyin.bench.document import Scores, compare
from lingyin.bench.frozen import freeze
from lingyin.bench.gains import application_gain
from lingyin.bench.judge import judge
from lingyin.bench.learnt import labels_for, make_task
from lingyin.bench.methods import Chosen, learning
from lingyin.bench.metrics import figures_of
from lingyin.bench.peers import load_peer
from lingyin.bench.rows import Indices, open_set
from lingyin.bench.run import Plan, check
from lingyin.bench.splits import table_bytes
from lingyin.bench.squares import load_squares
from lingyin.bench.teach import Workshop, splits_for, teach
from lingyin.core.files import write_file
from lingyin.tasks.encoders import shape_of
from lingyin.tasks.features import make_bank
from lingyin.tasks.fit import Fold, fit
from lingyin.tasks.tune import TuneSettings, tune

DRAWS = 500
PLAIN = ""  # the source of the encoder as it was
GAIN = "relative gain over the encoder as it was"
Row = dict[str, Any]
Grid = dict[tuple[str, str], Scores]


@dataclass(frozen=True)
class MatrixPlan:
    """Which applications adapt and are asked, of which encoder; `percent` of the labels for the asking heads; `tuning`
    says how the encoder adapts, with all labels, through low-rank adapters."""

    applications: tuple[Application, ...]
    chosen: Chosen
    percent: int
    seed: int
    root: Path
    tuning: TuneSettings


def run_matrix(plan: MatrixPlan, out: Path, workshop: Workshop) -> Grid:
    """Scores by source and target, the source `PLAIN` for the encoder as it was; what `out` holds is kept.

    Raises:
        LeakError, InputError: see `bench.run.check`.
        UsageError, ModelError: the encoder is missing or damaged.
        OutputError: `out` cannot be written.
    """
    seeds = (plan.seed,)
    check(Plan(plan.applications, (plan.chosen,), (100,), seeds, plan.root, workshop.quick, workshop.size), workshop)
    encoder = load_peer(plan.chosen.method, plan.chosen.path)
    found: Grid = {}
    for source in (None, *plan.applications):
        chosen = plan.chosen
        if source is not None:
            chosen = Chosen(f"adapted-{source.learnt.key}", plan.chosen.method)
            adapted = _adapted(plan, out, workshop, source, encoder)
            workshop.encoders[chosen.name] = freeze(chosen.name, adapted, workshop.size)
        for target in plan.applications:
            key = (source.name if source else PLAIN, target.name)
            found[key] = _asked(plan, out, workshop, chosen, target)
    return found


def _asked(plan: MatrixPlan, out: Path, workshop: Workshop, chosen: Chosen, target: Application) -> Scores:
    """A head for `target` on the features of `chosen`, judged on test."""
    rows, wanted = open_set(plan.root, target.set), target.learnt
    squares = load_squares(rows, workshop.size, workshop.cache, workshop.say)
    data = short_mark(table_bytes(rows.rows).hex(), workshop.size, wanted.model_dump())
    mark = f"{workshop.mark(chosen)}-{data}"
    path = CellName(wanted.key, chosen.name, mark, plan.percent, plan.seed).path(out / "matrix")
    cell = read_cell(path)
    if cell is None:
        workshop.say(f"{wanted.key}: features of {chosen.name}")
        cell = teach(workshop, rows, squares, wanted, chosen, plan.percent, plan.seed)
        write_cell(path, cell)
    return Scores((judge(target, cell, rows, squares),))


def _adapted(plan: MatrixPlan, out: Path, workshop: Workshop, source: Application, encoder: Any) -> Any:
    """The encoder adapted to an application, from disk where it is there."""
    rows, wanted = open_set(plan.root, source.set), source.learnt
    base = workshop.mark(plan.chosen)
    mark = short_mark(base, table_bytes(rows.rows).hex(), wanted.model_dump(), asdict(plan.tuning), plan.seed)
    path = out / "adapted" / f"{wanted.key}-{mark}.safetensors"
    net = copy.deepcopy(encoder)
    try:
        net.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError):  # absent or damaged: made again
        pass
    else:
        return net
    workshop.say(f"{wanted.key}: adapting the encoder")
    squares = load_squares(rows, workshop.size, workshop.cache, workshop.say)
    parts = splits_for(rows, wanted, 100, plan.seed)
    task = make_task(rows, wanted, parts.train)

    def fold(at: Indices) -> Fold:
        bank = make_bank(encoder, squares.images[at], task.needs)
        return Fold(bank, labels_for(rows, wanted, at, squares), rows.subjects[at])

    train, val = fold(parts.train), fold(parts.val)
    settings, _ = learning(plan.chosen.method, task.needs, plan.seed, quick=workshop.quick)
    start = fit(task, shape_of(encoder, workshop.size), train, val, settings)
    tuned = tune(start, encoder, "lora", train, val, plan.tuning).encoder
    write_file(path, save({name: value.contiguous() for name, value in tuned.state_dict().items()}))
    return tuned


def matrix_rows(plan: MatrixPlan, grid: Grid) -> list[Row]:
    """The deciding metric of every pair, and its gain over the encoder as it was."""
    title, rows = plan.chosen.method.title, []
    for (source, target), scores in grid.items():
        application = next(each for each in plan.applications if each.name == target)
        unit = f", {application.unit}" if application.unit else ""
        head: Row = {
            "application": target,
            "task": application.task,
            "method": f"{title}, adapted to {source}" if source else title,
            "source": source,
            "labels": f"{plan.percent} %",
        }
        measured = scores.measured(application.metric, DRAWS)
        rows.append(head | {"metric": application.metric + unit, "decides": True} | figures_of(measured))
        if source:
            _, gain = application_gain(compare(application, scores, {PLAIN: grid[PLAIN, target]}), DRAWS)
            rows.append(head | {"metric": GAIN} | figures_of(gain))
    return rows


def table_of(rows: Sequence[Row]) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names, gains `(sources, targets)` in per cent, and where the interval does not hold 0; NaN where undefined."""
    gains = [row for row in rows if row["metric"] == GAIN]
    names = list(dict.fromkeys(row["application"] for row in gains))
    values, clear = np.full((len(names), len(names)), np.nan), np.zeros((len(names), len(names)), np.bool_)
    for row in gains:
        at = names.index(row["source"]), names.index(row["application"])
        if row["value"] is not None:
            values[at] = 100 * row["value"]
            clear[at] = row["low"] > 0 or row["high"] < 0
    return names, values, clear


def tuning(quick: bool, seed: int) -> TuneSettings:
    """How the encoder adapts: the settings of `lingyin adapt`, a quarter of its steps for a quick look."""
    from lingyin.tasks.adapt import settings

    told = dict(settings()["tune"])
    if quick:
        told |= {"steps": told["steps"] // 4, "batch": told["batch"] // 2}
    return TuneSettings(**told, seed=seed)
