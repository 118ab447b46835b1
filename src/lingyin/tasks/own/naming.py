"""Names that people give to labels, found on the label tree, so that reports can speak of them in three languages."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lingyin.core.labels import dataset_labels
from lingyin.core.tree import Kind, Tree, load_tree
from lingyin.tasks.own.table import Table

SPOKEN = (Kind.FINDING, Kind.VIEW, Kind.STRUCTURE, Kind.PHASE, Kind.QUALITY)


def find_code(
    label: str, organ: str | None, *, preferred: Iterable[str] = (), kinds: Iterable[Kind] = SPOKEN
) -> str | None:
    """The code that `label` means among what may be said of `organ`; None where none or several fit.

    In this order: the code itself, a name in any language, and the one code (of the `preferred` first) that holds all
    words of the label. Of several that lie below one another, the highest.
    """
    tree = load_tree()
    asked = _words(label)
    if label in tree and tree[label].kind in set(kinds):
        return label
    if organ is None or organ not in tree:
        return None
    known = [code for code in tree.descendants(organ) if tree[code].kind in set(kinds)]
    known += [code for code in tree.descendants("image") if tree[code].kind in set(kinds)]
    named = [code for code in known if label.casefold() in {text.casefold() for text in tree[code].name.values()}]
    if named:
        return _highest(named, tree)
    if not asked:
        return None
    for some in ([code for code in preferred if code in known], known):
        fitting = [code for code in some if asked <= _words(code)]
        if fitting:
            return _highest(fitting, tree)
    return None


def _words(text: str) -> frozenset[str]:
    """Words of three letters or more: shorter ones and bare numbers mean too many things."""
    return frozenset(word for word in re.findall(r"[a-z0-9]+", text.lower()) if len(word) > 2 and not word.isdigit())


def _highest(codes: list[str], tree: Tree) -> str | None:
    tops = [code for code in codes if not set(tree.ancestors(code)) & set(codes)]
    return tops[0] if len(tops) == 1 else None


def published_code(table: Table, column: str, value: str) -> str | None:
    """What the catalogue says a value of a known prepared set means: its deepest code; None for other data."""
    known = dataset_labels().get(table.name)
    if known is None or value not in known.labels.get(column, {}):
        return None
    tree = load_tree()
    said = known.labels[column][value].yes - known.base.yes
    deepest = sorted(said, key=lambda code: -len(tree.path(code)))
    return deepest[0] if deepest else None


def published_structure(table: Table, column: str) -> str | None:
    """The structure that a mask column of a known prepared set outlines."""
    known = dataset_labels().get(table.name)
    return None if known is None else known.structures.get(column)
