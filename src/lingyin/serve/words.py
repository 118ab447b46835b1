"""Words of the page in three languages: its own, and those of the report and the catalogue that it shares."""

from __future__ import annotations

from functools import cache

from lingyin.core.paths import packaged
from lingyin.core.phrases import load_phrases, read_phrases
from lingyin.core.study import LANGUAGES
from lingyin.report.grammar import load_grammar


@cache
def page_words() -> dict[str, dict[str, str]]:
    """Language -> key -> text; keys read `group.code`.

    Raises:
        CatalogueError: `phrases.toml` lacks a language or a word.
    """
    words: dict[str, dict[str, str]] = {lang: {} for lang in LANGUAGES}
    groups = dict(read_phrases(packaged("lingyin.serve", "phrases.toml")))
    groups["stage"] = {**load_phrases()["stage"], **groups["stage"]}
    for group, codes in groups.items():
        for code, text in codes.items():
            for lang in LANGUAGES:
                words[lang][f"{group}.{code}"] = text[lang]
    for lang in LANGUAGES:
        grammar = load_grammar(lang)
        words[lang] |= {f"triage.{code}": text for code, text in grammar.triage.items()}
        words[lang] |= {f"status.{code}": text for code, text in grammar.status.items()}
        words[lang]["page.banner"] = grammar.ui["banner"]
    return words
