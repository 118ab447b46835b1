"""The view of one language: rows, marks, footnotes and facts."""

from __future__ import annotations

import pytest

from lingyin.core.study import LANGUAGES, Certainty
from lingyin.report.grammar import load_grammar
from lingyin.report.view import file_name, frames_of, mark_of, unbroken, view
from tests.report.builders import RULE, aneurysm, breast, diagnosis, fetal_head, make_clip, make_study


def test_rows_carry_value_interval_judgement_and_footnote() -> None:
    row = view(aneurysm()[0].study, load_grammar("en")).rows[0]
    assert (row.name, row.mark, row.note, row.frames) == ("Abdominal aortic diameter", "abnormal", 1, [6])
    assert row.result == "47.2\u00a0mm"
    assert row.interval == "45.9 to 48.5\u00a0mm"
    assert row.judgement == "medium aneurysm (from 40\u00a0mm)"


def test_judgement_says_what_the_sentence_says() -> None:
    rows = view(breast()[0].study, load_grammar("en")).rows
    told = {row.name: (row.mark, row.result.replace("\u00a0", " "), row.judgement) for row in rows}
    assert told["Malignant breast mass"] == ("urgent", "probability 43 %", "possible, above the alarm limit")
    assert told["Benign breast mass"] == ("unsure", "probability 41 %", "")
    assert told["Normal breast"] == ("none", "probability <1 %", "very unlikely")


def test_rules_are_noted_once_with_their_source() -> None:
    clip = make_clip(4)
    other = RULE.model_copy(update={"id": "second", "url": None, "evidence": "primary"})
    findings = [
        diagnosis("lung_pneumonia", Certainty.PRESENT, 0.9, abnormal=True, rule=rule) for rule in (RULE, other, RULE)
    ]
    shown = view(make_study(clip, findings), load_grammar("zh-Hans"))
    assert [note.number for note in shown.notes] == [1, 2]
    assert [row.note for row in shown.rows] == [1, 2, 1]
    assert shown.notes[0].evidence == "阈值为通行知识，尚未核对原始文献"
    assert shown.notes[1].url is None
    assert [line.note for line in shown.impression] == [None, 1, 2, 1]
    assert [line.rule for line in shown.impression] == [
        None,
        "直径达到 30\u00a0mm 为动脉瘤。",
        "直径达到 30\u00a0mm 为动脉瘤。",
        None,
    ]
    assert not any(line.rule for line in shown.findings)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_facts_name_clip_program_and_model(lang: str) -> None:
    facts = dict(view(fetal_head()[0].study, load_grammar(lang)).facts)
    ui = load_grammar(lang).ui
    assert facts[ui["source"]] == "head.png"
    assert facts[ui["model"]] == "first 1"
    assert facts[ui["device"]] == "Acme Sono 3"
    assert "640 × 480" in facts[ui["clip"]]


def test_uncalibrated_and_unknown_are_said() -> None:
    study = breast()[0].study
    nameless = study.model_copy(
        update={"clip": study.clip.model_copy(update={"manufacturer": None, "model_name": None})}
    )
    facts = dict(view(nameless, load_grammar("en")).facts)
    assert facts["Length calibration"] == "none"
    assert facts["Scanner"] == "not recorded"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("/home/a/b.dcm", "b.dcm"),
        ("C:\\scans\\b.dcm", "b.dcm"),
        ("/x/set.zip!inner/c.png", "set.zip!c.png"),
        ("b.dcm", "b.dcm"),
    ],
)
def test_only_names_of_files(source: str, name: str) -> None:
    assert file_name(source) == name


def test_marks_follow_the_finding() -> None:
    present = diagnosis("lung_normal", Certainty.PRESENT, 0.9)
    assert mark_of(present) == "none"
    assert mark_of(present.model_copy(update={"abnormal": False})) == "normal"
    assert mark_of(present.model_copy(update={"certainty": Certainty.UNSURE})) == "unsure"
    assert mark_of(present.model_copy(update={"abnormal": True, "certainty": Certainty.UNSURE})) == "abnormal"
    assert mark_of(present.model_copy(update={"urgent": True})) == "urgent"
    assert frames_of(aneurysm()[0].study.findings[1]) == [6]


def test_numbers_do_not_part_from_their_units() -> None:
    assert unbroken("47 mm, 90 % and 3 days") == "47\u00a0mm, 90\u00a0% and 3\u00a0days"
