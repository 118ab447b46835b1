"""What the classifying heads say about the recognised organ: findings that are present, absent or unsure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lingyin.analyze.fuse import Joined, join_probabilities, join_separately
from lingyin.analyze.organ import AGREEING
from lingyin.analyze.organ import HEAD as ORGAN_HEAD
from lingyin.analyze.reading import Readings
from lingyin.analyze.rulebook import FindingRule, RuleBook
from lingyin.core.phrases import phrase
from lingyin.core.study import (
    LANGUAGES,
    Category,
    Certainty,
    Evidence,
    EvidenceKind,
    Finding,
    NotAssessed,
    RuleRef,
    Text,
)
from lingyin.core.tree import Kind, Tree
from lingyin.runtime.manifest import Head

DEFAULT_POINT = 0.5
MANY_LABELS = 4  # a head with more labels than this lists what it saw, not all that it did not see
CATEGORIES = {
    Kind.FINDING: Category.DIAGNOSIS,
    Kind.VIEW: Category.VIEW,
    Kind.STRUCTURE: Category.STRUCTURE,
    Kind.ORGAN: Category.STRUCTURE,
    Kind.QUALITY: Category.QUALITY,
}


@dataclass
class Verdicts:
    """Findings of all heads that spoke, what they would not say, and the joined probabilities per head."""

    findings: list[Finding] = field(default_factory=list)
    not_assessed: list[NotAssessed] = field(default_factory=list)
    joined: dict[str, Joined] = field(default_factory=dict)


def applicable(heads: Iterable[Head], organ: str, task: str) -> list[Head]:
    """Heads of one task that may speak about `organ`; the organ head itself is not among them."""
    return [head for head in heads if head.task == task and head.name != ORGAN_HEAD and organ in head.organs]


def hear_heads(readings: Readings, heads: Iterable[Head], organ: str, tree: Tree, rules: RuleBook) -> Verdicts:
    """Joins every classifying head that applies to `organ` over the clip and turns it into findings.

    Heads for a phase of the cycle speak about single frames and are left to the measurements.
    """
    verdicts = Verdicts()
    for head in applicable(heads, organ, "classify"):
        if any(tree[label].kind is Kind.PHASE for label in head.labels):
            continue
        tables = [reading.probabilities[head.name] for reading in readings.frames]
        join = join_separately if head.mode == "several" else join_probabilities
        joined = join(tables, readings.weights)
        verdicts.joined[head.name] = joined
        if joined.agreement < AGREEING:
            verdicts.not_assessed.extend(_refused(head, tree, "heads-disagree"))
            continue
        verdicts.findings.extend(_Speaker(head, joined, readings, tree, rules).findings())
    return verdicts


def refused_heads(heads: Iterable[Head], organ: str, tree: Tree, reason: str) -> list[NotAssessed]:
    """The diagnoses that could have been made of `organ` but were not, for one reason."""
    return [item for head in applicable(heads, organ, "classify") for item in _refused(head, tree, reason)]


def _refused(head: Head, tree: Tree, reason: str) -> list[NotAssessed]:
    return [
        NotAssessed(code=label, name=tree[label].name, reason=reason)
        for label in head.labels
        if tree[label].kind is Kind.FINDING and tree.abnormal(label)
    ]


@dataclass(frozen=True)
class _Speaker:
    """One head with all that its findings need."""

    head: Head
    joined: Joined
    readings: Readings
    tree: Tree
    rules: RuleBook

    def findings(self) -> list[Finding]:
        """One finding per label worth stating: the winner always, an abnormal label also where it is not ruled out.

        At or over its operating point a label is present; under half of it, or under what the head needs to rule it
        out, absent; between, unsure. A winner below its own operating point is unsure. Where labels may be true
        together none wins: all that are not absent are stated.
        """
        stated, several = [], self.head.mode == "several"
        for index, label in enumerate(self.head.labels):
            certainty = _certainty(float(self.joined.probabilities[index]), self.head, label)
            wins = certainty is not Certainty.ABSENT if several else index == self.joined.top
            if wins and certainty is Certainty.ABSENT:
                certainty = Certainty.UNSURE
            if wins or self._competes(label, certainty):
                stated.append(self._finding(index, label, certainty))
        return stated if several else _settled(stated, self.head)

    def _competes(self, label: str, certainty: Certainty) -> bool:
        """Whether a loser is stated: abnormal ones, unless the head has many labels and this one is ruled out."""
        if self.tree[label].kind is not Kind.FINDING or not self.tree.abnormal(label):
            return False
        return certainty is not Certainty.ABSENT or len(self.head.labels) <= MANY_LABELS

    def _finding(self, index: int, label: str, certainty: Certainty) -> Finding:
        node, rule = self.tree[label], self.rules.findings.get(label)
        abnormal = node.abnormal if rule is None else rule.abnormal
        urgent = node.urgent if rule is None else rule.urgent
        present = certainty is Certainty.PRESENT
        name = self.head.name
        best = max(self.readings.frames, key=lambda each: float(each.probabilities[name][index]) * each.weight)
        score = round(float(best.probabilities[name][index]), 4)
        still = ["single-frame"] if len(self.readings.frames) == 1 else []
        return Finding(
            code=label,
            category=CATEGORIES[node.kind],
            name=node.name,
            certainty=certainty,
            probability=round(float(self.joined.probabilities[index]), 4),
            abnormal=abnormal if present else (False if abnormal and certainty is Certainty.ABSENT else None),
            urgent=urgent and present,
            evidence=[Evidence(frame=best.frame, time_s=best.time_s, kind=EvidenceKind.FRAME, score=score)],
            rule=self._reference(rule) if node.kind is Kind.FINDING else None,
            caveats=[*self.head.caveats, *still],
        )

    def _reference(self, rule: FindingRule | None) -> RuleRef | None:
        """The rule of a finding with the operating points of its head; these alone where no rule speaks of it.

        Operating points are told where they were chosen on the validation split, and of what they decide: findings.
        """
        told = [label for label in self.head.labels if label in self.head.thresholds and self._decides(label)]
        if not told:
            return None if rule is None else rule.reference()
        text = _points_text(self.head, told, self.tree)
        if rule is not None:
            return rule.reference(text)
        return RuleRef(
            id=f"operating-points-{self.head.name.replace('_', '-')}",
            guideline=f"Operating points of the network's head {self.head.name}",
            edition="as in the model's manifest",
            evidence="validation",
            text=text,
        )

    def _decides(self, label: str) -> bool:
        return self.tree[label].kind is Kind.FINDING


def _points_text(head: Head, labels: Iterable[str], tree: Tree) -> Text:
    """The operating points of a head in words of every language."""
    result = {}
    for lang in LANGUAGES:
        point = phrase("operating", "point")[lang]
        points = (point.format(name=tree[each].name[lang], percent=f"{100 * _point(head, each):g}") for each in labels)
        listed = phrase("operating", "comma")[lang].join(points)
        result[lang] = phrase("operating", "points")[lang].format(points=listed)
    return result


def _point(head: Head, label: str) -> float:
    """Operating point of a label: from the manifest, where it was chosen on the validation split."""
    return float(head.thresholds.get(label, DEFAULT_POINT))


def _certainty(probability: float, head: Head, label: str) -> Certainty:
    point = _point(head, label)
    if probability >= point:
        return Certainty.PRESENT
    return Certainty.ABSENT if probability < head.rules_out.get(label, point / 2) else Certainty.UNSURE


def _doubted(findings: list[Finding], head: Head) -> list[Finding]:
    """Of a head that says what it needs to rule labels out: nothing harmless is present while a harm may be."""
    if not any(each.certainty is Certainty.UNSURE and each.code in head.rules_out for each in findings):
        return findings
    doubt = {"certainty": Certainty.UNSURE, "abnormal": None}
    calm = [each.certainty is Certainty.PRESENT and each.abnormal is False for each in findings]
    return [each.model_copy(update=doubt) if harmless else each for each, harmless in zip(findings, calm, strict=True)]


def _settled(findings: list[Finding], head: Head) -> list[Finding]:
    """Labels of one head exclude each other: of several over their operating points one stays present.

    An abnormal one wins over a normal one (sensitivity first), then one with an operating point of its own (chosen
    because missing this label costs more), then the one furthest over its point.
    """
    findings = _doubted(findings, head)
    present = [finding for finding in findings if finding.certainty is Certainty.PRESENT]
    if len(present) < 2:
        return findings

    def rank(each: Finding) -> tuple[bool, bool, float]:
        return bool(each.abnormal), each.code in head.thresholds, (each.probability or 0.0) / _point(head, each.code)

    winner = max(present, key=rank)
    doubted = {"certainty": Certainty.UNSURE, "abnormal": None, "urgent": False}
    return [each.model_copy(update=doubted) if each in present and each is not winner else each for each in findings]
