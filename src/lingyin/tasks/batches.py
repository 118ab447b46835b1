"""Batches drawn over many sources: step number and seed decide every draw, so a resumed run sees the same images."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lingyin.tasks.augment import Movement, Painter, draw_movement, moved
from lingyin.tasks.store import Store

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Batch:
    """`images (B, S, S)` 0..1; `targets (B, heads)`, -1 unknown; the M known masks `grids (M, S/2, S/2)` with where
    they belong (`sample (M,)`, `structure (M,)`); `apart (B,)`: trains an own branch only."""

    images: Floats
    targets: NDArray[np.int64]
    grids: Floats
    sample: NDArray[np.int64]
    structure: NDArray[np.int64]
    apart: NDArray[np.bool_]


class Sampler:
    """Draws training batches. A source's share is the square root of its size times its factor."""

    def __init__(
        self,
        stores: Sequence[Store],
        factors: dict[str, float],
        apart: frozenset[str] = frozenset(),
        *,
        size: int,
        batch: int,
        seed: int,
    ) -> None:
        self.stores = stores
        self.size, self.batch, self.seed, self.apart = size, batch, seed, apart
        self.painter = Painter(size, seed)
        self.rows: dict[str, list[tuple[int, int]]] = {}
        for number, store in enumerate(stores):
            for row in np.flatnonzero(store.split == "train"):
                self.rows.setdefault(str(store.source[row]), []).append((number, int(row)))
        self.names = sorted(name for name in self.rows if factors.get(name, 0.0) > 0)
        shares = np.array([factors[name] * len(self.rows[name]) ** 0.5 for name in self.names])
        self.shares = shares / shares.sum()

    def __call__(self, step: int) -> Batch:
        """The batch of one step; always the same for the same seed and sources."""
        rng = np.random.default_rng((self.seed, step))
        drawn = rng.choice(len(self.names), self.batch, p=self.shares)
        items = []
        for source in drawn:
            name = self.names[int(source)]
            rows = self.rows[name]
            number, row = rows[int(rng.integers(len(rows)))]
            items.append((self.stores[number], row, draw_movement(rng, name)))
        return assemble(items, self.size, self.apart, lambda image: self.painter(image, rng))


def assemble(
    items: Sequence[tuple[Store, int, Movement]],
    size: int,
    apart: frozenset[str] = frozenset(),
    paint: Callable[[NDArray[np.uint8]], Floats] | None = None,
    *,
    masks: bool = True,
) -> Batch:
    """Stacks items; without `paint` pictures come as at run time, without `masks` no mask is made."""
    images, targets, grids, samples, structures, lone = [], [], [], [], [], []
    for position, (store, row, move) in enumerate(items):
        known = store.masks(row) if masks else {}
        image, drawn = moved(store.picture(row), known, store.sector(row), size, move)
        images.append(paint(image) if paint is not None else image.astype(np.float32) / np.float32(255))
        is_apart = str(store.source[row]) in apart
        lone.append(is_apart)
        targets.append(np.full(store.target.shape[1], -1) if is_apart else store.target[row])
        for structure, grid in drawn.items():
            grids.append(grid)
            samples.append(position)
            structures.append(structure)
    half = size // 2
    return Batch(
        images=np.stack(images).astype(np.float32),
        targets=np.stack(targets).astype(np.int64),
        grids=np.stack(grids) if grids else np.zeros((0, half, half), np.float32),
        sample=np.array(samples, np.int64),
        structure=np.array(structures, np.int64),
        apart=np.array(lone, bool),
    )


def prefetch(sampler: Sampler, first: int, last: int, depth: int = 4) -> Iterator[tuple[int, Batch]]:
    """Batches of the steps `first` to `last` (exclusive), made in a thread while the network works."""
    ready: queue.Queue[tuple[int, Batch] | BaseException] = queue.Queue(depth)
    stop = threading.Event()

    def put(item: tuple[int, Batch] | BaseException) -> None:
        while not stop.is_set():
            try:
                ready.put(item, timeout=0.2)
                return
            except queue.Full:
                continue

    def work() -> None:
        try:
            for step in range(first, last):
                if stop.is_set():
                    return
                put((step, sampler(step)))
        except BaseException as error:  # handed over to the thread that waits, which raises it
            put(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        for _ in range(first, last):
            item = ready.get()
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        thread.join()
