"""Finds identifying words of a header again in attributes that should not hold any: a name typed into a comment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydicom import DataElement, Dataset
from pydicom.multival import MultiValue

from lingyin.curate.confidentiality import Profile

_LEAST_NAME, _LEAST_NUMBER = 3, 4  # characters, that a word needs to be looked for
_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")


class Echoes:
    """The telling words of one data set; `holds` says whether a text has any of them."""

    def __init__(self, dataset: Dataset, profile: Profile) -> None:
        words = {word for element in everything(dataset) for word in _words(element, profile)}
        joined = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
        self._pattern = re.compile(rf"(?<![^\W_])(?:{joined})(?![^\W_])", re.IGNORECASE) if words else None

    def holds(self, text: str) -> bool:
        """Whether one of the words stands in the text, as a word of its own."""
        return bool(self._pattern and self._pattern.search(text))


def everything(dataset: Dataset) -> Iterator[DataElement]:
    """All standard elements, those in sequences too, that hold no large bytes."""
    for tag in list(dataset.keys()):
        if tag.is_private or tag == 0x7FE00010:
            continue
        element = dataset[tag]
        yield element
        if element.VR == "SQ":
            for item in element.value:
                yield from everything(item)


def texts(element: DataElement) -> list[str]:
    """The values of an element as texts."""
    value = element.value
    if value is None:
        return []
    return [str(each) for each in value] if isinstance(value, MultiValue | list) else [str(value)]


def _words(element: DataElement, profile: Profile) -> Iterator[str]:
    if element.VR == "PN":
        for text in texts(element):
            yield from (word for word in re.split(r"[\^=\s,.;]+", text) if len(word) >= _LEAST_NAME)
    elif element.tag in profile.telling:
        yield from (text.strip() for text in texts(element) if len(text.strip()) >= _LEAST_NUMBER)
    elif element.keyword == "PatientBirthDate":
        for text in texts(element):
            if match := _DATE.fullmatch(text.strip()):
                year, month, day = match.groups()
                yield from (f"{year}{month}{day}", f"{year}-{month}-{day}", f"{year}/{month}/{day}")
                yield from (f"{day}{sign}{month}{sign}{year}" for sign in "./-")
                yield from (f"{month}{sign}{day}{sign}{year}" for sign in "/-")
