"""Splits by patient, video or duplicate group: what belongs together is joined first, then goes to one split."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lingyin.core.errors import LingyinError

SPLITS = ("train", "val", "test")
Integers = NDArray[np.int64]


class LeakError(LingyinError):
    """A build put one group into two splits: a defect of the program. The corpus is refused."""


def codes_of(values: Sequence[str | None]) -> Integers:
    """`(N,)` numbers, equal where the values are; None equals nothing, not even another None."""
    known: dict[str, int] = {}
    codes = [known.setdefault(value, len(known)) if value is not None else -1 for value in values]
    found = np.asarray(codes, np.int64)
    missing = found < 0
    found[missing] = len(known) + np.arange(int(missing.sum()))
    return found


def join_groups(*groupings: Integers) -> Integers:
    """`(N,)` number of the component of each row: rows that share a group in any of the groupings `(N,)` are joined."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows = np.arange(len(groupings[0]))
    start, heads, tails = len(rows), [], []
    for grouping in groupings:
        heads.append(rows)
        tails.append(start + np.unique(grouping, return_inverse=True)[1])
        start += len(rows)
    edges = (np.concatenate(heads), np.concatenate(tails))
    graph = coo_array((np.ones(len(edges[0]), np.int8), edges), shape=(start, start))
    _, label = connected_components(graph, directed=False)
    return np.asarray(np.unique(label[: len(rows)], return_inverse=True)[1], np.int64)


def assign_splits(
    components: Integers, given: Integers, ids: Sequence[str], val_share: float, test_share: float, seed: int
) -> Integers:
    """`(N,)` index into `SPLITS`, one for each component.

    Published splits `given` (index into `SPLITS`, -1 where there is none) are kept; where a component holds several,
    the most protected one wins: a duplicate of a test picture goes to test, one of a val picture to val. A component
    without any is drawn by its least id and the seed, so that it stays where it is when other sources are added.
    """
    if not len(components):
        return np.zeros(0, np.int64)
    count = int(components.max()) + 1
    best = np.full(count, -1, np.int64)
    np.maximum.at(best, components, given)
    order = np.argsort(np.asarray(ids, np.str_), kind="stable")
    first = np.zeros(count, np.int64)
    first[components[order[::-1]]] = order[::-1]  # the last one written is the least id
    for component in np.flatnonzero(best < 0):
        draw = drawn(ids[first[component]], seed)
        best[component] = 2 if draw < test_share else 1 if draw < test_share + val_share else 0
    return best[components]


def drawn(name: str, seed: int) -> float:
    """A number in [0, 1) that only the name and the seed decide."""
    digest = hashlib.blake2b(f"{seed}\n{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def first_of_groups(groups: Integers, ids: Sequence[str]) -> NDArray[np.bool_]:
    """`(N,)` True for the picture with the least id of each group; the others are its copies."""
    order = np.argsort(np.asarray(ids, np.str_), kind="stable")
    firsts = np.zeros(len(groups), bool)
    firsts[order[np.unique(groups[order], return_index=True)[1]]] = True
    return firsts


def prove_apart(splits: Sequence[str | None], **groupings: Sequence[object]) -> None:
    """Looks at every group of every grouping again. Raises LeakError naming one that stands in two splits.

    Rows without a split (None) and without a group (None) are passed over.
    """
    for what, groups in groupings.items():
        seen: dict[object, str] = {}
        for split, group in zip(splits, groups, strict=True):
            if split is None or group is None:
                continue
            other = seen.setdefault(group, split)
            if other != split:
                raise LeakError(f"{what} {group!r} would be in {other} and in {split}; the corpus is not written")
