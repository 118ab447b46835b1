"""Applies a scoring system to what was seen of a lesion. What was not seen stays open: every lesion that fits is
scored, and all grades that come out are given."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lingyin.analyze.scorebook import Feature, ScoreRule, When

Seen = Mapping[str, frozenset[str]]  # feature -> values that it may have; a feature left out is open
World = Mapping[str, str]  # feature -> the one value that it has in an imagined lesion
NO_ACTION, FOLLOW_UP, BIOPSY = "none", "follow-up", "biopsy"


@dataclass(frozen=True, slots=True)
class Share:
    """What one feature adds: the values that it may have (in the rule's order), the points of these, and whether its
    being open keeps the grade open."""

    feature: Feature
    possible: tuple[str, ...]
    points: tuple[int, int]
    wanted: bool

    @property
    def settled(self) -> bool:
        return len(self.possible) == 1

    @property
    def unseen(self) -> bool:
        """Whether nothing at all is known of it."""
        return len(self.possible) == len(self.feature.value)


@dataclass(frozen=True)
class Scored:
    """The grades that fit what was seen, in the rule's order; the lowest and highest sum of points (None where a
    system has no points); and the share of each feature."""

    rule: ScoreRule
    grades: tuple[str, ...]
    points: tuple[int, int] | None
    shares: tuple[Share, ...]

    def actions(self, size_mm: tuple[float, float]) -> tuple[str, ...]:
        """What the system advises for a lesion whose size lies within `size_mm`: of `none`, `follow-up`, `biopsy`, all
        that are possible, the mildest first."""
        order = (NO_ACTION, FOLLOW_UP, BIOPSY)
        found = {_action(self.rule, grade, size) for grade in self.grades for size in size_mm}
        first, last = min(map(order.index, found)), max(map(order.index, found))
        return order[first : last + 1]


def score(rule: ScoreRule, seen: Seen, measured: Mapping[str, tuple[float, float]] | None = None) -> Scored:
    """Scores a lesion.

    Args:
        rule: the system.
        seen: values that each feature may have; empty sets and features left out count as open.
        measured: intervals of measurements in the catalogue's units, for features that are read from one.
    """
    possible = {feature.code: _possible(feature, seen, measured or {}) for feature in rule.feature}
    worlds = list(_worlds(rule, possible))
    outcomes = [_outcome(rule, world) for world in worlds]
    reached = {grade for grades, _ in outcomes for grade in grades}
    grades = tuple(grade.code for grade in rule.grade if grade.code in reached)
    points = [total for _, total in outcomes]
    shares = tuple(
        _share(feature, {world[feature.code] for world in worlds}, worlds, outcomes) for feature in rule.feature
    )
    return Scored(rule, grades, (min(points), max(points)) if rule.has_points else None, shares)


def _possible(feature: Feature, seen: Seen, measured: Mapping[str, tuple[float, float]]) -> tuple[str, ...]:
    if feature.measured is not None:
        held = feature.reached(*measured[feature.measured]) if feature.measured in measured else frozenset()
    else:
        held = seen.get(feature.code, frozenset())
    return tuple(code for code in feature.codes if code in held) or feature.codes


def _worlds(rule: ScoreRule, possible: Mapping[str, tuple[str, ...]]) -> Iterator[World]:
    """Every lesion that fits; where what was seen contradicts itself, the impossible ones as well."""
    every = [dict(zip(possible, values, strict=True)) for values in itertools.product(*possible.values())]
    real = [world for world in every if not any(_holds(when, world) for when in rule.impossible)]
    yield from real or every


def _outcome(rule: ScoreRule, world: World) -> tuple[tuple[str, ...], int]:
    """Grades and points of one lesion."""
    points = sum(
        value.points for feature in rule.feature for value in feature.value if value.code == world[feature.code]
    )
    for case in rule.case:
        if _holds(case.when, world):
            return case.grades, points
    return ([grade.code for grade in rule.grade if grade.points is not None and points >= grade.points][-1],), points


def _holds(when: When, world: World) -> bool:
    return all(world[feature] in values for feature, values in when.items())


def _share(
    feature: Feature,
    values: set[str],
    worlds: list[World],
    outcomes: list[tuple[tuple[str, ...], int]],
) -> Share:
    ordered = tuple(code for code in feature.codes if code in values)
    points = [value.points for value in feature.value if value.code in values]
    by_rest: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for world, (grades, _) in zip(worlds, outcomes, strict=True):
        rest = tuple(value for code, value in world.items() if code != feature.code)
        by_rest.setdefault(rest, set()).add(grades)
    wanted = len(ordered) > 1 and any(len(found) > 1 for found in by_rest.values())
    return Share(feature, ordered, (min(points), max(points)), wanted)


def _action(rule: ScoreRule, grade: str, size_mm: float) -> str:
    limits = rule.grade_of(grade)
    if limits.biopsy_from is not None and size_mm >= limits.biopsy_from:
        return BIOPSY
    return FOLLOW_UP if limits.follow_up_from is not None and size_mm >= limits.follow_up_from else NO_ACTION
