"""Describes outlined lesions and scores them: patches of a few frames come in, descriptors and categories go out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from lingyin.analyze.describe.lexicon import Described, describe
from lingyin.analyze.describe.patch import Patch, cut_patch
from lingyin.analyze.judge import SECONDARY
from lingyin.analyze.measure.caliper import area
from lingyin.analyze.measure.shot import Shot, mask_evidence
from lingyin.analyze.score import Scored, score
from lingyin.analyze.scorebook import ScoreRule
from lingyin.analyze.scoretext import advice_text, score_text
from lingyin.core.clip import Clip, Mask
from lingyin.core.phrases import phrase
from lingyin.core.study import LANGUAGES, Category, Certainty, Evidence, Finding, NotAssessed, Text
from lingyin.core.tree import Tree

FRAMES = 3  # looked at for a description
NEAR_LARGEST = 0.8  # of the 90th percentile of the areas: frames that cut the lesion near its middle
RATIOS = ("height_over_width",)
SHARES = ("overlap", "filled")  # told in per cent
FROM_GREY = "descriptors-from-grey-levels"


@dataclass(frozen=True)
class Assessor:
    """Describes and scores lesions of one clip; `standing` are caveats that hold for all of it."""

    clip: Clip
    sector: Mask
    tree: Tree
    standing: tuple[str, ...] = ()

    def assess(
        self,
        rules: Iterable[ScoreRule],
        shots: Mapping[str, Sequence[Shot]],
        measured: Mapping[str, Finding],
    ) -> tuple[list[Finding], list[NotAssessed]]:
        """Descriptors and categories for each rule whose lesion is outlined in `shots`.

        `measured` are the findings that carry a value, by code.
        """
        findings: list[Finding] = []
        refused: list[NotAssessed] = []
        told: set[str] = set()
        sizes = {code: each.interval for code, each in measured.items() if each.interval is not None}
        for rule in rules:
            chosen = best_shots(shots.get(rule.subject, ()))
            patches = self._patches(chosen)
            if not patches:
                continue
            described = describe(rule.subject, patches)
            evidence = [mask_evidence(shot, rule.subject) for shot in chosen]
            if rule.subject not in told:
                findings.extend(self._descriptors(described, evidence))
                told.add(rule.subject)
            scored = score(rule, {each.feature: each.possible for each in described}, sizes)
            if len(scored.grades) == len(rule.grade):
                refused.append(NotAssessed(code=rule.judges, name=rule.name, reason="descriptors-not-seen"))
            else:
                findings.append(self._category(scored, measured.get(rule.size or ""), evidence))
        return findings, refused

    def _patches(self, shots: Sequence[Shot]) -> list[Patch]:
        found = []
        for shot in shots:
            grey = np.asarray(cv2.cvtColor(self.clip.frames[shot.frame], cv2.COLOR_RGB2GRAY), np.float32)
            patch = cut_patch(grey, self.sector, shot)
            if patch is not None and patch.lesion.any():
                found.append(patch)
        return found

    def _descriptors(self, described: Iterable[Described], evidence: list[Evidence]) -> list[Finding]:
        """What is settled and has a name in the tree; what stays open is told with the category."""
        found = []
        for each in described:
            code = each.settled
            if code is None or code not in self.tree:
                continue
            number = next(iter(each.numbers.items()), None)
            found.append(
                Finding(
                    code=code,
                    category=Category.DESCRIPTOR,
                    name=self.tree[code].name,
                    certainty=Certainty.PRESENT,
                    grade=None if number is None else number[0],
                    grade_name={} if number is None else _number_text(*number),
                    evidence=evidence,
                    caveats=[*self.standing, FROM_GREY],
                )
            )
        return found

    def _category(self, scored: Scored, size: Finding | None, evidence: list[Evidence]) -> Finding:
        rule, first, last = scored.rule, scored.grades[0], scored.grades[-1]
        advice = None
        if size is not None and size.value is not None and size.interval is not None:
            advice = advice_text(scored, size.interval, size.value)
        flags = [self.tree.abnormal(code) is True for code in scored.grades]
        abnormal = True if all(flags) else False if not any(flags) else None
        if abnormal is None and size is not None and size.interval is not None and advice is not None:
            abnormal = False if scored.actions(size.interval) == ("none",) else None
        single = len(scored.grades) == 1
        return Finding(
            code=first if single else rule.judges,
            category=Category.ASSESSMENT,
            name=self.tree[first].name if single else rule.name,
            certainty=Certainty.PRESENT,
            abnormal=abnormal,
            grade=first if single else f"{first}_to_{last}",
            grade_name=score_text(scored),
            evidence=evidence,
            rule=rule.reference(advice),
            caveats=[*self.standing, FROM_GREY, *([SECONDARY] if rule.evidence != "primary" else [])],
        )


def best_shots(shots: Sequence[Shot]) -> list[Shot]:
    """The few frames that show the lesion near its largest, whole, and best."""
    whole = [shot for shot in shots if not shot.cut] or list(shots)
    if not whole:
        return []
    areas = [area(shot.outline_mm()) for shot in whole]
    least = NEAR_LARGEST * float(np.percentile(areas, 90))
    large = [shot for shot, size in zip(whole, areas, strict=True) if size >= least]
    best = sorted(large, key=lambda shot: -shot.certainty * shot.quality)[:FRAMES]
    return sorted(best, key=lambda shot: shot.frame)


def _number_text(name: str, value: float) -> Text:
    """The number behind a descriptor in words; shares and levels in whole per cent."""
    shown = f"{value:.2f}" if name in RATIOS else f"{100 * value:.0f}" if name in SHARES else f"{value:.0f}"
    words = phrase("seen", name)
    return {lang: words[lang].format(value=shown) for lang in LANGUAGES}
