"""Sentences for the codes an analysis leaves behind (reasons, caveats, triage, quality), read from `phrases.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from lingyin.core.errors import CatalogueError
from lingyin.core.paths import packaged
from lingyin.core.study import LANGUAGES

Phrases = Mapping[str, Mapping[str, Mapping[str, str]]]  # group -> code -> language -> sentence


def phrase(group: str, code: str) -> dict[str, str]:
    """Sentence for one code in every language, e.g. `phrase("reason", "uncalibrated")["en"]`.

    Raises:
        CatalogueError: there is no such group or code.
    """
    phrases = load_phrases()
    if code not in phrases.get(group, {}):
        raise CatalogueError(f"phrases.toml has no [{group}.{code}]")
    return dict(phrases[group][code])


@cache
def load_phrases() -> Phrases:
    """All packaged phrases, checked: every code in every language, nothing empty."""
    return read_phrases(packaged("lingyin.core", "data", "phrases.toml"))


def read_phrases(path: Path) -> Phrases:
    """Reads and checks one phrase file.

    Raises:
        CatalogueError: not TOML, or a code lacks a language, has a strange one, or an empty sentence.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{path.name} is not valid TOML: {error}") from error
    for group, codes in table.items():
        if not isinstance(codes, dict):
            raise CatalogueError(f"{path.name}: {group} is not a group of phrases")
        for code, text in codes.items():
            check_text(text, f"{path.name}: [{group}.{code}]")
    return MappingProxyType(table)


def check_text(text: object, where: str) -> dict[str, str]:
    """Checks that `text` has exactly the project's languages, each with words, and returns it.

    Raises:
        CatalogueError: naming `where` and what is wrong.
    """
    if not isinstance(text, dict) or set(text) != set(LANGUAGES):
        raise CatalogueError(f"{where} needs exactly the languages {', '.join(LANGUAGES)}")
    for language, words in text.items():
        if not isinstance(words, str) or not words.strip():
            raise CatalogueError(f"{where} has no words in {language}")
    return text
