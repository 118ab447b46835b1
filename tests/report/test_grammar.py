"""Grammar files: the same keys, placeholders and limits in each language; what is wrong in one is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lingyin.core.errors import CatalogueError
from lingyin.core.measurements import load_measurements
from lingyin.core.paths import packaged
from lingyin.core.study import LANGUAGES, Triage
from lingyin.report.grammar import TABLES, load_grammar, read_grammar, same_shape


@pytest.mark.parametrize("lang", LANGUAGES)
def test_languages_say_the_same_things(lang: str) -> None:
    grammar = load_grammar(lang)
    same_shape(grammar, load_grammar("en"))
    for table in TABLES:
        for key, text in getattr(grammar, table).items():
            assert text or (table, key) in {("unit", "1"), ("part", "weeks_and_days")}, (table, key)
    assert set(grammar.triage) == {each.value for each in Triage}


def test_every_unit_and_convention_of_the_catalogue_has_words() -> None:
    grammar = load_grammar("en")
    for measurement in load_measurements().values():
        assert measurement.unit in grammar.unit or measurement.unit == "wk"
        assert measurement.convention is None or measurement.convention in grammar.convention


@pytest.mark.parametrize("lang", ["zh-Hans", "zh-Hant"])
def test_chinese_words_are_chinese(lang: str) -> None:
    grammar, english = load_grammar(lang), load_grammar("en")
    for table in ("convention", "evidence", "triage", "mark", "certainty", "ui"):
        for key, text in getattr(grammar, table).items():
            assert any("\u4e00" <= character <= "\u9fff" for character in text), (table, key)
            assert text != getattr(english, table)[key]


def test_missing_key_and_other_placeholder_are_named() -> None:
    english = load_grammar("en")
    less = {key: text for key, text in english.ui.items() if key != "play"}
    with pytest.raises(CatalogueError, match="play"):
        same_shape(replace(english, ui=less), english)
    with pytest.raises(CatalogueError, match="organ_present"):
        same_shape(replace(english, sentence={**english.sentence, "organ_present": "{nme}"}), english)


def test_words_for_probabilities_leave_no_gap(tmp_path: Path) -> None:
    text = packaged("lingyin.report", "grammar", "en.toml").read_text(encoding="utf-8")
    broken = tmp_path / "en.toml"
    broken.write_text(text.replace('[0.0, "very unlikely"]', '[0.01, "very unlikely"]'), encoding="utf-8")
    with pytest.raises(CatalogueError, match="end at 0"):
        read_grammar(broken, "en")
    broken.write_text(text.replace("[mark]", "[marks]"), encoding="utf-8")
    with pytest.raises(CatalogueError, match="mark"):
        read_grammar(broken, "en")


def test_lists_are_joined_as_each_language_does() -> None:
    names = ["a", "b", "c"]
    assert [load_grammar(lang).join(names) for lang in LANGUAGES] == ["a, b and c", "a、b和c", "a、b和c"]
    assert load_grammar("en").join(["a"]) == "a"
    assert load_grammar("en").join([]) == ""


def test_probability_words_follow_their_limits() -> None:
    grammar = load_grammar("en")
    assert grammar.probability_words("present", 0.95) == "very likely"
    assert grammar.probability_words("present", 0.9499) == "likely"
    assert grammar.probability_words("absent", 0.0) == "very unlikely"
