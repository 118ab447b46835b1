"""Finding frame number n of a video: forward by decoding on, otherwise from the key frame before it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from lingyin.core.clip import Frame
from lingyin.core.errors import UnreadableError
from lingyin.io.video.index import Index
from lingyin.io.video.stream import Stream


class Cursor:
    """A place in one open video. Not to be shared between threads."""

    def __init__(self, path: Path, demuxer: str, name: str, index: Index) -> None:
        self._path, self._demuxer, self._name, self._index = path, demuxer, name, index
        self._place_of = {int(stamp): place for place, stamp in enumerate(index.pts)}
        self._scaler = VideoReformatter()
        self._stream: Stream | None = None
        self._frames: Iterator[VideoFrame] = iter(())
        self._next = 0  # place of the frame that `_frames` gives next, when it is known

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def frame(self, place: int) -> Frame:
        """Upright RGB of the frame at `place`. Raises UnreadableError if the file has changed since it was indexed."""
        if self._stream is None:
            self._rewind()
        key = int(self._index.keys[max(0, int(self._index.keys.searchsorted(place, "right")) - 1)])
        if place < self._next or key > self._next:
            found = self._from_key(place)
            if found is not None:
                return found
            self._rewind()
        found = self._onward(place)
        if found is None:
            raise UnreadableError(
                self._name, f"frame {place} cannot be decoded again", "do not change the file while it is read"
            )
        return found

    def _rewind(self) -> None:
        self.close()
        self._stream = Stream(self._path, self._demuxer, self._name)
        self._frames = self._stream.decoded()
        self._next = 0

    def _onward(self, place: int) -> Frame | None:
        """Counts forward to `place`."""
        for picture in self._frames:
            here, self._next = self._next, self._next + 1
            if here == place:
                return self._rgb(picture)
        return None

    def _from_key(self, place: int) -> Frame | None:
        """Seeks to a key frame at or before `place`, one key frame earlier each time the container lands too late."""
        index = self._index
        if not len(index.pts) or self._stream is None:
            return None
        nearest = int(index.keys.searchsorted(place, "right")) - 1
        for back in (0, 1, 3):
            if nearest - back < 0:
                return None
            key = int(index.keys[nearest - back])
            if key == 0:
                return None  # from the start, by counting
            try:
                self._stream.seek(int(index.pts[key]))
            except OSError:
                return None
            self._frames = self._stream.decoded()
            found = self._seen_from(key, place)
            if found is not None:
                return found
        return None

    def _seen_from(self, key: int, place: int) -> Frame | None:
        """The frame at `place`, provided that decoding passed the key frame first (else its references are missing)."""
        passed = False
        for picture in self._frames:
            here = None if picture.pts is None else self._place_of.get(picture.pts)
            if here is None or here > place:
                return None
            passed = passed or here == key
            if here == place:
                self._next = place + 1
                return self._rgb(picture) if passed else None
        return None

    def _rgb(self, picture: VideoFrame) -> Frame:
        index = self._index
        upright = self._scaler.reformat(picture, width=index.width, height=index.height, format="rgb24")
        return index.turn.apply(np.asarray(upright.to_ndarray(), np.uint8))
