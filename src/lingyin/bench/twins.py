"""Near-duplicates between what is asked and what is learnt: whole pictures find pairs, their scan sectors decide."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lingyin.bench.leaks import Leak
from lingyin.bench.rows import SetRows
from lingyin.core.files import write_file
from lingyin.curate.duplicates import find_leaks
from lingyin.curate.hashes import WORDS, Grey, Look, Words, distances, look_of
from lingyin.curate.verify import same_picture
from lingyin.io.sector import find_sector


@dataclass(frozen=True)
class Looks:
    """How the pictures of a set look: `hashes (N, 8)`, `thumbnails (N, 32, 32)`."""

    hashes: Words
    thumbnails: Grey


def looks_of(rows: SetRows, cache: Path) -> Looks:
    """Hashes and thumbnails of a set's pictures, from the cache where they are there.

    Raises:
        UnreadableError: a picture is absent or damaged.
        OutputError: the cache cannot be written.
    """
    path = cache / "looks" / f"{rows.table.name}.npz"
    if path.is_file():
        with np.load(path) as kept:
            if np.array_equal(kept["names"], rows.names):
                return Looks(kept["hashes"], kept["thumbnails"])
    looks = _stacked([look_of(rows.picture(index)) for index in range(len(rows.rows))])
    buffer = io.BytesIO()
    np.savez(buffer, names=rows.names, hashes=looks.hashes, thumbnails=looks.thumbnails)
    write_file(path, buffer.getvalue())
    return looks


def find_twins(sets: Sequence[SetRows], cache: Path, say: Callable[[str], None] = lambda _: None) -> list[Leak]:
    """Test pictures of any of the sets that look like a picture of train or val of any of them.

    Raises:
        UnreadableError, OutputError: see `looks_of`.
    """
    names: dict[bool, list[str]] = {True: [], False: []}
    hashes: dict[bool, list[NDArray[np.uint64]]] = {True: [], False: []}
    thumbnails: dict[bool, list[NDArray[np.uint8]]] = {True: [], False: []}
    for rows in sets:
        say(f"{rows.table.name}: looking for near-duplicates")
        looks = looks_of(rows, cache)
        asked = np.array([row["split"] == "test" for row in rows.rows])
        for side in (True, False):
            names[side] += rows.names[asked == side].tolist()
            hashes[side].append(looks.hashes[asked == side])
            thumbnails[side].append(looks.thumbnails[asked == side])
    if not names[True] or not names[False]:
        return []
    words = {side: np.concatenate(parts) for side, parts in hashes.items()}
    small = {side: np.concatenate(parts) for side, parts in thumbnails.items()}
    found = find_leaks(words[False], words[True], small[False], small[True])
    pairs = [
        (names[True][test], names[False][train])
        for train, test in zip(found.first.tolist(), found.second.tolist(), strict=True)
    ]
    return [Leak(test, train, "the same scene") for test, train in _alike_inside(pairs, sets)]


def _alike_inside(pairs: Sequence[tuple[str, str]], sets: Sequence[SetRows]) -> list[tuple[str, str]]:
    """Pairs whose scan sectors look alike too: screens of one device resemble each other outside of it."""
    if not pairs:
        return []
    places = {name: (rows, index) for rows in sets for index, name in enumerate(rows.names.tolist())}
    inside = {name: _sector_look(*places[name]) for pair in pairs for name in pair}
    first, second = (_stacked([inside[pair[side]] for pair in pairs]) for side in (0, 1))
    bits = distances(first.hashes[:, :WORDS], second.hashes[:, :WORDS])
    same = same_picture(first.thumbnails, second.thumbnails, bits)
    return [pair for pair, alike in zip(pairs, same.tolist(), strict=True) if alike]


def _sector_look(rows: SetRows, index: int) -> Look:
    picture = rows.picture(index)
    box = find_sector([picture]).box
    return look_of(picture[int(box.top) : int(box.bottom), int(box.left) : int(box.right)])


def _stacked(looks: Sequence[Look]) -> Looks:
    return Looks(np.stack([look.words for look in looks]), np.stack([look.small for look in looks]))
