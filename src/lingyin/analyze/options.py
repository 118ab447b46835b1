"""What a user may tell the analysis besides the scan: which guidelines to judge by, and what no picture shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lingyin.analyze.rulebook import load_rules
from lingyin.core.errors import CatalogueError, UsageError


@dataclass(frozen=True)
class Options:
    """`guidelines` maps a topic (`aorta`, `thyroid`, `ejection_fraction`) or the code of a measurement to the choice of
    a rule (`esc2024`); see `RuleBook.topics`. `gestational_age_weeks` is the age by dates, for growth centiles."""

    guidelines: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    gestational_age_weeks: float | None = None

    @property
    def mark(self) -> str:
        """The same text for the same options: to tell whether a scan was analysed with them."""
        chosen = ",".join(f"{topic}={choice}" for topic, choice in sorted(self.guidelines.items()))
        return f"{chosen};{self.gestational_age_weeks}"


NO_OPTIONS = Options()


def parse_guidelines(words: Iterable[str]) -> dict[str, str]:
    """Guidelines as typed, `["aorta=esc2024", "thyroid=ctirads2020"]`; hyphens in a topic count as underscores.

    Raises:
        UsageError: a word is not `topic=choice`, or a topic stands twice with different choices.
    """
    chosen: dict[str, str] = {}
    for word in words:
        topic, sign, choice = (part.strip() for part in word.partition("="))
        if not (topic and sign and choice):
            raise UsageError(f"guideline {word!r} is not of the form topic=guideline, e.g. aorta=esc2024")
        key = topic.replace("-", "_")
        if chosen.setdefault(key, choice) != choice:
            raise UsageError(f"guideline for {topic} was given twice: {chosen[key]} and {choice}")
    return chosen


def parse_gestational_age(text: str) -> float:
    """Weeks of an age as typed: `24+3` (weeks and days) or `24.4`.

    Raises:
        UsageError: it is neither, or outside 4 to 45 weeks.
    """
    weeks, sign, days = text.partition("+")
    try:
        value = float(weeks) + (int(days) / 7 if sign else 0.0)
    except ValueError as error:
        raise UsageError(f"gestational age {text!r} is neither weeks+days (24+3) nor weeks (24.4)") from error
    if sign and not 0 <= int(days) <= 6:
        raise UsageError(f"gestational age {text!r} has more than 6 days beside its weeks")
    if not 4 <= value <= 45:
        raise UsageError(f"gestational age {text!r} lies outside 4 to 45 weeks")
    return value


def read_options(guidelines: Iterable[str], gestational_age: str | None) -> Options:
    """Options as typed on a command line, checked against the rules.

    Raises:
        UsageError: a word is malformed, or there is no such topic or guideline; the message lists what is offered.
    """
    chosen = parse_guidelines(guidelines)
    try:
        load_rules().check_choices(chosen)
    except CatalogueError as error:
        raise UsageError(str(error)) from error
    return Options(chosen, None if gestational_age is None else parse_gestational_age(gestational_age))
