"""The checker: a true report passes; each planted error is found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lingyin.report import Section, Sentence, check_report, sentences
from tests.report.builders import aneurysm, breast, fetal_head


def planted(said: list[Sentence], old: str, new: str) -> list[Sentence]:
    """The report with one thing changed in every sentence that has it."""
    changed = [replace(sentence, text=sentence.text.replace(old, new)) for sentence in said]
    assert changed != said
    return changed


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("47.2 mm", "42.7 mm", "says 42.7 where the finding has 47.23"),
        ("47.2 mm", "47.2 cm", "lacks its unit mm"),
        ("47.2 mm", "47.20 mm", "says 47.20"),
        ("45.9 to 48.5", "48.5 to 45.9", "says 48.5 where the finding has 45.94"),
        ("90 % interval", "95 % interval", "says 95 where the finding has 90"),
        (" (90 % interval 45.9 to 48.5 mm)", "", "leaves out the number 90"),
        ("; outside the reference", "; outside the reference, growing by 5 mm", "number 5 that is not in its finding"),
        ("; outside the reference", "; within the reference", "wrongly against its reference"),
        ("aneurysm: present", "aneurysm: not seen", "claims absent where the finding says present"),
        ("medium aneurysm (from 40 mm)", "large aneurysm", "does not tell the grade"),
        ("Abdominal aortic diameter", "Aortic root diameter", "does not name abdominal_aorta_diameter"),
        ("The network learnt this from simulated images only", "Fine", "caveat trained-on-phantoms-only"),
        ("lumen diameter of the abdominal aorta", "nothing", "abdominal_aorta_lumen_diameter is not among"),
        ("The structure was not found, or not completely visible, in any frame.", "", "reason not-visible"),
        ("30 of 30", "29 of 30", "says 29 where the finding has 30"),
        ("At least one finding is outside the reference.", "", "triage reason abnormal-finding"),
    ],
)
def test_planted_error_is_found(old: str, new: str, problem: str) -> None:
    study = aneurysm()[0].study
    problems = check_report(study, planted(sentences(study, "en"), old, new))
    assert any(problem in each for each in problems), problems


@pytest.mark.parametrize(
    ("lang", "old", "new"),
    [
        ("zh-Hans", "概率 43%", "概率 34%"),
        ("zh-Hant", "不確定，既不能確認也不能排除", "存在"),
        ("en", "very unlikely", "99 %"),
    ],
)
def test_planted_error_in_a_diagnosis(lang: str, old: str, new: str) -> None:
    study = breast()[0].study
    said = sentences(study, lang)
    assert check_report(study, said, lang) == []
    assert check_report(study, planted(said, old, new), lang)


def test_wrong_days_of_pregnancy_are_found() -> None:
    study = fetal_head()[0].study
    assert check_report(study, planted(sentences(study, "en"), "20 weeks 1 day", "20 weeks 2 days"))


def test_left_out_abnormal_finding_is_found() -> None:
    study = aneurysm()[0].study
    said = [each for each in sentences(study, "en") if not (each.section is Section.IMPRESSION and each.finding == 2)]
    assert check_report(study, said) == ["abnormal finding 2 (abdominal_aortic_aneurysm) is not in the impression"]
    said = [each for each in said if each.finding != 2]
    assert "finding 2 (abdominal_aortic_aneurysm) is not among the findings" in check_report(study, said)


def test_sentence_of_no_finding_is_found() -> None:
    study = aneurysm()[0].study
    said = [*sentences(study, "en"), Sentence("Spleen: enlarged.", 9, Section.FINDINGS)]
    assert "points at finding 9" in check_report(study, said)[0]


def test_wrong_order_of_the_impression_is_found() -> None:
    study = breast()[0].study
    said = sentences(study, "en")
    said[1], said[2] = said[2], said[1]
    assert check_report(study, said) == ["the impression is not ordered by urgency"]
