"""Codes of our findings as DICOM concepts: public vocabularies where the catalogue names one, else our own scheme."""

from __future__ import annotations

from pydicom.sr.coding import Code

from lingyin.report.concepts import codings_of, english_name

SCHEME = "99LINGYIN"
MEANING_LENGTH = 64  # characters, LO (PS3.5 6.2)
UNIT_NAMES = {"1": "no units", "%": "percent", "/min": "per minute", "deg": "degree", "wk": "week"}


def code_of(code: str, name: str | None = None) -> Code:
    """The concept for one of our codes; `name` is what people read where only our own scheme has it."""
    public = codings_of(code)
    if public:
        return Code(public[0].value, public[0].scheme, public[0].meaning[:MEANING_LENGTH])
    return own_code(code, name or english_name(code))


def own_code(code: str, name: str) -> Code:
    """A concept of our own scheme, whose codes never change meaning."""
    return Code(code, SCHEME, name[:MEANING_LENGTH])


def unit_code(unit: str | None) -> Code:
    """A UCUM unit."""
    value = unit or "1"
    return Code(value, "UCUM", UNIT_NAMES.get(value, value))
