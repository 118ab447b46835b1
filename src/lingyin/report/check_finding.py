"""The checker's reading of one sentence about one finding: name, side, grade, numbers with units, certainty."""

from __future__ import annotations

from collections.abc import Iterable

from lingyin.core.study import Certainty, Finding, Laterality
from lingyin.report.check_words import LEVEL, Expected, check_alien, check_numbers, without
from lingyin.report.grammar import Grammar

DAYS_PER_WEEK = 7


def check_statement(text: str, finding: Finding, grammar: Grammar) -> Iterable[str]:
    """Problems of a sentence that states `finding`: everything in it must be the finding's, and nothing may lack."""
    lang = grammar.lang
    name = finding.name.get(lang, "")
    if name.lower() not in text.lower():
        yield f"does not name {finding.code}: {text}"
    grade = finding.grade_name.get(lang, "")
    if grade and grade not in text:
        yield f"does not tell the grade of {finding.code}: {text}"
    rest = without(text, (name, grade), once=True)
    yield from check_numbers(rest, numbers_of(finding, grammar), text)
    yield from check_side(rest, finding, grammar, text)
    yield from _check_claim(rest, finding, grammar, text)
    yield from _check_likelihood(rest, finding, grammar, text)
    yield from check_alien(without(rest, untold(finding, grammar)), grammar, text)


def untold(finding: Finding, grammar: Grammar) -> list[str]:
    """Unit and convention of a finding where the language has no words of its own for them, as they then stand."""
    convention = finding.convention or ""
    words = [] if convention in grammar.convention else [convention.replace("-", " ")]
    return words if (finding.unit or "") in grammar.unit else [*words, finding.unit or ""]


def numbers_of(finding: Finding, grammar: Grammar) -> list[Expected]:
    """The numbers that a finding's sentence holds, in order."""
    if finding.value is None:
        return [] if finding.probability is None else [_percent(finding.probability)]
    values = [finding.value, *(finding.interval or ())]
    if finding.unit == "wk":
        days = [divmod(round(value * DAYS_PER_WEEK), DAYS_PER_WEEK) for value in values]
        expected = [Expected(float(part)) for pair in days for part in pair]
        return [*expected[:2], Expected(LEVEL, "%"), *expected[2:]] if finding.interval else expected
    unit = unit_words(finding, grammar)
    expected = [Expected(value, unit if position != 1 else "") for position, value in enumerate(values)]
    return [expected[0], Expected(LEVEL, "%"), *expected[1:]] if finding.interval else expected


def unit_words(finding: Finding, grammar: Grammar) -> str:
    """The finding's unit as the language writes it."""
    return grammar.unit.get(finding.unit or "", finding.unit or "")


def _percent(probability: float) -> Expected:
    """Never 0 or 100 %: beyond 1 and 99 the sentence says so."""
    if probability < 0.01:
        return Expected(1.0, "%", before="<")
    return Expected(99.0, "%", before=">") if probability > 0.99 else Expected(100 * probability, "%")


def check_side(text: str, finding: Finding, grammar: Grammar, whole: str) -> Iterable[str]:
    """The side of the body stands where the finding has one, and no other side."""
    for side in Laterality:
        if (grammar.part[side.value] in text) != (finding.laterality is side):
            yield f"tells the side of {finding.code} wrongly ({side.value}): {whole}"


def _check_claim(text: str, finding: Finding, grammar: Grammar, whole: str) -> Iterable[str]:
    """Negation and doubt stand where the finding has them, and nowhere else."""
    for certainty in (Certainty.ABSENT, Certainty.UNSURE):
        claimed = any(word in text.lower() for word in grammar.claims[certainty.value])
        if claimed and finding.certainty is not certainty:
            yield f"claims {certainty.value} where the finding says {finding.certainty.value}: {whole}"
        if not claimed and finding.certainty is certainty:
            yield f"does not say that the finding is {certainty.value}: {whole}"
    if finding.value is not None:
        outside, within = (grammar.part[key] in text for key in ("outside", "within"))
        if outside != (finding.abnormal is True) or within != (finding.abnormal is False):
            yield f"places {finding.code} wrongly against its reference: {whole}"


def _check_likelihood(text: str, finding: Finding, grammar: Grammar, whole: str) -> Iterable[str]:
    """The words for a probability are those of its band."""
    if finding.value is not None or finding.probability is None or finding.certainty is Certainty.UNSURE:
        return
    organ_denied = finding.category == "organ" and finding.certainty is Certainty.ABSENT  # told by the number alone
    bands = grammar.words[finding.certainty.value]
    right = next(words for limit, words in bands if finding.probability >= limit)
    said = [words for _, words in bands if words in text]
    longest = max(said, key=len, default=None)  # "likely" stands within "very likely"
    if longest != (None if organ_denied else right):
        yield f"puts the probability of {finding.code} into the wrong words: {whole}"
