"""The label tree: region, organ, then view, structure, finding or phase; read from `data/tree/*.toml` and checked.

Codes are flat, unique and stable: a node may move to another parent, its code never changes.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from lingyin.core.errors import CatalogueError
from lingyin.core.paths import packaged

LANGUAGES = ("en", "zh-Hans", "zh-Hant")
_CODE = re.compile(r"[a-z][a-z0-9_]*")
_OPTIONS = frozenset({*LANGUAGES, "coding", "exclusive", "abnormal", "urgent"})


class Kind(StrEnum):
    """What a node of the tree names."""

    REGION = "region"
    ORGAN = "organ"
    VIEW = "view"
    STRUCTURE = "structure"  # something that can be outlined; masks carry these codes
    FINDING = "finding"
    PHASE = "phase"
    QUALITY = "quality"  # says something about the image, not about the patient


@dataclass(frozen=True, slots=True)
class Coding:
    """A concept of a public vocabulary: scheme designator of DICOM PS3.16 (SCT, DCM, LN), value, meaning."""

    scheme: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Node:
    """One label. `name` holds a text per language of `LANGUAGES`.

    `exclusive` names the group of siblings of which at most one is true. `abnormal` says whether its presence is
    abnormal; None where presence alone says nothing. `urgent`: its presence should be seen by a person soon.
    """

    code: str
    kind: Kind
    parent: str | None
    name: dict[str, str]
    coding: tuple[Coding, ...] = ()
    exclusive: str | None = None
    abnormal: bool | None = None
    urgent: bool = False


class Tree(Mapping[str, Node]):
    """All nodes by code, in the order of the files: parents come before their children.

    Roots are the ten regions, and `image` for what is said of the picture itself. An unknown code raises KeyError.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        """Raises CatalogueError if the nodes contradict one another."""
        listed: dict[str, Node] = {}
        for node in nodes:
            if node.code in listed:
                first = listed[node.code].parent
                raise CatalogueError(f"code {node.code!r} stands twice: under {first!r} and under {node.parent!r}")
            listed[node.code] = node
        children: dict[str, list[str]] = {code: [] for code in listed}
        for node in nodes:
            if node.parent is None:
                continue
            if node.parent not in listed:
                raise CatalogueError(f"node {node.code!r} has the unknown parent {node.parent!r}")
            children[node.parent].append(node.code)
        self._paths: dict[str, tuple[str, ...]] = {}
        ordered: list[str] = []
        pending = [node.code for node in reversed(nodes) if node.parent is None]
        while pending:
            code = pending.pop()
            parent = listed[code].parent
            self._paths[code] = (code,) if parent is None else (*self._paths[parent], code)
            ordered.append(code)
            pending.extend(reversed(children[code]))
        if len(ordered) < len(listed):
            stray = sorted(set(listed) - set(ordered))
            raise CatalogueError(f"the parents of these nodes run in a circle: {', '.join(stray)}")
        self._nodes = {code: listed[code] for code in ordered}
        self._children = {code: tuple(children[code]) for code in ordered}
        for node in self._nodes.values():
            if node.exclusive is not None and not self.rivals(node.code):
                raise CatalogueError(f"node {node.code!r} is alone in its exclusive group {node.exclusive!r}")

    def __getitem__(self, code: str) -> Node:
        return self._nodes[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def roots(self) -> tuple[str, ...]:
        return tuple(code for code, path in self._paths.items() if len(path) == 1)

    def of_kind(self, *kinds: Kind | str) -> tuple[Node, ...]:
        """All nodes of the given kinds, in tree order."""
        return tuple(node for node in self._nodes.values() if node.kind in kinds)

    def path(self, code: str) -> tuple[str, ...]:
        """Codes from the root down to `code`, both included."""
        return self._paths[code]

    def ancestors(self, code: str) -> tuple[str, ...]:
        """Codes above `code`, the nearest first; empty for a root."""
        return self._paths[code][-2::-1]

    def children(self, code: str, *kinds: Kind | str) -> tuple[str, ...]:
        """Codes directly below `code`, of the given kinds if any are given."""
        return tuple(child for child in self._children[code] if not kinds or self._nodes[child].kind in kinds)

    def descendants(self, code: str, *kinds: Kind | str) -> tuple[str, ...]:
        """All codes below `code` in tree order, of the given kinds if any are given."""
        found: list[str] = []
        pending = list(reversed(self._children[code]))
        while pending:
            below = pending.pop()
            if not kinds or self._nodes[below].kind in kinds:
                found.append(below)
            pending.extend(reversed(self._children[below]))
        return tuple(found)

    def deepest_common(self, a: str, b: str) -> str | None:
        """The deepest node that is `a` and `b` or lies above both; None if they stand under different roots."""
        common = None
        for one, other in zip(self._paths[a], self._paths[b], strict=False):
            if one != other:
                break
            common = one
        return common

    def region_of(self, code: str) -> str | None:
        """The region that `code` is or lies in; None for what is said of the image itself."""
        root = self._paths[code][0]
        return root if self._nodes[root].kind is Kind.REGION else None

    def organ_of(self, code: str) -> str | None:
        """The nearest organ that `code` is or lies in; None above organs and for the image itself."""
        for above in reversed(self._paths[code]):
            if self._nodes[above].kind is Kind.ORGAN:
                return above
        return None

    def abnormal(self, code: str) -> bool | None:
        """Whether presence of `code` is abnormal; None where presence alone says nothing."""
        return self._nodes[code].abnormal

    def rivals(self, code: str) -> tuple[str, ...]:
        """Siblings of the same exclusive group: if `code` is true, these are not."""
        node = self._nodes[code]
        if node.exclusive is None:
            return ()
        siblings = self.roots() if node.parent is None else self._children[node.parent]
        return tuple(s for s in siblings if s != code and self._nodes[s].exclusive == node.exclusive)

    def excludes(self, a: str, b: str) -> bool:
        """True if `a` and `b` cannot both be true: they lie on rival branches."""
        above_b = set(self._paths[b])
        return any(rival in above_b for code in self._paths[a] for rival in self.rivals(code))


def parse_names(code: str, entry: Mapping[str, Any]) -> dict[str, str]:
    """The name in each language; CatalogueError if one is missing or empty."""
    names: dict[str, str] = {}
    for language in LANGUAGES:
        text = entry.get(language)
        if not isinstance(text, str) or not text.strip():
            raise CatalogueError(f"{code!r} has no name in {language}")
        names[language] = text
    return names


def parse_codings(code: str, entry: Mapping[str, Any]) -> tuple[Coding, ...]:
    """`coding = "SCT 10200004 Liver"`, or a list of such texts; CatalogueError if one is not of that form."""
    listed = entry.get("coding", [])
    codings: list[Coding] = []
    for text in [listed] if isinstance(listed, str) else listed:
        parts = str(text).split(" ", 2)
        if len(parts) != 3:
            raise CatalogueError(f"{code!r}: coding {text!r} is not of the form 'SCHEME VALUE MEANING'")
        codings.append(Coding(*parts))
    return tuple(codings)


def check_entry(code: str, entry: object, allowed: frozenset[str]) -> Mapping[str, Any]:
    """The entry as a table; CatalogueError for a malformed code, a value that is no table, or an unknown key."""
    if not _CODE.fullmatch(code):
        raise CatalogueError(f"code {code!r} is not of the form [a-z][a-z0-9_]*")
    if not isinstance(entry, dict):
        raise CatalogueError(f"{code!r} is not a table of names and options")
    unknown = sorted(set(entry) - allowed)
    if unknown:
        raise CatalogueError(f"{code!r} has the unknown keys {', '.join(unknown)}")
    return entry


def parse_nodes(document: Mapping[str, Any]) -> list[Node]:
    """Nodes of one file. `[parent.kind]` tables list the children; `[region]` and `[quality]` tables list roots."""
    nodes: list[Node] = []
    for heading, body in document.items():
        groups = {heading: body} if heading in set(Kind) else body
        parent = None if heading in set(Kind) else heading
        for kind_text, entries in groups.items():
            if kind_text not in set(Kind):
                raise CatalogueError(f"[{heading}.{kind_text}]: {kind_text!r} is not a kind of node")
            nodes.extend(_parse_node(code, entry, Kind(kind_text), parent) for code, entry in entries.items())
    return nodes


def _parse_node(code: str, entry: object, kind: Kind, parent: str | None) -> Node:
    table = check_entry(code, entry, _OPTIONS)
    return Node(
        code=code,
        kind=kind,
        parent=parent,
        name=parse_names(code, table),
        coding=parse_codings(code, table),
        exclusive=table.get("exclusive"),
        abnormal=table.get("abnormal"),
        urgent=bool(table.get("urgent", False)),
    )


def read_tree(folder: Path) -> Tree:
    """The tree of all `*.toml` files of a folder, by file name. Raises CatalogueError for a file that is not TOML."""
    nodes: list[Node] = []
    for path in sorted(folder.glob("*.toml")):
        nodes.extend(parse_nodes(read_toml(path)))
    return Tree(nodes)


def read_toml(path: Path) -> dict[str, Any]:
    """A catalogue file as a table; CatalogueError naming the file if it is missing or not valid TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CatalogueError(f"{path.name}: cannot be read as a catalogue ({error})") from error


@functools.cache
def load_tree() -> Tree:
    """The tree that travels inside the package, read once per process."""
    return read_tree(packaged("lingyin.core", "data", "tree"))
