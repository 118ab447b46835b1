"""Labels of the corpus as a table of the tree: +1 yes, -1 no, 0 unknown per code, cut at a chosen depth of the tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lingyin.core.labels import LabelSet
from lingyin.core.tree import Kind, load_tree
from lingyin.pretrain.config import Depth

KINDS: dict[Depth, frozenset[Kind]] = {
    "region": frozenset({Kind.REGION}),
    "organ": frozenset({Kind.REGION, Kind.ORGAN}),
    "view": frozenset({Kind.REGION, Kind.ORGAN, Kind.VIEW}),
    "full": frozenset(Kind),
}


@dataclass(frozen=True)
class LabelTable:
    """`codes` with parents before children, `depth (C,)` of each (1: a root), `below (C, C)` True where column lies
    under or is row, `says (N, C)` int8."""

    codes: tuple[str, ...]
    depth: NDArray[np.int64]
    below: NDArray[np.bool_]
    says: NDArray[np.int8]


def label_table(labels: Sequence[LabelSet], tree_depth: Depth) -> LabelTable:
    """The table over all codes that some image affirms, down to `tree_depth`; nothing deeper is looked at.

    What is said of the picture itself has no root in common: that two images have a quality says nothing.
    """
    tree = load_tree()
    kinds = KINDS[tree_depth]
    seen = frozenset().union(*(each.yes for each in labels)) if labels else frozenset()
    codes = tuple(code for code in tree if code in seen and code != "image" and tree[code].kind in kinds)
    paths = [set(tree.path(code)) for code in codes]
    below = np.array([[above in path for path in paths] for above in codes], bool).reshape(len(codes), len(codes))
    says = np.stack([each.as_vector(codes) for each in labels]) if labels else np.zeros((0, len(codes)), np.int8)
    depth = np.array([sum(above != "image" for above in tree.path(code)) for code in codes], np.int64)
    return LabelTable(codes, depth, below, says)
