"""Reads a report back without its templates: every number and claim in a finding, every finding in the report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from lingyin.core.errors import ReportError
from lingyin.core.phrases import load_phrases
from lingyin.core.study import Study
from lingyin.report.check_finding import check_statement
from lingyin.report.check_history import (
    check_change,
    check_growth,
    compared_words,
    missing_history,
    together,
    without_signers,
)
from lingyin.report.check_words import Expected, check_alien, check_numbers, without
from lingyin.report.grammar import Grammar, load_grammar
from lingyin.report.sentences import Section, Sentence, sentences

SENTENCES = ("reason", "caveat", "triage", "uncompared")  # groups of phrases that stand in a report as they are
STATING = frozenset({Section.IMPRESSION, Section.FINDINGS})


def require_true(study: Study, lang: str) -> None:
    """Composes the report of `study` in `lang` and checks it; runs before any report is written.

    Raises:
        ReportError: a sentence says what no finding says, or a finding is left out: a defect of this program.
    """
    problems = check_report(study, sentences(study, lang), lang)
    if problems:
        raise ReportError(f"the report in {lang} does not match its findings, so it was not written: {problems[0]}")


def check_report(study: Study, said: Sequence[Sentence], lang: str = "en") -> list[str]:
    """Problems of a report in `lang`, in words; an empty list where all is well.

    Checked: every number of a sentence is, rounded to the decimals shown, the next number of its finding, with its
    sign and unit, and none is left out; side, certainty, likelihood and judgement are the finding's; no word stands
    there that neither a finding nor a template holds; each abnormal finding stands in the impression, each finding in
    the findings, each thing not assessed among the not assessed with its reason, each caveat among the limits; urgent
    findings come first; growth is the difference of its values; every correction and signature is told.
    """
    grammar = load_grammar(lang)
    problems: list[str] = []
    for sentence in said:
        if sentence.finding is not None and not 0 <= sentence.finding < len(study.findings):
            problems.append(f"points at finding {sentence.finding}, which does not exist: {sentence.text}")
        elif sentence.change is not None:
            problems += check_change(sentence, study, grammar)
        elif sentence.section in STATING and sentence.finding is not None:
            problems += check_statement(sentence.text, study.findings[sentence.finding], grammar)
        elif sentence.section is Section.COMPARISON and sentence.finding is not None:
            problems += _check_growth(sentence, study, grammar)
        else:
            problems += _check_scan(sentence, study, grammar)
    problems += _missing(study, said, grammar)
    problems += missing_history(study, said, grammar)
    return [*problems, *_disorder(study, said)]


def _check_growth(sentence: Sentence, study: Study, grammar: Grammar) -> Iterable[str]:
    growths = [] if study.comparison is None else study.comparison.growth
    growth = next((each for each in growths if each.finding == sentence.finding), None)
    if growth is None:
        yield f"tells a change that was not found: {sentence.text}"
    else:
        yield from check_growth(sentence.text, growth, study, grammar)


def _check_scan(sentence: Sentence, study: Study, grammar: Grammar) -> Iterable[str]:
    """A sentence about the scan: it holds phrases, names, words of a signer, and counts in a known order."""
    lang = grammar.lang
    known = [phrase[lang] for group in SENTENCES for phrase in load_phrases().get(group, {}).values()]
    known += [item.name.get(lang, item.code) for item in study.not_assessed]
    for finding in study.findings:
        known += [finding.name.get(lang, ""), finding.grade_name.get(lang, "")]
    text = without_signers(sentence.text, study) if sentence.section is Section.REVIEW else sentence.text
    rest = without(text, [*known, *compared_words(study, grammar)])
    counts: list[float] = []
    if re.search(r"\d", rest):
        days = [] if study.comparison is None else [float(study.comparison.days)]
        frames = [float(study.clip.frames_read), float(study.clip.frames)]
        # "of {total} frames {read} were read" in some languages, the other way round in others
        frames = frames if lang == "en" else frames[::-1]
        counts = days if sentence.section is Section.COMPARISON else frames
    yield from check_numbers(rest, [Expected(count) for count in counts], sentence.text)
    yield from check_alien(rest, grammar, sentence.text)


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
        fault = finding.grade_name.get(grammar.lang, "") if finding.category == "quality" else ""
        if fault.lower() not in spoken[Section.LIMITS]:
            yield f"the fault of the picture ({finding.grade}) is not among the limits"
    lines = [each.text for each in said if each.section is Section.NOT_ASSESSED]
    for item in study.not_assessed:
        name, reason = item.name.get(grammar.lang, item.code), phrases["reason"][item.reason][grammar.lang]
        if not together(lines, name):
            yield f"{item.code} is not among the not assessed"
        elif not together(lines, name, reason):
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
