"""Heads to findings: present, absent, unsure; who may speak; what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lingyin.analyze.quality import Quality
from lingyin.analyze.reading import Reading, Readings
from lingyin.analyze.rulebook import load_rules
from lingyin.analyze.verdicts import Verdicts, applicable, hear_heads, refused_heads
from lingyin.core.study import Category, Certainty
from lingyin.core.tree import load_tree

BREAST = ("breast_normal", "breast_mass_benign", "breast_mass_malignant")


def head(name: str, labels: Sequence[str], organs: Sequence[str], task: str = "classify", **more: Any) -> Any:
    values = {"mode": "exclusive", "thresholds": {}, "rules_out": {}, "caveats": []} | more
    return SimpleNamespace(name=name, task=task, labels=tuple(labels), organs=tuple(organs), **values)


def readings(name: str, rows: Sequence[Sequence[float]]) -> Readings:
    frames = [
        Reading(number, number / 25, Quality(0.5), 0.1, {name: np.asarray(row, np.float32)}, {})
        for number, row in enumerate(rows)
    ]
    return Readings(tuple(frames), SimpleNamespace(), SimpleNamespace())  # type: ignore[arg-type]


def hear(rows: Sequence[Sequence[float]], thresholds: dict[str, float] | None = None) -> Verdicts:
    breast = head("breast_diagnosis", BREAST, ["breast"], thresholds=thresholds or {}, caveats=["trained-on-crops"])
    return hear_heads(readings("breast_diagnosis", rows), [breast], "breast", load_tree(), load_rules())


def certainties(verdicts: Verdicts) -> dict[str, Certainty]:
    return {finding.code: finding.certainty for finding in verdicts.findings}


def test_normal_is_stated_with_what_was_ruled_out() -> None:
    verdicts = hear([[0.9, 0.07, 0.03]] * 3)
    assert certainties(verdicts) == {
        "breast_normal": Certainty.PRESENT,
        "breast_mass_benign": Certainty.ABSENT,
        "breast_mass_malignant": Certainty.ABSENT,
    }
    assert {finding.abnormal for finding in verdicts.findings} == {False}


def test_a_malignant_mass_is_abnormal_carries_its_rule_and_is_not_urgent() -> None:
    verdicts = hear([[0.05, 0.15, 0.8]] * 3)
    malignant = next(each for each in verdicts.findings if each.code == "breast_mass_malignant")
    assert malignant.certainty is Certainty.PRESENT
    assert malignant.abnormal is True
    assert not malignant.urgent
    assert malignant.rule is not None
    assert malignant.rule.id == "breast-mass-malignant-birads5"
    assert malignant.caveats == ["trained-on-crops"]
    assert malignant.category is Category.DIAGNOSIS


def test_the_operating_point_decides() -> None:
    rows = [[0.1, 0.6, 0.3]] * 3
    assert certainties(hear(rows))["breast_mass_malignant"] is Certainty.UNSURE
    lowered = hear(rows, {"breast_mass_malignant": 0.25})
    assert certainties(lowered)["breast_mass_malignant"] is Certainty.PRESENT
    assert certainties(lowered)["breast_mass_benign"] is Certainty.UNSURE
    raised = hear(rows, {"breast_mass_malignant": 0.7})
    assert certainties(raised)["breast_mass_malignant"] is Certainty.ABSENT


def test_an_abnormal_label_over_its_point_wins_over_a_normal_winner() -> None:
    verdicts = hear([[0.6, 0.1, 0.3]] * 3, {"breast_mass_malignant": 0.25})
    found = certainties(verdicts)
    assert found["breast_mass_malignant"] is Certainty.PRESENT
    assert found["breast_normal"] is Certainty.UNSURE


def test_a_winner_below_its_point_is_unsure() -> None:
    verdicts = hear([[0.4, 0.35, 0.25]] * 3)
    assert certainties(verdicts)["breast_normal"] is Certainty.UNSURE
    assert all(finding.abnormal is None or finding.certainty is Certainty.ABSENT for finding in verdicts.findings)


def test_what_a_head_cannot_rule_out_is_unsure_and_so_is_what_it_contradicts() -> None:
    def said(limit: float) -> dict[str, Certainty]:
        few = head("own", BREAST, ["breast"], rules_out={"breast_mass_malignant": limit, "breast_mass_benign": 0.2})
        return certainties(
            hear_heads(readings("own", [[0.9, 0.07, 0.03]] * 3), [few], "breast", load_tree(), load_rules())
        )

    assert said(0.05) == {
        "breast_normal": Certainty.PRESENT,
        "breast_mass_benign": Certainty.ABSENT,
        "breast_mass_malignant": Certainty.ABSENT,
    }
    assert said(0.0) == {
        "breast_normal": Certainty.UNSURE,
        "breast_mass_benign": Certainty.ABSENT,
        "breast_mass_malignant": Certainty.UNSURE,
    }


def test_frames_that_contradict_each_other_give_no_diagnosis() -> None:
    verdicts = hear([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]])
    assert verdicts.findings == []
    assert {item.reason for item in verdicts.not_assessed} == {"heads-disagree"}
    assert {item.code for item in verdicts.not_assessed} == {"breast_mass_benign", "breast_mass_malignant"}


def test_evidence_is_the_frame_that_shows_it_best() -> None:
    verdicts = hear([[0.6, 0.3, 0.1], [0.9, 0.05, 0.05], [0.7, 0.2, 0.1]])
    normal = next(each for each in verdicts.findings if each.code == "breast_normal")
    assert (normal.evidence[0].frame, normal.evidence[0].score) == (1, pytest.approx(0.9))


def test_one_frame_says_so() -> None:
    assert "single-frame" in hear([[0.9, 0.05, 0.05]]).findings[0].caveats


def test_views_are_views_and_phases_are_left_to_the_measurements() -> None:
    tree, rules = load_tree(), load_rules()
    view = head("heart_view", ["view_apical_two_chamber", "view_apical_four_chamber"], ["heart"])
    phase = head("heart_phase", ["phase_end_diastole", "phase_end_systole"], ["heart"])
    rows = readings("heart_view", [[0.1, 0.9]] * 2)
    (finding,) = hear_heads(rows, [view, phase], "heart", tree, rules).findings
    assert (finding.code, finding.category) == ("view_apical_four_chamber", Category.VIEW)
    assert finding.abnormal is None


def test_only_heads_of_the_organ_speak() -> None:
    heads = [
        head("organ", ["breast"], []),
        head("a", BREAST, ["breast"]),
        head("b", ["x"], ["liver"]),
        head("c", ["y"], ["breast"], "segment"),
    ]
    assert [each.name for each in applicable(heads, "breast", "classify")] == ["a"]
    assert [each.name for each in applicable(heads, "breast", "segment")] == ["c"]


def test_refused_heads_name_the_abnormalities_left_open() -> None:
    items = refused_heads([head("breast_diagnosis", BREAST, ["breast"])], "breast", load_tree(), "unlike-training-data")
    assert [(item.code, item.reason) for item in items] == [
        ("breast_mass_benign", "unlike-training-data"),
        ("breast_mass_malignant", "unlike-training-data"),
    ]


def test_labels_that_may_be_true_together_are_each_stated() -> None:
    rows = [[0.02, 0.9, 0.8], [0.1, 0.8, 0.9]]
    several = head("own", BREAST, ["breast"], mode="several")
    verdicts = hear_heads(readings("own", rows), [several], "breast", load_tree(), load_rules())
    said = {each.code: each.certainty for each in verdicts.findings}
    assert said["breast_mass_benign"] is said["breast_mass_malignant"] is Certainty.PRESENT
    assert "breast_normal" not in said


def test_operating_points_from_validation_are_told_with_the_finding() -> None:
    thresholds = {"breast_normal": 0.405, "breast_mass_malignant": 0.25}
    found = {each.code: each for each in hear([[0.9, 0.07, 0.03]] * 3, thresholds).findings}
    normal, malignant = found["breast_normal"].rule, found["breast_mass_malignant"].rule
    assert normal is not None
    assert (normal.id, normal.evidence) == ("operating-points-breast-diagnosis", "validation")
    assert "malignant breast mass 25 %" in normal.text["en"]
    assert "normal breast 40.5 %" in normal.text["en"]
    assert malignant is not None
    assert malignant.id == "breast-mass-malignant-birads5"
    assert "乳腺恶性肿块：25%" in malignant.text["zh-Hans"]


def test_a_point_that_was_never_chosen_is_not_told() -> None:
    found = {each.code: each for each in hear([[0.9, 0.07, 0.03]] * 3).findings}
    assert found["breast_normal"].rule is None
