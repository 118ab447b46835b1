"""The registry: every public ultrasound set that the project knows, read from `registry/*.toml` and checked."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lingyin.core.errors import CatalogueError, UsageError
from lingyin.core.paths import packaged
from lingyin.core.tree import Kind, load_tree, read_toml

UNKNOWN = "unknown"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_STRICT = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(gt=0)]
Task = Literal["classify", "segment", "detect", "landmark", "measure", "enhance", "describe", "unlabelled"]


class Citation(BaseModel):
    """First author, year and venue of the publication to cite; what is not known stays so."""

    model_config = _STRICT

    author: Text = UNKNOWN
    year: Annotated[int, Field(ge=1990, le=2100)] | None = None
    venue: Text = UNKNOWN


class DataSet(BaseModel):
    """One public set. A number that is None and an empty list are unknown, as is the text "unknown".

    `organs` are organs of the tree, or a region where the tree has no such organ. `images` counts pictures or frames.
    `reuse` says whether the licence lets the images be used again: `yes` for anybody, `research` on non-commercial
    or signed terms, `no`. `checked` says where number and licence were read: in the set itself (`primary`), in
    another publication or catalogue (`secondary`), or nowhere yet (`general-knowledge`).
    """

    model_config = _STRICT

    name: Text
    title: Text
    organs: Annotated[tuple[Text, ...], Field(min_length=1)]
    tasks: Annotated[tuple[Task, ...], Field(min_length=1)]
    media: Literal["images", "videos", "mixed", "volumes", "raw"]
    images: Count | None = None
    videos: Count | None = None
    subjects: Count | None = None
    countries: tuple[Text, ...] = ()
    devices: tuple[Text, ...] = ()
    licence: Text
    reuse: Literal["yes", "research", "no", "unknown"]
    address: Annotated[str, Field(pattern=r"^(unknown|https?://[^\s/]+\.[^\s]+)$")]
    citation: Citation = Citation()
    reader: Text | None = None
    checked: Literal["primary", "secondary", "general-knowledge"]
    notes: str = ""

    def shows(self, code: str) -> bool:
        """True if one of its organs is `code`, lies in it, or holds it."""
        tree = load_tree()
        return any(code in tree.path(organ) or organ in tree.path(code) for organ in self.organs)


def parse_sets(document: Mapping[str, Any], origin: str) -> dict[str, DataSet]:
    """The sets of one file. Raises CatalogueError naming `origin`, the set and every mistake in it."""
    tree = load_tree()
    sets: dict[str, DataSet] = {}
    for name, table in document.items():
        if not _NAME.fullmatch(name) or not isinstance(table, dict):
            raise CatalogueError(f"{origin}: {name!r} is not a table named [a-z][a-z0-9_]*")
        try:
            entry = DataSet(name=name, **table)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
            raise CatalogueError(f"{origin}, set {name!r}: {wrong}") from error
        for code in entry.organs:
            if code not in tree or tree[code].kind not in {Kind.ORGAN, Kind.REGION}:
                raise CatalogueError(f"{origin}, set {name!r}: {code!r} is no organ or region of the tree")
        sets[name] = entry
    return sets


def read_registry(folder: Path) -> dict[str, DataSet]:
    """All sets of a folder's files, by name. Raises CatalogueError for a name that stands in two files."""
    sets: dict[str, DataSet] = {}
    for path in sorted(folder.glob("*.toml")):
        found = parse_sets(read_toml(path), path.name)
        twice = sorted(found.keys() & sets.keys())
        if twice:
            raise CatalogueError(f"{path.name}: {', '.join(twice)} stands in another file too")
        sets.update(found)
    return dict(sorted(sets.items()))


@functools.cache
def load_registry() -> Mapping[str, DataSet]:
    """The registry that travels in the package, read once per process."""
    return MappingProxyType(read_registry(packaged("lingyin.curate", "registry")))


def find_set(name: str) -> DataSet:
    """One set by name. Raises UsageError with names that look alike."""
    sets = load_registry()
    if name not in sets:
        import difflib

        near = difflib.get_close_matches(name, sets, n=3, cutoff=0.4)
        hint = f"; did you mean {', '.join(near)}?" if near else "; `lingyin data list` names all"
        raise UsageError(f"the registry has no set {name!r}{hint}")
    return sets[name]


def select_sets(sets: Iterable[DataSet], organ: str | None = None, licence: str | None = None) -> list[DataSet]:
    """Sets that show an organ or region and whose licence fits.

    `licence` is `open` (anybody may use it again), `research` (at least for research) or a part of the licence's text.
    Raises UsageError if `organ` is no organ or region of the tree.
    """
    chosen = list(sets)
    if organ is not None:
        tree = load_tree()
        if organ not in tree or tree[organ].kind not in {Kind.ORGAN, Kind.REGION}:
            raise UsageError(f"{organ!r} is no organ or region of the tree; `liver` or `region_heart` is one")
        chosen = [entry for entry in chosen if entry.shows(organ)]
    if licence is not None:
        chosen = [entry for entry in chosen if _fits(entry, licence)]
    return chosen


def _fits(entry: DataSet, licence: str) -> bool:
    if licence in {"open", "research"}:
        return entry.reuse == "yes" or (licence == "research" and entry.reuse == "research")
    return licence.casefold() in entry.licence.casefold()
