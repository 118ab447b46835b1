"""The result of a run: rows by budget, gains over the best peer, and few labels against many; figures known by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lingyin.bench.applications import Application
from lingyin.bench.document import QUICK_DRAWS, ROW_DRAWS, Scores, Table, few_label_rows, gain_rows, result, rows_of
from lingyin.bench.methods import Chosen, Method
from lingyin.bench.run import Outcome, Plan
from lingyin.bench.sheets import Sheet
from lingyin.bench.words import FEW, GAIN

SUBJECTS = np.array(["a", "a", "b", "c"])
LESION = Application(
    name="lesion", set="breast_busi", task="segment", fit="masks", columns=("mask_lesion",), metric="Dice"
)
WALL = Application(
    name="wall",
    set="carotid_imt",
    task="measure",
    fit="regress",
    columns=("imt_mm",),
    metric="mean absolute error",
    unit="mm",
)
METHODS = (
    Chosen("ours", Method(title="Ours", kind="frozen", ours=True)),
    Chosen("scratch", Method(title="From scratch", kind="whole")),
    Chosen("peer", Method(title="A peer", kind="frozen")),
    Chosen("cheat", Method(title="Saw labels", kind="frozen", saw_labels=True)),
)


def lesion(*dice: float) -> Sheet:
    unknown = np.full(4, np.nan)
    columns = {"dice": np.array(dice * (4 // len(dice))), "surface": unknown, "false": unknown}
    return Sheet("segment", SUBJECTS, SUBJECTS, columns)


def wall(error: float) -> Sheet:
    truth = np.array([1.0, 2.0, 3.0, 4.0])
    return Sheet("measure", SUBJECTS, SUBJECTS, {"answer": truth + error, "truth": truth}, {"half_width": np.nan})


def table(
    sheets: dict[tuple[str, str, int, int], Sheet], *, quick: bool = True, lesions: Application = LESION
) -> Table:
    plan = Plan((lesions, WALL), METHODS, (FEW, 100), (0, 1), Path("unused"), quick)
    facts = {key: {"train_images": 10.0 + key[3]} for key in sheets}
    return Table(plan, Outcome(sheets, facts))


def full(lesions: Application = LESION) -> Table:
    """Ours beats the best peer by 20 % on lesions and, with half its error, by 50 % on walls."""
    return table(
        {
            ("lesion", "ours", FEW, 0): lesion(0.44),
            ("lesion", "ours", 100, 0): lesion(0.6),
            ("lesion", "scratch", 100, 0): lesion(0.4),
            ("lesion", "peer", 100, 0): lesion(0.5),
            ("lesion", "cheat", 100, 0): lesion(0.9),
            ("wall", "ours", 100, 0): wall(0.5),
            ("wall", "scratch", 100, 0): wall(-1.0),
            ("wall", "peer", 100, 0): wall(2.0),
        },
        lesions=lesions,
    )


def test_a_statistic_is_the_mean_over_seeds_that_are_defined() -> None:
    scores = Scores((lesion(0.2, 0.4), lesion(0.6, np.nan)))
    dice = scores.statistic("Dice")
    assert dice(np.array([0])) == pytest.approx(0.4)
    assert dice(np.array([1])) == pytest.approx(0.4)  # the second seed knows nothing of it
    nothing = Scores((lesion(0.2, np.nan), lesion(0.6, np.nan))).statistic("Dice")
    assert np.isnan(nothing(np.array([1])))
    assert scores.metrics == ("Dice",)


def test_draws_and_the_largest_budget() -> None:
    made = full()
    assert (made.draws, table({}, quick=False).draws) == (QUICK_DRAWS, ROW_DRAWS)
    best = made.at_most("lesion", "ours")
    assert best is not None
    assert best is made.scores["lesion", "ours", 100]
    assert made.at_most("wall", "cheat") is None


def test_peers_are_neither_ours_nor_saw_labels() -> None:
    assert list(full().peers("lesion")) == ["scratch", "peer"]
    alone = table({("lesion", "ours", 100, 0): lesion(0.5), ("lesion", "cheat", 100, 0): lesion(0.5)})
    assert alone.compared(LESION, "ours") is None
    assert gain_rows(alone) == []


def test_rows_tell_the_deciding_metric_first_with_its_unit() -> None:
    rows = rows_of(full())
    mine = [row for row in rows if (row["application"], row["method"]) == ("wall", "Ours")]
    assert [(row["metric"], row["decides"], row["value"]) for row in mine] == [
        ("mean absolute error, mm", True, 0.5),
        ("bias", False, 0.5),
        ("lower limit of agreement", False, 0.5),
        ("upper limit of agreement", False, 0.5),
    ]
    assert {row["method"]: row["claimed"] for row in rows} == {
        "Ours": True,
        "From scratch": True,
        "A peer": True,
        "Saw labels": False,
    }


def test_smaller_budgets_tell_the_deciding_metric_alone() -> None:
    made = table({("wall", "ours", percent, seed): wall(2.0 * seed) for percent in (FEW, 100) for seed in (0, 2)})
    rows = rows_of(made)
    few = [row for row in rows if row["labels"] == f"{FEW} %"]
    assert [row["metric"] for row in few] == ["mean absolute error, mm"]
    assert few[0]["value"] == 2.0  # seeds 0 and 4
    assert few[0]["images"] == 11  # 10 and 12
    assert len(rows) == 5


def test_an_undefined_number_is_null() -> None:
    made = wall(0.5)
    blank = Sheet(made.task, SUBJECTS, SUBJECTS, {**made.columns, "answer": np.full(4, np.nan)}, made.facts)
    row = rows_of(table({("wall", "ours", 100, 0): blank}))[0]
    assert [row[key] for key in ("value", "low", "high", "n")] == [None, None, None, 4]
    assert "NaN" not in json.dumps(row)


def test_gains_over_the_best_peer_and_their_mean() -> None:
    rows = gain_rows(full())
    assert [(row["application"], row["value"], row.get("peer")) for row in rows] == [
        ("lesion", 0.2, "A peer"),
        ("wall", 0.5, "From scratch"),
        ("all claimed", 0.35, None),
    ]
    assert [row["metric"] for row in rows] == [GAIN, GAIN, f"mean {GAIN}"]
    assert rows[-1]["labels"] == "ahead on 2 of 2"
    assert rows[-1]["n"] == 2
    assert all(row["low"] == row["high"] == row["value"] for row in rows)  # every image says the same


def test_an_unclaimed_application_is_shown_and_not_counted() -> None:
    rows = gain_rows(full(LESION.model_copy(update={"claimed": False})))
    assert [(row["application"], row["claimed"]) for row in rows[:2]] == [("lesion", False), ("wall", True)]
    assert (rows[-1]["value"], rows[-1]["labels"]) == (0.5, "ahead on 1 of 1")


def test_a_loss_is_told_as_one() -> None:
    made = table({("wall", "ours", 100, 0): wall(3.0), ("wall", "peer", 100, 0): wall(2.0)})
    rows = gain_rows(made)
    assert [row["value"] for row in rows] == [-0.5, -0.5]
    assert rows[-1]["labels"] == "ahead on 0 of 1"


def test_few_labels_against_all_from_scratch() -> None:
    rows = few_label_rows(full())  # the wall was not learnt with few labels
    assert [(row["application"], row["labels"], row["value"]) for row in rows] == [("lesion", f"{FEW} %", 0.1)]
    assert rows[0]["metric"] == f"relative gain with {FEW} % of the labels over scratch with 100 %"


def test_the_result_file_holds_everything_in_json() -> None:
    made = full()
    told = result(made, "lingyin bench", None, "a machine", {"ours": "weights"})
    assert told["rows"] == [*rows_of(made), *gain_rows(made), *few_label_rows(made)]
    assert (told["seeds"], told["quick"], told["commit"]) == ([0, 1], True, None)
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_ours_that_saw_labels_is_shown_and_claims_nothing() -> None:
    seen = METHODS[0].method.model_copy(update={"saw_labels": True})
    made = full()
    made.plan = replace(made.plan, methods=(Chosen("ours", seen), *METHODS[1:]))
    rows = gain_rows(made)
    assert [row["metric"] for row in rows] == [GAIN, GAIN]
    assert not any(row["claimed"] for row in rows)
