"""`LabelSet`: yes, no or unknown for each node of the tree, closed under its logic; and what each data set says."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lingyin.core.errors import CatalogueError
from lingyin.core.measurements import load_measurements
from lingyin.core.paths import packaged
from lingyin.core.tree import Kind, Tree, load_tree, read_toml

_SET_KEYS = frozenset({"organ", "also", "ignored", "labels", "masks", "mask_blank_when", "measurements"})


@dataclass(frozen=True)
class LabelSet:
    """What is known of one image. A node in neither set is unknown.

    Always closed: yes implies yes for all ancestors and no for the rivals of each; no implies no for all descendants.
    Make one with `close`, or join two with `|`.
    """

    yes: frozenset[str] = field(default=frozenset())
    no: frozenset[str] = field(default=frozenset())

    @classmethod
    def close(cls, yes: Iterable[str] = (), no: Iterable[str] = (), tree: Tree | None = None) -> LabelSet:
        """The closure of what is stated. Raises CatalogueError for an unknown code and for a contradiction."""
        known = load_tree() if tree is None else tree
        yes, no = frozenset(yes), frozenset(no)
        unknown = sorted(code for code in yes | no if code not in known)
        if unknown:
            raise CatalogueError(f"the tree has no such code: {', '.join(unknown)}")
        true = {above for code in yes for above in known.path(code)}
        denied = {*no, *(rival for code in true for rival in known.rivals(code))}
        false = {below for code in denied for below in (code, *known.descendants(code))}
        both = sorted(true & false)
        if both:
            raise CatalogueError(f"labels contradict one another: {', '.join(both)} would be both yes and no")
        return cls(frozenset(true), frozenset(false))

    def __or__(self, other: LabelSet) -> LabelSet:
        """Both statements together (default tree); CatalogueError if they contradict one another."""
        return LabelSet.close(self.yes | other.yes, self.no | other.no)

    def __getitem__(self, code: str) -> bool | None:
        """True for yes, False for no, None for unknown."""
        if code in self.yes:
            return True
        return False if code in self.no else None

    def as_vector(self, codes: Sequence[str]) -> NDArray[np.int8]:
        """`(len(codes),)` int8: +1 yes, -1 no, 0 unknown, in the order of `codes`."""
        return np.array([(code in self.yes) - (code in self.no) for code in codes], dtype=np.int8)


@dataclass(frozen=True)
class DatasetLabels:
    """How the columns of one set's `labels.csv` speak in tree codes.

    `labels[column][value]` is a LabelSet, `structures[column]` the structure that a mask column outlines,
    `measurements[column]` the measurement that a number column holds. `mask_blank_when`: a mask counts as empty
    where the image carries one of these codes, whatever was drawn. `ignored` columns hold no label.
    """

    name: str
    organ: str
    base: LabelSet
    labels: Mapping[str, Mapping[str, LabelSet]]
    structures: Mapping[str, str]
    mask_blank_when: frozenset[str]
    measurements: Mapping[str, str]
    ignored: frozenset[str]

    def row(self, row: Mapping[str, str]) -> LabelSet:
        """All that one row of `labels.csv` says; an empty cell says nothing.

        Raises CatalogueError for a value that the catalogue does not know and for cells that contradict one another.
        """
        joined = self.base
        for column, values in self.labels.items():
            value = row.get(column) or ""
            if not value:
                continue
            if value not in values:
                raise CatalogueError(f"{self.name}: column {column!r} has the unknown value {value!r}")
            joined |= values[value]
        return joined

    def mask_is_blank(self, labels: LabelSet) -> bool:
        """True if what was drawn on an image with these labels is not the structure (e.g. a normal ovary's outline)."""
        return not self.mask_blank_when.isdisjoint(labels.yes)


def parse_dataset_labels(document: Mapping[str, Any]) -> dict[str, DatasetLabels]:
    """Sets of a document; a `!` before a code denies it. Raises CatalogueError on any contradiction with the tree."""
    common = frozenset(document.get("common", {}).get("ignored", ()))
    return {name: _parse_set(name, table, common) for name, table in document.items() if name != "common"}


def _parse_set(name: str, table: Mapping[str, Any], common: frozenset[str]) -> DatasetLabels:
    tree = load_tree()
    unknown = sorted(set(table) - _SET_KEYS)
    if unknown:
        raise CatalogueError(f"data set {name!r} has the unknown keys {', '.join(unknown)}")
    organ = str(table.get("organ", ""))
    if organ not in tree or tree[organ].kind is not Kind.ORGAN:
        raise CatalogueError(f"data set {name!r}: {organ!r} is not an organ of the tree")
    structures = dict(table.get("masks", {}))
    for column, code in structures.items():
        if code not in tree or tree[code].kind is not Kind.STRUCTURE:
            raise CatalogueError(f"data set {name!r}, column {column!r}: {code!r} is not a structure of the tree")
    measurements = dict(table.get("measurements", {}))
    for column, code in measurements.items():
        if code not in load_measurements():
            raise CatalogueError(f"data set {name!r}, column {column!r}: there is no measurement {code!r}")
    base = _parse_statement([organ, *table.get("also", ())])
    labels = {
        column: MappingProxyType({value: base | _parse_statement(codes) for value, codes in values.items()})
        for column, values in table.get("labels", {}).items()
    }
    blank = frozenset(table.get("mask_blank_when", ()))
    if not all(code in tree for code in blank):
        raise CatalogueError(f"data set {name!r}: mask_blank_when names a code that the tree does not have")
    return DatasetLabels(
        name=name,
        organ=organ,
        base=base,
        labels=MappingProxyType(labels),
        structures=MappingProxyType(structures),
        mask_blank_when=blank,
        measurements=MappingProxyType(measurements),
        ignored=common | frozenset(table.get("ignored", ())),
    )


def _parse_statement(codes: Iterable[str]) -> LabelSet:
    listed = tuple(codes)
    return LabelSet.close(
        yes=(code for code in listed if not code.startswith("!")),
        no=(code.removeprefix("!") for code in listed if code.startswith("!")),
    )


@functools.cache
def dataset_labels() -> Mapping[str, DatasetLabels]:
    """The data sets that the project knows, by name, read once per process."""
    return MappingProxyType(parse_dataset_labels(read_toml(packaged("lingyin.core", "data", "dataset_labels.toml"))))
