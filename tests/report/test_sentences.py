"""Sentences: exact words for known findings, all languages, order of urgency, the script's own punctuation."""

from __future__ import annotations

import re

import pytest

from lingyin.core.clip import Clip
from lingyin.core.errors import UsageError
from lingyin.core.study import LANGUAGES, Analysis, Certainty
from lingyin.report import Section, check_report, sentences
from tests.report.builders import aneurysm, breast, diagnosis, fetal_head, make_clip, make_study, measurement


def said(analysis: Analysis, lang: str, section: Section) -> list[str]:
    return [sentence.text for sentence in sentences(analysis.study, lang) if sentence.section is section]


def test_measurement_in_three_languages() -> None:
    analysis, _ = aneurysm()
    assert said(analysis, "en", Section.IMPRESSION)[1] == (
        "Abdominal aortic diameter: 47.2 mm (90 % interval 45.9 to 48.5 mm), outer wall to outer wall; "
        "medium aneurysm (from 40 mm); outside the reference."
    )
    assert said(analysis, "zh-Hans", Section.IMPRESSION)[1] == (
        "腹主动脉直径：47.2 mm（90% 区间 45.9–48.5 mm），测量方式：外壁至外壁；中等动脉瘤（40 mm 起）；超出参考范围。"
    )
    assert said(analysis, "zh-Hant", Section.IMPRESSION)[1] == (
        "腹主動脈直徑：47.2 mm（90% 區間 45.9–48.5 mm），測量方式：外壁至外壁；中等動脈瘤（40 mm 起）；超出參考範圍。"
    )


def test_pregnancy_is_told_in_weeks_and_days() -> None:
    analysis, _ = fetal_head()
    assert said(analysis, "en", Section.FINDINGS)[-1] == (
        "Gestational age by ultrasound: 20 weeks 1 day (90 % interval 18 weeks 6 days to 21 weeks 3 days)."
    )
    assert "20周1天（90% 区间 18周6天–21周3天）" in said(analysis, "zh-Hans", Section.FINDINGS)[-1]


def test_present_doubtful_and_absent_are_told_apart() -> None:
    findings = said(breast()[0], "en", Section.FINDINGS)
    assert findings[1] == "Image quality: The picture is very dark; a higher gain would help."
    assert findings[2] == "Malignant breast mass: possible, above the alarm limit (probability 43 %)."
    assert findings[3] == "Benign breast mass: uncertain, neither confirmed nor excluded (probability 41 %)."
    assert findings[4] == "Normal breast: not supported by the pictures, very unlikely (probability <1 %)."
    assert findings[5] == "Breast lesion: present."


def test_absence_of_disease_is_a_negation() -> None:
    study = make_study(make_clip(4), [diagnosis("breast_mass_malignant", Certainty.ABSENT, 0.03, abnormal=False)])
    assert [sentences(study, lang)[1].text for lang in LANGUAGES] == [
        "Malignant breast mass: not seen, very unlikely (probability 3 %).",
        "未见乳腺恶性肿块，可能性极小（概率 3%）。",
        "未見乳房惡性腫塊，可能性極小（機率 3%）。",
    ]


def test_not_assessed_is_grouped_by_reason() -> None:
    assert said(breast()[0], "en", Section.NOT_ASSESSED) == [
        "Not assessed: long axis of the breast lesion and short axis of the breast lesion. "
        "The picture carries no length calibration, so nothing was measured in millimetres."
    ]


def test_frame_count_is_singular_for_a_still() -> None:
    assert said(fetal_head()[0], "en", Section.LIMITS)[-1] == "1 of 1 frame was analysed."
    assert said(aneurysm()[0], "en", Section.LIMITS)[-1] == "30 of 30 frames were analysed."


def test_impression_begins_with_the_most_urgent() -> None:
    clip = make_clip(4)
    findings = [
        diagnosis("breast_mass_benign", Certainty.UNSURE, 0.4),
        measurement("abdominal_aorta_diameter", 33.0, "mm", (31.0, 35.0), abnormal=True),
        diagnosis("breast_mass_malignant", Certainty.PRESENT, 0.9, abnormal=True, urgent=True),
    ]
    impression = [
        sentence.finding
        for sentence in sentences(make_study(clip, findings), "en")
        if sentence.section is Section.IMPRESSION
    ]
    assert impression == [None, 2, 1, 0]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_case_passes_the_check_in_every_language(case: tuple[Analysis, Clip], lang: str) -> None:
    study = case[0].study
    assert check_report(study, sentences(study, lang), lang) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_sentences_are_whole_and_of_one_script(case: tuple[Analysis, Clip], lang: str) -> None:
    for sentence in sentences(case[0].study, lang):
        assert "{" not in sentence.text
        assert sentence.text.endswith("." if lang == "en" else "。")
        if lang == "en":
            assert not re.search(r"[\u3000-\u9fff\uff00-\uffef]", sentence.text)
            assert sentence.text[0].isupper() or sentence.text[0].isdigit()
        else:
            assert not re.search(r"(?<=[\u4e00-\u9fff])[,;:.()]|[,;:.()](?=[\u4e00-\u9fff])", sentence.text)


def test_traditional_text_holds_no_simplified_characters(case: tuple[Analysis, Clip]) -> None:
    simplified = set("断诊图动脉测径见显头儿围双顶额线个参险帧紧导训练数据无异")
    for sentence in sentences(case[0].study, "zh-Hant"):
        assert not simplified & set(sentence.text), sentence.text


def test_unknown_language_is_refused() -> None:
    with pytest.raises(UsageError, match="zh-Hant"):
        sentences(aneurysm()[0].study, "fr")
