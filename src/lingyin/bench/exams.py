"""Random phantom exams against their exact truth: cases come in as plain values, rows and tables of a result go out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lingyin.bench.metrics import bootstrap, figures_of
from lingyin.core.clip import Clip
from lingyin.core.study import Study
from lingyin.io import open_clip
from lingyin.io.phantom import make_phantom, write_phantom
from lingyin.tasks.synthetic import ORGANS

OUTCOMES = ("right", "unsure", "wrong")
Case = dict[str, Any]
Row = dict[str, Any]
Reader = Callable[[Clip], Study]
Grader = Callable[[str, float], str | None]  # the grade of a value of a code; None where no rule judges it


def run_case(read: Reader, grade: Grader, kind: str, seed: int) -> Case:
    """One phantom through file, reader and analysis: truth and answer side by side, as plain values."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "phantom.dcm"
        phantom = make_phantom(kind, seed)
        write_phantom(phantom, path)
        study = read(open_clip(path))
    truth = {code: float(entry["value"]) for code, entry in phantom.truth["measurements"].items()}
    stated = answer(study)
    grades = {
        code: graded(grade, code, truth[code], *stated["values"][code]) for code in truth if code in stated["values"]
    }
    told = {code: each for code, each in grades.items() if each is not None}
    return {"kind": kind, "seed": seed, "truth": truth, **stated, "grades": told}


def answer(study: Study) -> Case:
    """What the study says, as plain values."""
    return {
        "organ": next((each.code for each in study.findings if each.category == "organ"), None),
        "triage": study.triage.value,
        "values": {
            each.code: [each.value, *(each.interval or ())] for each in study.findings if each.value is not None
        },
        "findings": {each.code: each.certainty.value for each in study.findings},
        "flagged": sorted(each.code for each in study.findings if each.abnormal),
        "not_assessed": {each.code: each.reason for each in study.not_assessed},
    }


def graded(grade: Grader, code: str, truth: float, value: float, *interval: float) -> Case | None:
    """Whether the grade of a stated value is that of the truth; None where no rule judges it.

    "unsure" is a wrong grade whose interval reaches the right one, which the report tells. `clear` tells that the truth
    is further from every threshold than the interval is wide to either side.
    """
    right = grade(code, truth)
    if right is None:
        return None
    low, high = interval if interval else (value, value)
    half = (high - low) / 2
    reached = {grade(code, end) for end in (low, value, high)}
    outcome = "right" if grade(code, value) == right else "unsure" if right in reached else "wrong"
    clear = {grade(code, max(0.0, truth - half)), grade(code, truth + half)} == {right}
    return {"outcome": outcome, "clear": clear}


def category_table(cases: Sequence[Case]) -> list[Row]:
    """How many categories of each measurement were right, unsure and wrong, far from its thresholds and near one."""
    table = []
    for code in sorted({code for case in cases for code in case["grades"]}):
        found = [case["grades"][code] for case in cases if code in case["grades"]]
        for clear in (True, False):
            part = [each["outcome"] for each in found if each["clear"] is clear]
            counts = {outcome: part.count(outcome) for outcome in OUTCOMES}
            where = "further than the interval" if clear else "nearer than the interval"
            table.append({"measurement": code, "threshold": where, **counts, "n": len(part)})
    return table


def rows_of_kind(kind: str, cases: Sequence[Case]) -> list[Row]:
    """Recognition, then for each measured code: given at all, error, how often the 90 % interval holds the truth."""
    rows = [row(kind, "organ recognised (share)", [case["organ"] == ORGANS[kind] for case in cases], np.mean)]
    for code in sorted({code for case in cases for code in case["truth"]}):
        known = [case for case in cases if code in case["truth"]]
        given = [case for case in known if code in case["values"]]
        if not given:
            continue
        truth = np.asarray([case["truth"][code] for case in given])
        stated = np.asarray([case["values"][code] for case in given], float)
        error = stated[:, 0] - truth
        inside = (stated[:, 1] <= truth) & (truth <= stated[:, 2])
        rows += [
            row(kind, f"{code}: given (share)", [code in case["values"] for case in known], np.mean),
            row(kind, f"{code}: absolute error (median, own unit)", np.abs(error).tolist(), np.median),
            row(kind, f"{code}: relative error (median, %)", (100 * np.abs(error) / truth).tolist(), np.median),
            row(kind, f"{code}: bias (median, own unit)", error.tolist(), np.median),
            row(kind, f"{code}: truth inside the 90 % interval (share)", inside.tolist(), np.mean),
        ]
        if code in BOUNDS:
            close = [code in case["values"] and _within(code, case) for case in known]
            rows.append(row(kind, f"{code}: {BOUNDS[code][2]} (share)", close, np.mean))
    return rows


BOUNDS: dict[str, tuple[float, float, str]] = {
    "abdominal_aorta_diameter": (1.0, 0.03, "within 1 mm or 3 %"),
    "left_ventricular_ejection_fraction": (5.0, 0.0, "within 5 points"),
    "fetal_head_circumference": (0.0, 0.02, "within 2 %"),
    "intima_media_thickness": (0.1, 0.0, "within 0.1 mm"),
}  # absolute and relative error that a measurement should keep, and both in words


def _within(code: str, case: Case) -> bool:
    absolute, relative, _ = BOUNDS[code]
    truth = case["truth"][code]
    return bool(abs(case["values"][code][0] - truth) <= max(absolute, relative * truth))


def rows_of_aorta(cases: Sequence[Case]) -> list[Row]:
    """Flags of the screening question: aneurysms of 30 mm and more, and aortas under 25 mm."""
    code = "abdominal_aorta_diameter"
    flagged = [(case["triage"] in {"abnormal", "urgent"}, case["truth"][code]) for case in cases]
    metrics = {
        "aneurysms of 30 mm or more that were flagged (share)": [flag for flag, true in flagged if true >= 30.0],
        "aortas under 25 mm that were flagged (share)": [flag for flag, true in flagged if true < 25.0],
    }
    return [row("aorta", metric, values, np.mean) for metric, values in metrics.items() if values]


def row(kind: str, metric: str, values: Sequence[float], statistic: Callable[[Any], Any]) -> Row:
    """One row of a result: a statistic with its 95 % interval over cases."""
    array = np.asarray(values, float)
    cases = np.arange(len(array)).astype(str)
    return {
        "application": f"phantom {kind}",
        "task": "measure",
        "method": "lingyin analyze",
        "labels": "exact by construction",
        "metric": metric,
        **figures_of(bootstrap(lambda drawn: float(statistic(array[drawn])), cases)),
    }


def answer_pairs(cases: Sequence[Case]) -> dict[str, list[tuple[float, float]]]:
    """(answer, truth) of every measurement that was given, by code, as a Bland-Altman plot wants them."""
    pairs: dict[str, list[tuple[float, float]]] = {}
    for case in cases:
        for code, (value, *_) in case["values"].items():
            if code in case["truth"]:
                pairs.setdefault(code, []).append((value, case["truth"][code]))
    return pairs
