"""Shards: tar files of whole samples per split, in an order that mixes the sources, written one at a time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lingyin.core.files import write_file
from lingyin.curate.splits import drawn
from lingyin.curate.ustar import END, member, size_of

APART = "apart"
_DROPPED = frozenset(
    {"hash", "digest", "status", "shard", "offset", "bytes", "split_group", "crop", "source_width", "source_height"}
)
_PARSED = ("measurements", "points", "facts")


@dataclass(frozen=True)
class Sample:
    """A picture to be stored: its name, what its JSON says, and where the tar members of its files wait."""

    id: str
    told: bytes
    waiting: Path
    place: int
    size: int

    @property
    def stored(self) -> int:
        """Bytes that it takes in a shard."""
        return size_of(len(self.told)) + self.size


def deal(ids: Sequence[str], sizes: NDArray[np.int64], seed: int, most_bytes: float) -> Iterator[NDArray[np.int64]]:
    """Indices of the samples of one shard after the other.

    The order is by a draw of each name, so that every shard mixes all sources. `sizes (N,)` are bytes; a shard is
    closed before it would exceed `most_bytes`.
    """
    draws = np.array([drawn(name, seed) for name in ids])
    order = np.lexsort((np.asarray(ids, np.str_), draws))
    start, filled = 0, 0
    for stop, index in enumerate(order):
        if stop > start and filled + sizes[index] > most_bytes:
            yield order[start:stop]
            start, filled = stop, 0
        filled += int(sizes[index])
    if start < len(order):
        yield order[start:]


def told_of(row: dict[str, Any]) -> bytes:
    """The JSON of a sample: what a row of the catalogue says, without what only the catalogue needs."""
    said = {name: value for name, value in row.items() if name not in _DROPPED and value not in (None, "", [])}
    said.update({name: json.loads(row[name]) for name in _PARSED})
    return json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def write_shard(samples: Sequence[Sample], target: Path, marks: Path, before: Callable[[], None]) -> tuple[str, bool]:
    """Writes a shard whole or not at all; its SHA-256, and whether it had to be written.

    `marks` remembers what a shard was made from: one that is there and made from the same samples is left alone.
    `before` is called before anything is changed.
    """
    plan = hashlib.sha256()
    for sample in samples:
        plan.update(f"{sample.id}\n{sample.waiting.name}\n{sample.place}\n{sample.size}\n".encode() + sample.told)
    size = sum(sample.stored for sample in samples) + len(END)
    mark = marks / f"{target.name}.json"
    told = _remembered(mark)
    if told.get("plan") == plan.hexdigest() and target.is_file() and target.stat().st_size == size:
        return str(told["sha256"]), False
    before()
    mark.unlink(missing_ok=True)  # first, or a run killed here would take the old shard for the new one
    content = b"".join(_content(samples)) + END
    digest = hashlib.sha256(content).hexdigest()
    write_file(target, content, durable=True)
    write_file(mark, json.dumps({"plan": plan.hexdigest(), "sha256": digest}).encode(), durable=True)
    return digest, True


def _content(samples: Sequence[Sample]) -> Iterator[bytes]:
    for sample in samples:
        yield member(f"{sample.id}.json", sample.told)
        with sample.waiting.open("rb") as file:
            file.seek(sample.place)
            yield file.read(sample.size)


def _remembered(mark: Path) -> dict[str, Any]:
    try:
        told = json.loads(mark.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
