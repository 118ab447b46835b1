"""The grammar files of the report, one per language, and their reader: checked to speak of the same things in each."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lingyin.core.errors import CatalogueError, UsageError
from lingyin.core.paths import packaged
from lingyin.core.study import LANGUAGES

Table = Mapping[str, str]
Bands = tuple[tuple[float, str], ...]  # (lower limit, words), highest first, the last from 0

TABLES = (
    *("sentence", "part", "unit", "convention", "evidence", "triage", "mark", "certainty", "calibration"),
    *("verdict", "change", "status", "ui"),
)


@dataclass(frozen=True)
class Grammar:
    """How one language says things. Each table maps a key to a template with `{placeholders}` or to plain words.

    `words` maps a certainty to the words for a probability, `claims` a certainty to the words that give it away.
    """

    lang: str
    sentence: Table
    part: Table
    words: Mapping[str, Bands]
    claims: Mapping[str, list[str]]
    unit: Table
    convention: Table
    evidence: Table
    triage: Table
    mark: Table
    certainty: Table
    calibration: Table
    verdict: Table
    change: Table
    status: Table
    ui: Table

    def probability_words(self, certainty: str, probability: float) -> str:
        """Words for `probability` (0-1), e.g. "very likely"."""
        return next(words for limit, words in self.words[certainty] if probability >= limit)

    def join(self, names: list[str]) -> str:
        """A list as the language writes it: "a, b and c", "a、b和c"."""
        if len(names) < 2:
            return "".join(names)
        return self.part["comma"].join(names[:-1]) + self.part["last_comma"] + names[-1]

    def plural(self, table: Table, key: str, count: int, **slots: object) -> str:
        """The template `<key>_one` or `<key>_other`, filled."""
        return table[f"{key}_{'one' if count == 1 else 'other'}"].format(n=count, **slots)


@functools.cache
def load_grammar(lang: str) -> Grammar:
    """The grammar of one language.

    Raises:
        UsageError: there is no such language.
        CatalogueError: the file says other things than the English one.
    """
    if lang not in LANGUAGES:
        raise UsageError(f"no report in {lang!r}; choose one of {', '.join(LANGUAGES)}")
    grammar = read_grammar(packaged("lingyin.report", "grammar", f"{lang}.toml"), lang)
    if lang != LANGUAGES[0]:
        same_shape(grammar, load_grammar(LANGUAGES[0]))
    return grammar


def read_grammar(path: Path, lang: str) -> Grammar:
    """Reads one grammar file; CatalogueError where a table is missing or the words for probabilities leave a gap."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    missing = {*TABLES, "words", "claims"} - set(document)
    if missing:
        raise CatalogueError(f"{path.name} lacks the tables {sorted(missing)}")
    words = {key: tuple((float(limit), text) for limit, text in bands) for key, bands in document["words"].items()}
    for key, bands in words.items():
        limits = [limit for limit, _ in bands]
        if limits != sorted(limits, reverse=True) or limits[-1] != 0:
            raise CatalogueError(f"{path.name}: [words] {key} must fall from line to line and end at 0")
    return Grammar(lang=lang, words=words, claims=document["claims"], **{table: document[table] for table in TABLES})


def same_shape(grammar: Grammar, model: Grammar) -> None:
    """Checks that two languages have the same keys, and in each template the same placeholders."""
    for table in TABLES:
        mine, theirs = getattr(grammar, table), getattr(model, table)
        if set(mine) != set(theirs):
            raise CatalogueError(f"grammar {grammar.lang} [{table}] differs in {sorted(set(mine) ^ set(theirs))}")
        for key, text in mine.items():
            if placeholders(text) != placeholders(theirs[key]):
                raise CatalogueError(f"grammar {grammar.lang} [{table}] {key} has other placeholders than {model.lang}")
    for key, bands in grammar.words.items():
        if [limit for limit, _ in bands] != [limit for limit, _ in model.words[key]]:
            raise CatalogueError(f"grammar {grammar.lang} [words] {key} has other limits than {model.lang}")


def placeholders(text: str) -> set[str]:
    """Names in braces of a template."""
    return set(re.findall(r"\{(\w+)\}", text))
