"""From task to task: every pair is asked, what is kept is not made again, and the table says what is clear."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lingyin.bench import matrix as room
from lingyin.bench import teach as teaching
from lingyin.bench.applications import load_applications, select_applications
from lingyin.bench.matrix import GAIN, PLAIN, MatrixPlan, matrix_rows, run_matrix, table_of, tuning
from lingyin.bench.methods import choose_methods
from lingyin.bench.teach import Workshop
from lingyin.tasks.tune import TuneSettings
from tests.bench.drawn_sets import draw_set
from tests.bench.test_run import short
from tests.nets.tiny import TinyEncoder

ASKED = ("intima-media mask", "carotid intima-media thickness")
TUNING = TuneSettings(4, 4, 1e-4, 1e-1, 1e-2, 0.0, 2, 3, 5.0)


def encoder(*_: object) -> TinyEncoder:
    torch.manual_seed(5)
    return TinyEncoder().eval().requires_grad_(False)


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MatrixPlan:
    draw_set(tmp_path / "sets", "carotid_imt")
    for module in (teaching, room):
        monkeypatch.setattr(module, "load_peer", encoder)
        monkeypatch.setattr(module, "learning", short)
    (chosen,) = choose_methods(["lingyin"])
    return MatrixPlan(select_applications(ASKED), chosen, 100, 0, tmp_path / "sets", TUNING)


def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "cache", 64, quick=True)


def test_every_pair_is_asked_and_nothing_is_made_twice(
    plan: MatrixPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, tuned = tmp_path / "out", list[str]()
    real = room.tune

    def count(*words: Any) -> Any:
        tuned.append(words[2])
        return real(*words)

    monkeypatch.setattr(room, "tune", count)
    grid = run_matrix(plan, out, workshop(tmp_path))
    assert set(grid) == {(source, target) for source in (PLAIN, *ASKED) for target in ASKED}
    assert tuned == ["lora"]  # both read the same fit, so they adapt alike
    (kept,) = (out / "adapted").iterdir()
    cells = sorted((out / "matrix").rglob("*.npz"))
    stamps = [path.stat().st_mtime_ns for path in cells]
    rows = matrix_rows(plan, run_matrix(plan, out, workshop(tmp_path)))
    assert rows == matrix_rows(plan, grid)
    assert tuned == ["lora"]
    kept.write_bytes(kept.read_bytes()[:100])
    run_matrix(plan, out, workshop(tmp_path))
    assert tuned == ["lora", "lora"]
    assert [path.stat().st_mtime_ns for path in cells] == stamps  # the same weights came out again
    assert len([row for row in rows if row.get("decides")]) == 6
    assert {(row["source"], row["application"]) for row in rows if row["metric"] == GAIN} == {
        (source, target) for source in ASKED for target in ASKED
    }


def test_an_adapted_encoder_differs_and_the_given_one_stays(plan: MatrixPlan, tmp_path: Path) -> None:
    given = encoder()
    before = {name: value.clone() for name, value in given.state_dict().items()}
    adapted = room._adapted(plan, tmp_path / "out", workshop(tmp_path), plan.applications[0], given)
    again = room._adapted(plan, tmp_path / "out", workshop(tmp_path), plan.applications[0], given)
    assert all(torch.equal(value, before[name]) for name, value in given.state_dict().items())
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in adapted.state_dict().items())
    assert not torch.equal(adapted.head.weight, given.head.weight)


def test_the_table_of_gains() -> None:
    def row(source: str, target: str, value: float | None, low: float | None, high: float | None) -> dict[str, Any]:
        found = {"source": source, "application": target, "metric": GAIN}
        return found | {"value": value, "low": low, "high": high}

    rows = [
        row("a", "a", 0.2, 0.1, 0.3),
        row("a", "b", -0.1, -0.2, 0.1),
        row("b", "a", None, None, None),
        row("b", "b", -0.3, -0.4, -0.2),
    ]
    names, values, clear = table_of([*rows, {"metric": "Dice", "value": 1.0}])
    assert names == ["a", "b"]
    np.testing.assert_allclose(values, [[20, -10], [np.nan, -30]])
    assert clear.tolist() == [[True, False], [False, True]]


def test_a_quick_look_adapts_for_a_quarter_of_the_steps() -> None:
    whole, quick = tuning(quick=False, seed=3), tuning(quick=True, seed=3)
    assert 4 * quick.steps == whole.steps
    assert quick.seed == whole.seed == 3


def test_the_matrix_is_of_several_organs_and_kinds() -> None:
    marked = [each for each in load_applications() if each.transfer]
    assert len({each.set for each in marked}) == len(marked) == 6
    assert len({each.task for each in marked}) == 3
