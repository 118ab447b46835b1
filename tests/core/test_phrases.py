"""Phrases: every code has words in every language, and a broken file is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from lingyin.core.errors import CatalogueError
from lingyin.core.phrases import load_phrases, phrase, read_phrases
from lingyin.core.study import LANGUAGES

AGREED = {
    "reason": (
        "uncalibrated not-trained unlike-training-data low-certainty heads-disagree no-complete-cycle not-visible "
        "organ-not-recognised single-frame"
    ),
    "caveat": (
        "trained-on-phantoms-only interval-reaches-threshold sex-unknown-lower-threshold origin-unconfirmed-data "
        "trained-on-crops view-not-verified spacing-assumed-square few-training-subjects"
    ),
    "triage": (
        "urgent-finding abnormal-finding interval-reaches-threshold all-assessed-normal unlike-training-data "
        "organ-not-recognised nothing-assessable low-certainty"
    ),
}


@pytest.mark.parametrize(
    ("group", "code"), [(group, code) for group, codes in AGREED.items() for code in codes.split()]
)
def test_every_agreed_code_has_a_sentence_in_each_language(group: str, code: str) -> None:
    assert set(phrase(group, code)) == set(LANGUAGES)


def test_simplified_and_traditional_are_not_copies_of_english() -> None:
    for codes in load_phrases().values():
        for code, text in codes.items():
            assert text["en"].isascii() or "–" in text["en"], code
            assert not text["zh-Hans"].isascii(), code
            assert not text["zh-Hant"].isascii(), code


def test_simplified_words_hold_no_traditional_characters() -> None:
    traditional = set("為這個來時們學說與對沒圖標數據機條測習訓練資料異過診斷隨訪")
    for codes in load_phrases().values():
        for code, text in codes.items():
            assert not traditional & set(text["zh-Hans"]) - set("据条测"), code


def test_an_unknown_code_is_a_catalogue_error() -> None:
    with pytest.raises(CatalogueError, match=r"\[reason.nonsense\]"):
        phrase("reason", "nonsense")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[reason.a]\nen = 'x'\nzh-Hans = 'y'", "exactly the languages"),
        ("[reason.a]\nen = 'x'\nzh-Hans = 'y'\nzh-Hant = ' '", "no words in zh-Hant"),
        ("[reason.a]\nen = 'x'\nzh-Hans = 'y'\nzh-Hant = 'z'\nfr = 'w'", "exactly the languages"),
        ("reason = 3", "not a group"),
        ("[reason", "not valid TOML"),
    ],
)
def test_a_broken_file_is_named_with_its_fault(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "phrases.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError, match=problem):
        read_phrases(path)


def test_the_caller_cannot_change_the_catalogue() -> None:
    phrase("reason", "uncalibrated")["en"] = "changed"
    assert phrase("reason", "uncalibrated")["en"] != "changed"
