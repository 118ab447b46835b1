"""The confidentiality profile as data: what becomes of each header attribute (DICOM PS3.15 Annex E)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from pydicom.datadict import tag_for_keyword

from lingyin.core.errors import CatalogueError
from lingyin.core.paths import packaged

ACTIONS = frozenset({"D", "Z", "X", "U", "Z/D", "X/Z", "X/D", "X/Z/D", "X/Z/U*"})


@dataclass(frozen=True)
class Profile:
    """Actions by tag, and the lists of `confidentiality.toml` as tags."""

    edition: str
    actions: dict[int, str]
    removed_groups: frozenset[int]  # high bytes of group numbers
    removed_representations: frozenset[str]
    pseudonyms: frozenset[int]
    shifted: frozenset[int]
    characteristics: frozenset[int]
    structural: frozenset[int]
    telling: frozenset[int]
    pixel_form: frozenset[int]
    codes: dict[str, str]


@cache
def load_profile() -> Profile:
    """Reads the profile. Raises CatalogueError naming an unknown keyword, action, or attribute named twice."""
    document = tomllib.loads(packaged("lingyin.curate", "confidentiality.toml").read_text(encoding="utf-8"))
    actions: dict[int, str] = {}
    for action, names in document["actions"].items():
        if action not in ACTIONS:
            raise CatalogueError(f"confidentiality.toml: action {action!r} is unknown")
        for tag in _tags(names):
            if tag in actions:
                raise CatalogueError(f"confidentiality.toml: {tag:08x} stands twice")
            actions[tag] = action
    lists = ("pseudonyms", "shifted", "characteristics", "structural", "telling", "pixel_form")
    return Profile(
        edition=document["edition"],
        actions=actions,
        removed_groups=frozenset(int(group[:2], 16) for group in document["removed_groups"]),
        removed_representations=frozenset(document["removed_representations"]),
        codes=document["codes"],
        **{name: frozenset(_tags(document[name])) for name in lists},
    )


def _tags(names: list[str]) -> list[int]:
    tags = []
    for name in names:
        tag = tag_for_keyword(name)
        if tag is None:
            try:
                tag = int(name, 16)
            except ValueError as error:
                raise CatalogueError(f"confidentiality.toml: {name!r} is no attribute") from error
        tags.append(tag)
    return tags
