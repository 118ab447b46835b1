"""What the columns, folders and file names of published layouts mean in codes of the tree; read from `labels.toml`."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lingyin.core.errors import CatalogueError, InputError
from lingyin.core.labels import LabelSet
from lingyin.core.paths import packaged
from lingyin.core.tree import Kind, load_tree, read_toml

_KEYS = frozenset({"always", "labels", "lenient", "masks"})


@dataclass(frozen=True)
class ReaderLabels:
    """`columns[column][value]` is what a value says, `always` what holds for the whole set, `masks[what]` the structure
    that a mask outlines. A value that is not listed is an error, except in `lenient` columns, where it says nothing."""

    always: LabelSet
    columns: Mapping[str, Mapping[str, LabelSet]]
    lenient: frozenset[str]
    masks: Mapping[str, str]

    def row(self, row: Mapping[str, str], source: Path) -> LabelSet:
        """All that one row says; an empty cell says nothing.

        Raises InputError naming `source` for an unlisted value, or for values that contradict one another.
        """
        joined = self.always
        for column, values in self.columns.items():
            value = (row.get(column) or "").strip()
            if not value:
                continue
            if value in values:
                joined = _join(joined, values[value], source, column, value)
            elif column not in self.lenient:
                listed = ", ".join(values)
                raise InputError(
                    source, f"{column!r} has the unknown value {value!r} (known: {listed})", "take the published file"
                )
        return joined


def _join(one: LabelSet, other: LabelSet, source: Path, column: str, value: str) -> LabelSet:
    try:
        return one | other
    except CatalogueError as error:
        raise InputError(source, f"{column!r} = {value!r} contradicts the rest ({error})", "mend the row") from error


def statement(codes: Iterable[str]) -> LabelSet:
    """The label set of codes; `!` before a code denies it. Raises CatalogueError for codes that the tree lacks."""
    listed = tuple(codes)
    return LabelSet.close(
        yes=(code for code in listed if not code.startswith("!")),
        no=(code.removeprefix("!") for code in listed if code.startswith("!")),
    )


def parse_reader_labels(document: Mapping[str, Any]) -> dict[str, ReaderLabels]:
    """Labels of every reader of a document. Raises CatalogueError for unknown keys, codes and structures."""
    return {name: _parse(name, table) for name, table in document.items()}


def _parse(name: str, table: Mapping[str, Any]) -> ReaderLabels:
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        raise CatalogueError(f"reader {name!r} has the unknown keys {', '.join(unknown)}")
    tree = load_tree()
    masks = dict(table.get("masks", {}))
    for what, code in masks.items():
        if code not in tree or tree[code].kind is not Kind.STRUCTURE:
            raise CatalogueError(f"reader {name!r}, mask {what!r}: {code!r} is not a structure of the tree")
    columns = {
        column: MappingProxyType({value: statement(codes) for value, codes in values.items()})
        for column, values in table.get("labels", {}).items()
    }
    return ReaderLabels(
        always=statement(table.get("always", ())),
        columns=MappingProxyType(columns),
        lenient=frozenset(table.get("lenient", ())),
        masks=MappingProxyType(masks),
    )


@functools.cache
def load_reader_labels() -> Mapping[str, ReaderLabels]:
    """The labels that travel in the package, read once per process."""
    return MappingProxyType(parse_reader_labels(read_toml(packaged("lingyin.curate.readers", "labels.toml"))))
