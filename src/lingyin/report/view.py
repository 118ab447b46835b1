"""What the page shows in one language, ready for the templates: lines, table rows, footnotes. No HTML is made here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from lingyin.core.study import Certainty, Finding, RuleRef, Study
from lingyin.report.grammar import Grammar
from lingyin.report.sentences import Section, Sentence, by_urgency, name_of, sentences
from lingyin.report.wording import interval_ends, number, opened, percent, quantity, say

GAP_BEFORE_UNIT = re.compile(r"(?<=\d) (?!(?:to|of|and)\b)(?=[a-zA-Z%])")


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence with its mark, the number of its footnote, and the frames that show it (0-based).

    `rule` is the rule in words, with the guideline's advice; only beside what is abnormal, and once per rule.
    """

    text: str
    finding: int | None
    mark: str | None = None
    note: int | None = None
    frames: list[int] = field(default_factory=list)
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A finding in the table; `note` is the number of its footnote."""

    finding: int
    name: str
    result: str
    interval: str
    judgement: str
    mark: str
    note: int | None
    frames: list[int]


@dataclass(frozen=True, slots=True)
class Note:
    """A footnote: the rule and how well its threshold was checked."""

    number: int
    guideline: str
    edition: str
    evidence: str
    text: str
    url: str | None


@dataclass(frozen=True)
class View:
    """One language of the page."""

    lang: str
    grammar: Grammar
    status: str
    impression: list[Line]
    comparison: list[Line]
    findings: list[Line]
    not_assessed: list[Line]
    limits: list[Line]
    review: list[Line]
    rows: list[Row]
    notes: list[Note]
    facts: list[tuple[str, str]] = field(default_factory=list)


def view(study: Study, grammar: Grammar) -> View:
    """Everything the page says in one language."""
    rules = _rules(study)
    lines = [(sentence.section, _line(sentence, study, rules)) for sentence in sentences(study, grammar.lang)]
    return View(
        lang=grammar.lang,
        grammar=grammar,
        impression=_with_rules([line for section, line in lines if section is Section.IMPRESSION], study, grammar),
        status=grammar.status[study.status.value],
        comparison=[line for section, line in lines if section is Section.COMPARISON],
        findings=[line for section, line in lines if section is Section.FINDINGS],
        not_assessed=[line for section, line in lines if section is Section.NOT_ASSESSED],
        limits=[line for section, line in lines if section is Section.LIMITS],
        review=[line for section, line in lines if section is Section.REVIEW],
        rows=[_row(index, study.findings[index], rules, grammar) for index in by_urgency(study.findings)],
        notes=[_note(position, rule, grammar) for position, rule in enumerate(rules.values(), start=1)],
        facts=_facts(study, grammar),
    )


def unbroken(text: str) -> str:
    """With no line break between a number and its unit."""
    return GAP_BEFORE_UNIT.sub("\u00a0", text)


def mark_of(finding: Finding) -> str:
    """Key of the grammar's `mark` table."""
    if finding.urgent:
        return "urgent"
    if finding.abnormal:
        return "abnormal"
    if finding.certainty is Certainty.UNSURE:
        return "unsure"
    return "normal" if finding.abnormal is False else "none"


def frames_of(finding: Finding) -> list[int]:
    """Frames that a finding points at, each once, in the order given."""
    return list(dict.fromkeys(evidence.frame for evidence in finding.evidence))


def _line(sentence: Sentence, study: Study, rules: dict[str, RuleRef]) -> Line:
    text = unbroken(sentence.text)
    if sentence.finding is None or sentence.section is Section.LIMITS:
        return Line(text, None)
    if sentence.section is Section.COMPARISON:
        return Line(text, sentence.finding, "none", None, frames_of(study.findings[sentence.finding]))
    finding = study.findings[sentence.finding]
    return Line(text, sentence.finding, mark_of(finding), _note_number(finding, rules), frames_of(finding))


def _with_rules(lines: list[Line], study: Study, grammar: Grammar) -> list[Line]:
    """The lines of the impression, the first abnormal one of each rule with the words of that rule."""
    told: set[str] = set()
    result = []
    for line in lines:
        finding = None if line.finding is None else study.findings[line.finding]
        if finding is not None and finding.abnormal and finding.rule is not None and finding.rule.id not in told:
            told.add(finding.rule.id)
            result.append(replace(line, rule=unbroken(say(finding.rule.text, grammar.lang, ""))))
        else:
            result.append(line)
    return result


def _row(index: int, finding: Finding, rules: dict[str, RuleRef], grammar: Grammar) -> Row:
    interval = result = ""
    judgement = say(finding.grade_name, grammar.lang, finding.grade or "")
    if finding.value is not None:
        result = quantity(finding.value, finding.code, finding.unit, grammar)
        if finding.interval is not None:
            interval = grammar.part["range"].join(interval_ends(finding, grammar))
    elif finding.probability is not None:
        result = grammar.part["probability"].format(percent=percent(finding.probability, grammar))
    judgement = judgement or _certainty(finding, grammar)
    return Row(
        finding=index,
        name=opened(name_of(finding, grammar)),
        result=unbroken(result),
        interval=unbroken(interval),
        judgement=unbroken(judgement),
        mark=mark_of(finding),
        note=_note_number(finding, rules),
        frames=frames_of(finding),
    )


def _certainty(finding: Finding, grammar: Grammar) -> str:
    """The judgement of a finding without a grade, in the words of its sentence; the mark itself says "uncertain"."""
    if finding.value is not None or finding.certainty is Certainty.UNSURE:
        return ""
    if finding.probability is None:
        return grammar.certainty[finding.certainty.value]
    return grammar.probability_words(finding.certainty.value, finding.probability)


def _rules(study: Study) -> dict[str, RuleRef]:
    """The rules that judged anything, each once, in the order of the table."""
    found = (study.findings[index].rule for index in by_urgency(study.findings))
    return {rule.id: rule for rule in found if rule is not None}


def _note_number(finding: Finding, rules: dict[str, RuleRef]) -> int | None:
    return None if finding.rule is None else list(rules).index(finding.rule.id) + 1


def _note(position: int, rule: RuleRef, grammar: Grammar) -> Note:
    evidence = grammar.evidence.get(rule.evidence, rule.evidence)
    return Note(position, rule.guideline, rule.edition, evidence, unbroken(say(rule.text, grammar.lang, "")), rule.url)


def _facts(study: Study, grammar: Grammar) -> list[tuple[str, str]]:
    """The small print: clip, calibration, scanner, program, model. File names only, and nothing about the patient."""
    clip, ui = study.clip, grammar.ui
    facts = ui["clip_facts"].format(
        w=clip.width,
        h=clip.height,
        frames=grammar.plural(ui, "frames", clip.frames),
        seconds=number(clip.duration_s, 2),
    )
    how = grammar.calibration.get(clip.calibration, clip.calibration)
    device = " ".join(part for part in (clip.manufacturer, clip.model_name) if part)
    return [
        (ui["source"], file_name(clip.source)),
        (ui["clip"], facts),
        (ui["calibration"], ui["calibrated"].format(how=how) if clip.calibrated else ui["uncalibrated"]),
        (ui["device"], device or ui["unknown"]),
        (ui["program"], f"{study.program} {study.program_version}"),
        (ui["model"], f"{study.model.name} {study.model.version}"),
        (ui["checksum"], study.model.sha256),
        (ui["created"], study.created),
    ]


def file_name(source: str) -> str:
    """The name without its folders; of a member of an archive, both names."""
    return "!".join(PurePath(part.replace("\\", "/")).name for part in source.split("!"))
