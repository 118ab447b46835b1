"""Reads a report back without its templates: every number in a finding, every finding in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lingyin.core.phrases import load_phrases
from lingyin.core.study import Certainty, Finding, Study
from lingyin.report.grammar import Grammar, load_grammar
from lingyin.report.sentences import Section, Sentence

NUMBER = re.compile(r"\d+(?:\.\d+)?")
LEVEL = 90.0  # every interval of a study is a 90 % interval
DAYS_PER_WEEK = 7


@dataclass(frozen=True, slots=True)
class Expected:
    """A number that a sentence may hold: `value`, and the unit that must follow it, if any."""

    value: float
    unit: str = ""


def check_report(study: Study, said: Sequence[Sentence], lang: str = "en") -> list[str]:
    """Problems of a report in `lang`, in words; an empty list where all is well.

    Checked: every number of a sentence is, rounded to the decimals shown, the next number of its finding, with its
    unit, and none is left out; a sentence claims no more and no less than the certainty of its finding; each abnormal
    finding stands in the impression, each finding in the findings, each thing not assessed among the not assessed with
    its reason, each caveat among the limits; urgent findings come first.
    """
    grammar = load_grammar(lang)
    problems = []
    for sentence in said:
        if sentence.finding is not None and not 0 <= sentence.finding < len(study.findings):
            problems.append(f"points at finding {sentence.finding}, which does not exist: {sentence.text}")
        elif sentence.section in {Section.IMPRESSION, Section.FINDINGS} and sentence.finding is not None:
            problems += _check_finding(sentence.text, study.findings[sentence.finding], grammar)
        else:
            problems += _check_scan(sentence, study, grammar)
    return [*problems, *_missing(study, said, grammar), *_disorder(study, said)]


def _check_finding(text: str, finding: Finding, grammar: Grammar) -> Iterable[str]:
    """Name, numbers with units, and certainty of the sentence of one finding."""
    lang = grammar.lang
    name = finding.name.get(lang, "")
    if name.lower() not in text.lower():
        yield f"does not name {finding.code}: {text}"
    grade = finding.grade_name.get(lang, "")
    if grade and grade not in text:
        yield f"does not tell the grade of {finding.code}: {text}"
    rest = text
    for known in sorted((name, grade), key=len, reverse=True):
        rest = re.sub(re.escape(known), " ", rest, count=1, flags=re.IGNORECASE) if known else rest
    yield from _check_numbers(rest, _numbers_of(finding, grammar), text)
    yield from _check_claim(rest, finding, grammar, text)


def _numbers_of(finding: Finding, grammar: Grammar) -> list[Expected]:
    """The numbers that a finding's sentence holds, in order."""
    if finding.value is None:
        if finding.probability is None:
            return []
        return [Expected(min(max(100 * finding.probability, 1.0), 99.0), "%")]
    values = [finding.value]
    if finding.interval is not None:
        values += finding.interval
    if finding.unit == "wk":
        days = [divmod(round(value * DAYS_PER_WEEK), DAYS_PER_WEEK) for value in values]
        expected = [Expected(float(part)) for pair in days for part in pair]
        return [*expected[:2], Expected(LEVEL, "%"), *expected[2:]] if finding.interval else expected
    unit = grammar.unit.get(finding.unit or "", finding.unit or "")
    expected = [Expected(value, unit if position != 1 else "") for position, value in enumerate(values)]
    return [expected[0], Expected(LEVEL, "%"), *expected[1:]] if finding.interval else expected


def _check_numbers(text: str, expected: list[Expected], whole: str) -> Iterable[str]:
    found = list(NUMBER.finditer(text))
    for number, wanted in zip(found, expected, strict=False):
        shown = number.group()
        if not _rounds_to(wanted.value, shown):
            yield f"says {shown} where the finding has {wanted.value:g}: {whole}"
        elif not text[number.end() :].lstrip(" \u00a0").startswith(wanted.unit):
            yield f"{shown} lacks its unit {wanted.unit}: {whole}"
    if len(found) > len(expected):
        yield f"has the number {found[len(expected)].group()} that is not in its finding: {whole}"
    if len(found) < len(expected):
        yield f"leaves out the number {expected[len(found)].value:g} of its finding: {whole}"


def _rounds_to(value: float, shown: str) -> bool:
    decimals = len(shown.partition(".")[2])
    return abs(float(shown) - abs(value)) <= 0.5 * float(f"1e-{decimals}") + 1e-9


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


def _check_scan(sentence: Sentence, study: Study, grammar: Grammar) -> Iterable[str]:
    """A sentence about the scan: it may hold catalogue phrases, names, and how many frames were analysed."""
    rest = sentence.text
    known = [phrase[grammar.lang] for group in load_phrases().values() for phrase in group.values()]
    known += [item.name.get(grammar.lang, "") for item in study.not_assessed]
    known += [finding.name.get(grammar.lang, "") for finding in study.findings]
    for words in sorted(filter(None, known), key=len, reverse=True):
        rest = rest.replace(words, " ")
    counts = {str(study.clip.frames_read), str(study.clip.frames)}
    for number in NUMBER.findall(rest):
        if number not in counts:
            yield f"has the number {number} that is not in the study: {sentence.text}"


def _missing(study: Study, said: Sequence[Sentence], grammar: Grammar) -> Iterable[str]:
    """What the study holds and the report does not say."""
    phrases = load_phrases()
    about = {section: {each.finding for each in said if each.section is section} for section in Section}
    spoken = {section: "\n".join(each.text for each in said if each.section is section).lower() for section in Section}
    for index, finding in enumerate(study.findings):
        if index not in about[Section.FINDINGS]:
            yield f"finding {index} ({finding.code}) is not among the findings"
        if (finding.abnormal or finding.urgent) and index not in about[Section.IMPRESSION]:
            yield f"abnormal finding {index} ({finding.code}) is not in the impression"
        for caveat in finding.caveats:
            if phrases["caveat"][caveat][grammar.lang].lower() not in spoken[Section.LIMITS]:
                yield f"caveat {caveat} of {finding.code} is not among the limits"
    for item in study.not_assessed:
        told = spoken[Section.NOT_ASSESSED]
        if item.name.get(grammar.lang, item.code).lower() not in told:
            yield f"{item.code} is not among the not assessed"
        elif phrases["reason"][item.reason][grammar.lang].lower() not in told:
            yield f"the reason {item.reason} of {item.code} is not given"
    if phrases["triage"][study.triage_reason][grammar.lang].lower() not in spoken[Section.IMPRESSION]:
        yield f"the triage reason {study.triage_reason} is not in the impression"


def _disorder(study: Study, said: Sequence[Sentence]) -> Iterable[str]:
    """In the impression nothing less urgent stands before something more urgent."""
    ranks = [
        0 if study.findings[each.finding].urgent else 1 if study.findings[each.finding].abnormal else 2
        for each in said
        if each.section is Section.IMPRESSION and each.finding is not None and 0 <= each.finding < len(study.findings)
    ]
    if ranks != sorted(ranks):
        yield "the impression is not ordered by urgency"
