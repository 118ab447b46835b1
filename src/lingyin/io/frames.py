"""`CachedFrames`: random access to frames that are decoded on demand, with a few kept, from any number of threads."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from weakref import finalize

import numpy as np

from lingyin.core.clip import Frame

KEPT = 8  # frames
KEPT_BYTES = 64 << 20


class CachedFrames(ABC):
    """Base of the frame stores. Frames are `(H, W, 3)` uint8 RGB, contiguous and read-only (they may be shared).

    At most `KEPT` frames (and about `KEPT_BYTES`) stay in memory, however long the clip.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._kept: OrderedDict[int, Frame] = OrderedDict()
        self._lock = threading.Lock()

    @abstractmethod
    def decode(self, index: int) -> Frame:
        """Decodes one frame, `0 <= index < len(self)`. Must be safe to call from several threads."""

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Frame:
        """The frame at `index`; negative ones count from the end. Raises IndexError beyond, InputError if damaged."""
        place = index + self._count if index < 0 else index
        if not 0 <= place < self._count:
            raise IndexError(f"frame {index} of {self._count}")
        with self._lock:
            frame = self._kept.get(place)
            if frame is not None:
                self._kept.move_to_end(place)
                return frame
        return self.keep(place, self.decode(place))

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self._count):
            yield self[index]

    def keep(self, index: int, frame: Frame) -> Frame:
        """Puts a decoded frame among the kept ones and returns it."""
        frame = sealed(frame)
        room = max(1, min(KEPT, KEPT_BYTES // max(1, frame.nbytes)))
        with self._lock:
            self._kept[index] = frame
            self._kept.move_to_end(index)
            while len(self._kept) > room:
                self._kept.popitem(last=False)
        return frame


class DecodedFrames(CachedFrames):
    """A store whose frames come from a function of the index that any thread may call."""

    def __init__(self, count: int, decode: Callable[[int], Frame]) -> None:
        super().__init__(count)
        self._decode = decode

    def decode(self, index: int) -> Frame:
        return self._decode(index)


def sealed(frame: Frame) -> Frame:
    """The frame contiguous and read-only: a kept frame is handed out more than once."""
    frame = np.ascontiguousarray(frame)
    frame.flags.writeable = False
    return frame


def remove_with(owner: object, path: Path) -> None:
    """Deletes the temporary file `path` when `owner` is no longer used, at the latest when the program ends."""
    finalize(owner, path.unlink, missing_ok=True)
