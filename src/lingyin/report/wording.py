"""Numbers, units and names as a language writes them; decimals come from the catalogue of measurements."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from lingyin.core.measurements import load_measurements
from lingyin.core.study import Finding, Text
from lingyin.report.grammar import Grammar

WEEKS = "wk"
DEFAULT_DECIMALS = 1


def decimals_of(code: str) -> int:
    """Decimals that a report shows for the measurement `code`."""
    measurement = load_measurements().get(code)
    return DEFAULT_DECIMALS if measurement is None else measurement.decimals


def number(value: float, decimals: int) -> str:
    """Fixed decimals, ties away from zero as people round, never "-0"."""
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return f"{abs(rounded) if rounded == 0 else rounded:f}"


def quantity(value: float, code: str, unit: str | None, grammar: Grammar) -> str:
    """Value with its unit, e.g. "47.2 mm", "20 weeks 2 days" (pregnancy is told in weeks and days)."""
    if unit == WEEKS:
        weeks, days = weeks_days(value)
        parts = (grammar.plural(grammar.unit, "week", weeks), grammar.plural(grammar.unit, "day", days))
        return grammar.part["weeks_and_days"].join(parts)
    return with_unit(number(value, decimals_of(code)), unit, grammar)


def with_unit(text: str, unit: str | None, grammar: Grammar) -> str:
    """A number, or a range of numbers, followed by its unit as the language writes it."""
    words = grammar.unit.get(unit, unit) if unit else ""
    close = words in {"", "°"} or (words == "%" and grammar.lang != "en")
    return f"{text}{words}" if close else f"{text} {words}"


def interval_ends(finding: Finding, grammar: Grammar) -> tuple[str, str]:
    """Both ends of a finding's interval; the unit stands once, after the second, where one number makes a value."""
    low, high = finding.interval or (0.0, 0.0)
    if finding.unit == WEEKS:
        return quantity(low, finding.code, WEEKS, grammar), quantity(high, finding.code, WEEKS, grammar)
    return number(low, decimals_of(finding.code)), quantity(high, finding.code, finding.unit, grammar)


def weeks_days(value: float) -> tuple[int, int]:
    """Completed weeks and days of a duration in weeks, to the nearest day."""
    return divmod(round(value * 7), 7)


def percent(probability: float, grammar: Grammar) -> str:
    """Whole per cent of a probability; never 0 or 100, which would claim certainty."""
    if probability > 0.99:
        return grammar.part["above"].format(percent=99)
    if probability < 0.01:
        return grammar.part["below"].format(percent=1)
    return f"{100 * probability:.0f}"


def say(text: Text, lang: str, otherwise: str) -> str:
    """The text of one language; English, then the code itself, where it is missing."""
    return text.get(lang) or text.get("en") or otherwise.replace("_", " ")


def opened(text: str) -> str:
    """With a capital first letter, as an English sentence begins; other scripts are unchanged."""
    return text[:1].upper() + text[1:]
