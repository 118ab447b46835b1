"""`Reader` and `Item`: what a reader of a published layout takes and gives. Decoding waits until it is asked for."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from lingyin.core.clip import FrameStore, Mask
from lingyin.core.errors import InputError
from lingyin.core.labels import LabelSet
from lingyin.curate.readers.labels import ReaderLabels, load_reader_labels
from lingyin.curate.registry import UNKNOWN, load_registry

Points = NDArray[np.float64]  # (N, 2) columns, rows in pixels
MaskLoader = Callable[[], Mask]
_SHOWN = 6  # names of found files in a message


@dataclass(frozen=True)
class Item:
    """One picture or clip of a set.

    `open()` gives its frames `(H, W, 3)` uint8 RGB. `masks[structure][frame]()` gives a mask `(H, W)`; a still has
    frame 0. `points[name][frame]` are marked points. `group` must never be parted by a split: the subject where it is
    known, else the video, else the picture itself. `mm_per_px` is the size of a pixel in x and y. `split` is the
    published one. `facts` are published labels for which the tree has no node.
    """

    key: str
    source: Path
    kind: Literal["picture", "clip"]
    open: Callable[[], FrameStore]
    labels: LabelSet
    group: str
    licence: str
    subject: str | None = None
    masks: Mapping[str, Mapping[int, MaskLoader]] = field(default_factory=dict)
    points: Mapping[str, Mapping[int, Points]] = field(default_factory=dict)
    measurements: Mapping[str, float] = field(default_factory=dict)
    mm_per_px: tuple[float, float] | None = None
    split: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


class Reader(ABC):
    """Reads one published layout. A subclass names itself, says what it expects and yields items."""

    name: ClassVar[str]
    data_set: ClassVar[str | None] = None  # name in the registry where it differs from the reader's
    expected: ClassVar[str]

    def open(self, folder: str | Path) -> Iterator[Item]:
        """Items of the set under `folder`, in a stable order.

        Raises:
            InputError: the folder is missing or laid out otherwise; the message says what was expected and found.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise InputError(folder, "is no folder", f"give the unpacked data set: {self.expected}")
        items = self.items(folder)
        first = next(items, None)
        if first is None:
            raise self.misfit(folder)
        return itertools.chain([first], items)

    @abstractmethod
    def items(self, folder: Path) -> Iterator[Item]:
        """Yields the items; raises `self.misfit(folder)` where the layout does not fit."""

    @property
    def licence(self) -> str:
        """Licence of the set as the registry has it; "unknown" for readers of no one set."""
        entry = load_registry().get(self.data_set or self.name)
        return entry.licence if entry else UNKNOWN

    @property
    def labels(self) -> ReaderLabels:
        """What the columns and folders of this layout mean in codes of the tree."""
        return load_reader_labels()[self.name]

    def misfit(self, folder: Path) -> InputError:
        """The error for a folder that is not laid out as this reader expects."""
        names = sorted(path.name + ("/" if path.is_dir() else "") for path in folder.iterdir())
        found = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
        return InputError(
            folder,
            f"is not laid out as {self.name!r}: expected {self.expected}; found {found or 'nothing'}",
            "unpack the published archive unchanged, give its folder, or use the reader `csv_table`",
        )
