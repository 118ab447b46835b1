"""From aspects of the picture to the features of a lexicon, as `lexicon.toml` says."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from lingyin.analyze.cited import Code, Entry
from lingyin.analyze.describe import echo, foci, locules, shape, surround
from lingyin.analyze.describe.patch import Patch
from lingyin.analyze.describe.seen import Sighting, agreed
from lingyin.core.errors import CatalogueError
from lingyin.core.paths import packaged

ASPECTS: Mapping[str, Callable[[Patch], Sighting]] = MappingProxyType(
    {
        "proportion": shape.proportion,
        "form": shape.form,
        "contour": shape.contour,
        "margin": surround.margin,
        "behind": surround.behind,
        "composition": echo.composition,
        "echogenicity": echo.echogenicity,
        "content": echo.content,
        "pattern": echo.pattern,
        "punctate": foci.punctate,
        "coarse": foci.coarse,
        "rim": foci.rim,
        "build": locules.build,
        "solid_part": locules.solid_part,
    }
)


class Row(Entry):
    """One feature of a lexicon: the aspect that answers it, and the lexicon's values for those of the aspect."""

    feature: Code
    aspect: Code
    values: Annotated[dict[Code, tuple[Code, ...]], Field(min_length=2)]


@dataclass(frozen=True)
class Described:
    """One feature of a lesion: the lexicon's values that fit what was seen, and the numbers they rest on."""

    feature: str
    aspect: str
    possible: frozenset[str]
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def settled(self) -> str | None:
        """The one value that fits; None where several do."""
        return next(iter(self.possible)) if len(self.possible) == 1 else None


@functools.cache
def load_lexicon() -> Mapping[str, tuple[Row, ...]]:
    """Rows by structure.

    Raises:
        CatalogueError: the file is wrong, or names an aspect that nothing reads.
    """
    text = packaged("lingyin.analyze.describe", "lexicon.toml").read_text(encoding="utf-8")
    try:
        table = TypeAdapter(dict[str, tuple[Row, ...]]).validate_python(tomllib.loads(text))
    except ValidationError as error:
        raise CatalogueError(f"describe/lexicon.toml: {error}") from error
    strange = {row.aspect for rows in table.values() for row in rows} - set(ASPECTS)
    if strange:
        raise CatalogueError(f"describe/lexicon.toml: nothing reads {', '.join(sorted(strange))}")
    return MappingProxyType(table)


def describe(structure: str, patches: Sequence[Patch]) -> list[Described]:
    """Every feature of the structure's lexicon, joined over its patches (frames); empty where it has no lexicon."""
    if not patches:
        return []
    result = []
    for row in load_lexicon().get(structure, ()):
        sighting = agreed([ASPECTS[row.aspect](patch) for patch in patches])
        possible = frozenset(code for value in sighting.possible for code in row.values[value])
        result.append(Described(row.feature, row.aspect, possible, sighting.numbers))
    return result
