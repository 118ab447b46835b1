"""Writes what a run found into its folder: `results.json`, `README.md` and the pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lingyin.bench import figures
from lingyin.bench.applications import Application
from lingyin.bench.cells import read_cell
from lingyin.bench.document import Table, result
from lingyin.bench.gallery import gallery
from lingyin.bench.judge import Judged
from lingyin.bench.rows import open_set
from lingyin.bench.run import Outcome, Plan, slug
from lingyin.bench.sheets import Sheet
from lingyin.bench.squares import load_squares
from lingyin.bench.words import FEW, GAIN, markdown
from lingyin.core.files import write_file


def publish(
    plan: Plan, outcome: Outcome, out: Path, cache: Path, command: str, commit: str | None, machine: str,
    encoders: Mapping[str, str],
) -> dict[str, Any]:  # fmt: skip
    """Writes everything and returns the result. Raises OutputError."""
    table = Table(plan, outcome)
    found = result(table, command, commit, machine, encoders)
    rows = found["rows"]
    classified, measured = _shown(plan, outcome, "classify"), _shown(plan, outcome, "measure")
    drawn = {
        "label-curves.png": figures.label_curves(table, rows),
        "gains.png": figures.forest(rows, GAIN),
        "few-labels.png": figures.forest(rows, f"relative gain with {FEW} % of the labels over scratch with 100 %"),
        "confusion.png": figures.confusion([(a.name, s, _labels(outcome, k)) for a, s, k in classified]),
        "calibration.png": figures.reliabilities([(a.name, s, ()) for a, s, _ in classified]),
        "agreement.png": figures.agreement([(a.name, s, a.unit) for a, s, _ in measured]),
    }
    drawn |= {f"cases-{slug(name)}.png": picture for name, picture in _galleries(plan, outcome, cache).items()}
    kept = {name: picture for name, picture in drawn.items() if picture is not None}
    for name, picture in kept.items():
        write_file(out / name, picture)
    write_file(out / "README.md", markdown(found, list(kept)).encode())
    write_file(out / "results.json", (json.dumps(found, indent=1, ensure_ascii=False) + "\n").encode(), durable=True)
    return found


def publish_rows(
    out: Path, facts: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], pictures: Mapping[str, bytes | None]
) -> None:
    """Writes the `rows` of a smaller question, the `facts` of how they came about, and pictures. Raises OutputError."""
    for name, picture in pictures.items():
        if picture is not None:
            write_file(out / name, picture)
    found = {**facts, "rows": list(rows)}
    write_file(out / "results.json", (json.dumps(found, indent=1, ensure_ascii=False) + "\n").encode(), durable=True)


Key = tuple[str, str, int, int]


def _key(plan: Plan, outcome: Outcome, application: Application) -> Key | None:
    """The cell that pictures show: our method (else the first) with most labels and the first seed."""
    names = [each.name for each in sorted(plan.methods, key=lambda chosen: not chosen.method.ours)]
    for name in names:
        mine = [key for key in outcome.sheets if key[:2] == (application.name, name)]
        if mine:
            return min(mine, key=lambda key: (-key[2], key[3]))
    return None


def _shown(plan: Plan, outcome: Outcome, task: str) -> list[tuple[Application, Sheet, Key]]:
    keys = [(each, _key(plan, outcome, each)) for each in plan.applications if each.task == task]
    return [(application, outcome.sheets[key], key) for application, key in keys if key is not None]


def _labels(outcome: Outcome, key: Key) -> list[str]:
    cell = read_cell(outcome.cells[key])
    assert cell is not None, "the run has just made or read this cell"
    return list(cell.meta["spec"]["labels"])


def _galleries(plan: Plan, outcome: Outcome, cache: Path) -> dict[str, bytes]:
    drawn = {}
    for application in plan.applications:
        key = _key(plan, outcome, application)
        cell = read_cell(outcome.cells[key]) if key else None
        if key and cell is not None:
            rows = open_set(plan.root, application.set)
            judged = Judged(application, cell, rows, load_squares(rows, plan.size, cache))
            drawn[application.name] = gallery(judged, outcome.sheets[key])
    return drawn
