"""The table in the terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from lingyin.core.clip import Clip
from lingyin.core.errors import UsageError
from lingyin.core.study import LANGUAGES, Analysis
from lingyin.report.terminal import study_table
from tests.report.builders import aneurysm, breast


def shown(analysis: Analysis, lang: str) -> str:
    out = io.StringIO()
    Console(file=out, width=160).print(study_table(analysis.study, lang))
    return out.getvalue()


def test_values_judgement_and_triage_are_shown() -> None:
    text = shown(aneurysm()[0], "en")
    for words in ("aorta.dcm  Abnormal", "47.2 mm", "45.9 to 48.5 mm", "abnormal · medium aneurysm (from 40 mm)"):
        assert words in text.replace("\u00a0", " ")
    assert "At least one finding is outside the reference." in text


def test_most_urgent_comes_first() -> None:
    text = shown(breast()[0], "en")
    assert text.index("Malignant") < text.index("Benign") < text.index("Normal breast")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_case_in_every_language(case: tuple[Analysis, Clip], lang: str) -> None:
    assert case[1].source.path.rsplit("/", 1)[-1] in shown(case[0], lang)


def test_brackets_in_a_name_are_no_markup() -> None:
    analysis, _ = aneurysm(name="[red]x[bold].dcm")
    assert "[red]x[bold].dcm" in shown(analysis, "en").replace("\n", "")


def test_unknown_language_is_refused() -> None:
    with pytest.raises(UsageError):
        study_table(aneurysm()[0].study, "de")
