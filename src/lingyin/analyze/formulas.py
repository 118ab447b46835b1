"""Published formulas as data: sums of products of measurements, plain or as an exponent, with their centiles."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from lingyin.analyze.cited import Cited, Code, Entry


class Term(Entry):
    """`factor` times the arguments to their powers; an argument named `<code>_log` stands for its natural logarithm."""

    factor: float
    of: dict[Code, float] = Field(default_factory=dict)

    def value(self, arguments: Mapping[str, float]) -> float:
        """The term for arguments in the formula's units. Raises KeyError where one is missing."""
        result = self.factor
        for code, power in self.of.items():
            base = math.log(arguments[code.removesuffix("_log")]) if code.endswith("_log") else arguments[code]
            result *= base**power
        return result


class Centiles(Entry):
    """The centiles between which a value lies within the reference, and the tree's findings on either side."""

    low: float
    high: float
    below: Code
    within: Code
    above: Code


class Formula(Cited):
    """`gives` (in `unit`) from other measurements: `scale` tells whether the sum is the value, or its logarithm.

    `per_unit[argument]` turns the catalogue's unit into the formula's (0.1 for mm to cm). `valid[argument]` bounds the
    arguments in the catalogue's unit. `spread`: terms of the standard deviation (of the logarithm, where `scale` is
    `ln`).
    """

    gives: Code
    unit: str
    scale: Literal["plain", "log10", "ln"] = "plain"
    term: Annotated[tuple[Term, ...], Field(min_length=1)]
    per_unit: dict[Code, float] = Field(default_factory=dict)
    valid: dict[Code, tuple[float, float]] = Field(default_factory=dict)
    spread: tuple[Term, ...] = ()
    centiles: Centiles | None = None

    @property
    def arguments(self) -> tuple[str, ...]:
        """Codes of the measurements that the formula needs."""
        codes = (code.removesuffix("_log") for term in (*self.term, *self.spread) for code in term.of)
        return tuple(dict.fromkeys(codes))

    def apply(self, measured: Mapping[str, float]) -> float | None:
        """The value for measurements in the catalogue's units; None where one is missing or outside its range."""
        arguments = self._arguments(measured)
        if arguments is None:
            return None
        total = sum(term.value(arguments) for term in self.term)
        if self.scale == "plain":
            return total
        return 10.0**total if self.scale == "log10" else math.exp(total)

    def z_score(self, value: float, measured: Mapping[str, float]) -> float | None:
        """Standard deviations of `value` from what the formula expects; None where the formula has no spread.

        Raises:
            ValueError: `value` is not positive, as a size or weight must be.
        """
        expected = self.apply(measured)
        arguments = self._arguments(measured)
        if expected is None or arguments is None or not self.spread:
            return None
        if value <= 0:
            raise ValueError(f"{self.gives} must be positive, not {value:g}")
        deviation = sum(term.value(arguments) for term in self.spread)
        distance = math.log(value / expected) if self.scale == "ln" else value - expected
        return distance / deviation

    def centile(self, value: float, measured: Mapping[str, float]) -> float | None:
        """The centile (0-100) of `value` among healthy fetuses of the same age; None as in `z_score`."""
        z = self.z_score(value, measured)
        return None if z is None else 50.0 * (1.0 + math.erf(z / math.sqrt(2.0)))

    def _arguments(self, measured: Mapping[str, float]) -> dict[str, float] | None:
        result = {}
        for code in self.arguments:
            value = measured.get(code)
            low, high = self.valid.get(code, (-math.inf, math.inf))
            if value is None or not low <= value <= high:
                return None
            result[code] = value * self.per_unit.get(code, 1.0)
        return result
