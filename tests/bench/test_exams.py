"""Phantom exams as cases: grades against the truth, tables and rows counted by hand."""

from __future__ import annotations

import pytest

from lingyin.bench.exams import answer_pairs, category_table, graded, row, rows_of_aorta, rows_of_kind, run_case
from lingyin.core.clip import Clip
from lingyin.core.study import Category, Certainty, Finding, Study, Triage
from tests.report.builders import make_clip, make_study, measurement

CODE = "abdominal_aorta_diameter"


def grade(code: str, value: float) -> str | None:
    """Two thresholds, 25 and 30 mm, of one code."""
    if code != CODE:
        return None
    return "normal" if value < 25 else "ectasia" if value < 30 else "aneurysm"


@pytest.mark.parametrize(
    ("truth", "value", "half", "outcome", "clear"),
    [
        (40.0, 41.0, 2.0, "right", True),
        (31.0, 31.5, 2.0, "right", False),
        (30.5, 29.5, 1.5, "unsure", False),
        (33.0, 29.0, 0.5, "wrong", True),
        (24.0, 27.0, 2.5, "unsure", False),
        (27.5, 31.0, 2.0, "unsure", True),
        (27.0, 31.0, 0.5, "wrong", True),
    ],
)
def test_a_grade_is_right_unsure_or_wrong(truth: float, value: float, half: float, outcome: str, clear: bool) -> None:
    assert graded(grade, CODE, truth, value, value - half, value + half) == {"outcome": outcome, "clear": clear}


def test_a_value_without_a_rule_has_no_grade_and_one_without_interval_is_sure() -> None:
    assert graded(grade, "other", 3.0, 4.0, 3.5, 4.5) is None
    assert graded(grade, CODE, 24.9, 25.1) == {"outcome": "wrong", "clear": True}


def reader(value: float) -> object:
    """A program that sees the same diameter in every clip."""
    organ = Finding(code="abdominal_aorta", category=Category.ORGAN, name={"en": "aorta"}, certainty=Certainty.PRESENT)
    finding = measurement(CODE, value, "mm", (value - 1.0, value + 1.0)).model_copy(update={"abnormal": value >= 30})
    study = make_study(make_clip(1), [organ, finding])

    def read(clip: Clip) -> Study:
        assert len(clip) >= 1
        return study.model_copy(update={"triage": Triage.ABNORMAL if value >= 30 else Triage.NORMAL})

    return read


def test_a_case_holds_truth_and_answer_of_one_phantom() -> None:
    case = run_case(reader(31.0), grade, "aorta", 3)  # type: ignore[arg-type]
    assert (case["kind"], case["seed"], case["organ"], case["triage"]) == ("aorta", 3, "abdominal_aorta", "abnormal")
    assert case["truth"].keys() == {CODE, "abdominal_aorta_lumen_diameter"}
    assert case["values"] == {CODE: [31.0, 30.0, 32.0]}
    assert case["grades"].keys() == {CODE}
    assert case["flagged"] == [CODE]


def case(truth: float, value: float | None, half: float = 1.0, organ: str = "abdominal_aorta") -> dict[str, object]:
    values = {} if value is None else {CODE: [value, value - half, value + half]}
    told = {} if value is None else {CODE: graded(grade, CODE, truth, value, value - half, value + half)}
    triage = "abnormal" if (value or 0) >= 30 else "normal"
    return {"kind": "aorta", "truth": {CODE: truth}, "values": values, "grades": told, "organ": organ, "triage": triage}


CASES = [
    case(40, 40.5),
    case(33, 32.0),
    case(20, 21.5),
    case(29.5, 30.2),
    case(31, None, organ="heart"),
    case(32, 28.0),
]


def test_the_table_counts_far_and_near_apart() -> None:
    far, near = category_table(CASES)
    assert far == {
        "measurement": CODE,
        "threshold": "further than the interval",
        "right": 3,
        "unsure": 0,
        "wrong": 1,
        "n": 4,
    }
    assert (near["right"], near["unsure"], near["wrong"], near["n"]) == (0, 1, 0, 1)


def test_rows_count_what_was_given_and_how_close() -> None:
    rows = {each["metric"]: each for each in rows_of_kind("aorta", CASES)}
    assert rows["organ recognised (share)"]["value"] == pytest.approx(5 / 6, abs=1e-4)
    assert rows[f"{CODE}: given (share)"]["value"] == pytest.approx(5 / 6, abs=1e-4)
    assert rows[f"{CODE}: absolute error (median, own unit)"]["value"] == pytest.approx(1.0)
    assert rows[f"{CODE}: bias (median, own unit)"]["value"] == pytest.approx(0.5)
    assert rows[f"{CODE}: truth inside the 90 % interval (share)"]["value"] == pytest.approx(0.6)
    assert rows[f"{CODE}: within 1 mm or 3 % (share)"]["value"] == pytest.approx(0.5)  # a value not given is not close
    low, high = rows[f"{CODE}: given (share)"]["low"], rows[f"{CODE}: given (share)"]["high"]
    assert 0 < low < 5 / 6 < high <= 1


def test_flags_of_the_screening_question() -> None:
    missed, false = rows_of_aorta(CASES)
    assert (missed["value"], missed["n"]) == (0.5, 4)
    assert (false["value"], false["n"]) == (0.0, 1)


def test_pairs_are_of_what_was_given() -> None:
    assert answer_pairs(CASES) == {CODE: [(40.5, 40), (32.0, 33), (21.5, 20), (30.2, 29.5), (28.0, 32)]}


def test_a_row_repeats() -> None:
    first, again = (row("aorta", "m", [1.0, 2.0, 4.0], max) for _ in range(2))
    assert first == again
    assert first["value"] == 4.0
