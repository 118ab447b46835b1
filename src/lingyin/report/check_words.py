"""Tools of the checker: which numbers may stand in a sentence and in which order, and which words no template has."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lingyin.report.grammar import TABLES, Grammar, load_grammar

NUMBER = re.compile(r"\d+(?:\.\d+)?")
LEVEL = 90.0  # every interval of a study is a 90 % interval
GAPS = " \u00a0"
SIGNS = {"+": 1, "\u2212": -1}
COMPARATORS = "<>"
SPARED = {"ui", "evidence", "triage", "mark", "calibration"}  # words of the page, not of sentences


@dataclass(frozen=True, slots=True)
class Expected:
    """A number that a sentence must hold: `value`, the unit that must follow it, and what must stand before it."""

    value: float
    unit: str = ""
    signed: bool = False
    before: str = ""  # "<" or ">"


def check_numbers(text: str, expected: Sequence[Expected], whole: str) -> Iterable[str]:
    """Problems of the numbers in `text`, which must be exactly `expected`, in that order, rounded as shown."""
    found = list(NUMBER.finditer(text))
    for number, wanted in zip(found, expected, strict=False):
        shown = number.group()
        if not rounds_to(wanted.value, shown):
            yield f"says {shown} where the finding has {wanted.value:g}: {whole}"
            continue
        if not text[number.end() :].lstrip(GAPS).startswith(wanted.unit):
            yield f"{shown} lacks its unit {wanted.unit}: {whole}"
        ahead = text[: number.start()][-1:]
        if wanted.signed and float(shown) != 0 and SIGNS.get(ahead, 0) != (1 if wanted.value > 0 else -1):
            yield f"{shown} has the wrong sign: {whole}"
        if (ahead if ahead in COMPARATORS else "") != wanted.before:
            yield f"{shown} needs {wanted.before or 'nothing'} before it: {whole}"
    if len(found) > len(expected):
        yield f"has the number {found[len(expected)].group()} that is not in its finding: {whole}"
    if len(found) < len(expected):
        yield f"leaves out the number {expected[len(found)].value:g} of its finding: {whole}"


def rounds_to(value: float, shown: str) -> bool:
    """Whether `value` without its sign, rounded to the decimals of `shown`, reads `shown`."""
    decimals = len(shown.partition(".")[2])
    return abs(float(shown) - abs(value)) <= 0.5 * float(f"1e-{decimals}") + 1e-9


def without(text: str, known: Iterable[str], once: bool = False) -> str:
    """`text` with known words replaced by a gap, the longest first; each `once`, or wherever it stands."""
    for words in sorted(filter(None, known), key=len, reverse=True):
        text = re.sub(re.escape(words), " ", text, count=int(once), flags=re.IGNORECASE)
    return text


def check_alien(text: str, grammar: Grammar, whole: str) -> Iterable[str]:
    """Words in `text`, from which names and phrases were taken out, that no template of the language holds."""
    left = NUMBER.sub(" ", _templates(grammar.lang).sub(" ", text))
    alien = re.findall(r"[^\W_]+", left)
    if alien:
        yield f"has the words {' '.join(alien)!r} that no finding and no template holds: {whole}"


@functools.cache
def _templates(lang: str) -> re.Pattern[str]:
    """Every run of words between the placeholders of a language's templates, the longest first."""
    grammar = load_grammar(lang)
    texts = [text for table in TABLES if table not in SPARED for text in getattr(grammar, table).values()]
    texts += [words for bands in grammar.words.values() for _, words in bands]
    runs = {run.strip() for text in texts for run in re.split(r"\{\w+\}|\d+", text)}
    wordy = sorted((run for run in runs if re.search(r"\w", run)), key=len, reverse=True)
    # in a script with spaces a run begins and ends at the edge of a word
    edged = [(r"\b" if run[0].isascii() and run[0].isalnum() else "") + re.escape(run) for run in wordy]
    return re.compile("|".join(f"{run}(?![a-zA-Z])" if run[-1:].isascii() else run for run in edged), re.IGNORECASE)
