"""Scoring systems as data: features with their values, points or cases, and the grades that follow. Nothing is scored
here (`score`)."""

from __future__ import annotations

import itertools
from typing import Annotated

from pydantic import Field, model_validator

from lingyin.analyze.cited import Chosen, Code, Entry, Words

When = dict[Code, Annotated[tuple[Code, ...], Field(min_length=1)]]  # feature -> values of which one must hold


class Value(Entry):
    """One value of a feature. `name` may be left out for a code of the label tree.

    `at_least` (inclusive) or `above` (exclusive) begin the value of a measured feature, up to the next value.
    """

    code: Code
    name: Words | None = None
    points: int = 0
    at_least: float | None = None
    above: float | None = None

    def begins_by(self, measured: float) -> bool:
        """Whether a measured feature has reached this value."""
        if self.above is not None:
            return measured > self.above
        return self.at_least is None or measured >= self.at_least


class Feature(Entry):
    """What the system asks of a lesion; exactly one value holds. `measured` names the measurement it is read from."""

    code: Code
    name: Words
    value: Annotated[tuple[Value, ...], Field(min_length=2)]
    measured: Code | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(value.code for value in self.value)

    def reached(self, low: float, high: float) -> frozenset[str]:
        """The values of a measured feature that an interval touches."""
        ends = [[each.code for each in self.value if each.begins_by(end)][-1] for end in (low, high)]
        first, last = (self.codes.index(end) for end in ends)
        return frozenset(self.codes[first : last + 1])


class Grade(Entry):
    """One category: its code (tree), its short label, the points from which it is given, and sizes in mm that call
    for follow-up or biopsy."""

    code: Code
    label: Annotated[str, Field(min_length=1)]
    points: int | None = None
    follow_up_from: float | None = None
    biopsy_from: float | None = None


class Case(Entry):
    """Where all of `when` holds, one of `grades` is given, whatever the points."""

    when: When = Field(default_factory=dict)
    grades: Annotated[tuple[Code, ...], Field(min_length=1)]


class ScoreRule(Chosen):
    """One scoring system for lesions of one structure of one organ.

    Cases are tried in their order; where none applies, the points are summed. `impossible` names combinations that no
    lesion has. `size` is the measurement that the advice of a grade refers to. `judges` is the code of the category
    where several grades stay open, `name` what it is called.
    """

    judges: Code
    organ: Code
    subject: Code
    name: Words
    size: Code | None = None
    feature: Annotated[tuple[Feature, ...], Field(min_length=1)]
    grade: Annotated[tuple[Grade, ...], Field(min_length=2)]
    case: tuple[Case, ...] = ()
    impossible: tuple[When, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> ScoreRule:
        known = {feature.code: set(feature.codes) for feature in self.feature}
        if len(known) < len(self.feature) or any(
            len(feature.codes) > len(known[feature.code]) for feature in self.feature
        ):
            raise ValueError("a feature or a value stands twice")
        for when in (*self.impossible, *(case.when for case in self.case)):
            for feature, values in when.items():
                if not set(values) <= known.get(feature, set()):
                    raise ValueError(f"{feature} has no value {sorted(set(values) - known.get(feature, set()))}")
        grades = [grade.code for grade in self.grade]
        if len(set(grades)) < len(grades):
            raise ValueError("a grade stands twice")
        for case in self.case:
            if not set(case.grades) <= set(grades):
                raise ValueError(f"unknown grades {sorted(set(case.grades) - set(grades))}")
        levels = [grade.points for grade in self.grade if grade.points is not None]
        if any(lower >= upper for lower, upper in itertools.pairwise(levels)):
            raise ValueError("points of the grades must rise")
        least = sum(min(value.points for value in feature.value) for feature in self.feature)
        closed = bool(self.case) and not self.case[-1].when
        if not closed and (not levels or levels[0] > least):
            raise ValueError("some lesions would get no grade")
        return self

    @property
    def has_points(self) -> bool:
        return any(grade.points is not None for grade in self.grade)

    def grade_of(self, code: str) -> Grade:
        """The grade of that code. Raises KeyError where there is none."""
        for grade in self.grade:
            if grade.code == code:
                return grade
        raise KeyError(code)
