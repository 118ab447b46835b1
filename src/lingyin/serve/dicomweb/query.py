"""What a search asks for (PS3.18 8.3.4): conditions on attributes, which fields to return, and which part of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydicom.datadict import dictionary_VR

from lingyin.serve.dicomweb.model import Json, Level, level_of, tag_of, text_element

MODALITIES = tag_of("ModalitiesInStudy")
MOST = 5000
LONGEST = 1024
FUZZY = "fuzzymatching"  # names are always matched without regard to case, and never by sound
RANGES = frozenset({"DA", "TM", "DT"})
EXACT = frozenset({"UI", "IS", "US", "UL", "DS"})


class QueryError(ValueError):
    """A search that is not understood: leaving a part of it out would answer with more patients than asked for."""


@dataclass(frozen=True)
class Query:
    """Conditions by tag (all must hold), tags to return besides the usual ones, and the part wanted."""

    level: Level
    conditions: dict[str, str]
    fields: frozenset[str]
    limit: int
    offset: int

    def holds(self, attributes: Json) -> bool:
        """Whether an entry of the model meets every condition."""
        return all(matches(attributes.get(tag), condition) for tag, condition in self.conditions.items())

    def shown(self, attributes: Json, base: Level) -> Json:
        """Of an entry, what is returned: its level's attributes down from `base`, and the fields asked for."""
        levels = level_of()
        wanted = self.fields | set(self.conditions)
        found = {
            tag: element
            for tag, element in attributes.items()
            if tag not in levels or base <= levels[tag] <= self.level or tag in wanted
        }
        for tag, level in levels.items():  # asked for and unknown: present without a value
            if base <= level <= self.level and tag not in found:
                found[tag] = {"vr": dictionary_VR(int(tag, 16))}
        return found | text_element("SpecificCharacterSet", "ISO_IR 192")


def read_query(level: Level, parameters: Iterable[tuple[str, str]]) -> Query:
    """The search that the parameters of an address describe.

    Raises:
        QueryError: an attribute that cannot be searched for, or a value that cannot be.
    """
    conditions: dict[str, str] = {}
    fields: set[str] = set()
    numbers = {"limit": MOST, "offset": 0}
    for name, value in parameters:
        if len(value) > LONGEST:
            raise QueryError(f"{name}: longer than {LONGEST} characters")
        if name in numbers:
            if not (value.isascii() and value.isdecimal()):
                raise QueryError(f"{name}: {value!r} is no number")
            numbers[name] = int(value)
        elif name == "includefield":
            fields |= _fields(value)
        elif name != FUZZY:
            conditions |= _condition(level, name, value)
    return Query(level, conditions, frozenset(fields), min(numbers["limit"], MOST), min(numbers["offset"], 1 << 40))


def matches(element: Json | None, condition: str) -> bool:
    """Whether an attribute meets a condition (PS3.4 C.2.2.2): list of identifiers, range, wildcard or single value."""
    values = [text for each in (element or {}).get("Value", []) for text in _texts(each)]
    if condition in {"", "*"}:
        return True
    kind = (element or {}).get("vr", "")
    if kind == "UI":
        return any(each in values for each in condition.replace("\\", ",").split(","))
    if kind in RANGES and "-" in condition:
        low, _, high = condition.partition("-")
        return any((not low or low <= each) and (not high or each[: len(high)] <= high) for each in values)
    if kind in RANGES or kind in EXACT:
        return condition in values
    if kind == "PN":
        return any(like(each.casefold(), condition.casefold()) for each in values)
    return any(like(each, condition) for each in values)


def like(text: str, pattern: str) -> bool:
    """Whether a text has the form of a pattern with `*` (any characters) and `?` (one), in at most as many steps
    as the product of their lengths."""
    place = at = mark = 0
    star = -1
    while place < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, mark, at = at, place, at + 1
        elif at < len(pattern) and pattern[at] in ("?", text[place]):
            place, at = place + 1, at + 1
        elif star >= 0:
            mark += 1
            place, at = mark, star + 1
        else:
            return False
    return all(each == "*" for each in pattern[at:])


def _fields(value: str) -> set[str]:
    if value == "all":
        return set(level_of())
    fields = set()
    for name in value.split(","):
        try:
            fields.add(tag_of(name.strip()))
        except KeyError:
            raise QueryError(f"includefield: {name[:64]!r} is no attribute") from None
    return fields & set(level_of())


def _condition(level: Level, name: str, value: str) -> dict[str, str]:
    try:
        tag = tag_of(name)
    except KeyError:
        raise QueryError(f"{name[:64]!r} is no attribute of DICOM") from None
    if tag != MODALITIES and (tag not in level_of() or level_of()[tag] > level):
        raise QueryError(f"{name[:64]}: this server does not search for it at this level")
    return {tag: value}


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):  # the component groups of a person's name
        return [str(each) for each in value.values()]
    return [str(value)]
