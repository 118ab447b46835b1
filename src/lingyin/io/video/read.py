"""`open_video`: a video file becomes a `Clip`; frames are found by seeking, and walked through in one pass."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from weakref import finalize

from lingyin.core.clip import Clip, Frame, Source
from lingyin.io.frames import CachedFrames, sealed
from lingyin.io.guard import decoding
from lingyin.io.video.cursor import Cursor
from lingyin.io.video.index import Index, index_video


class VideoFrames(CachedFrames):
    """Frames of a video file. Random access shares one decoder behind a lock; each walk through has its own."""

    def __init__(self, path: Path, demuxer: str, name: str, index: Index) -> None:
        super().__init__(index.count)
        self._path, self._demuxer, self._name, self._index = path, demuxer, name, index
        self._cursor = self._new_cursor()
        self._decoder = threading.Lock()
        finalize(self, self._cursor.close)

    def decode(self, index: int) -> Frame:
        with self._decoder, decoding(self._name, f"video frame {index}"):
            return self._cursor.frame(index)

    def __iter__(self) -> Iterator[Frame]:
        cursor = self._new_cursor()
        try:
            for index in range(len(self)):
                with decoding(self._name, f"video frame {index}"):
                    frame = sealed(cursor.frame(index))
                yield frame
        finally:
            cursor.close()

    def _new_cursor(self) -> Cursor:
        return Cursor(self._path, self._demuxer, self._name, self._index)


def open_video(path: Path, demuxer: str, name: str | None = None, member: str | None = None) -> Clip:
    """Opens a video with libavformat's `demuxer`; the whole file is decoded once to count its frames.

    Rotation is applied; times come from the presentation stamps; `pixel_aspect` from the sample aspect ratio.

    Raises:
        NoFramesError, UnreadableError: each names the file and the remedy.
    """
    name = name or str(path)
    shown = f"{name}!{member}" if member else name
    with decoding(shown, "video"):
        index = index_video(path, demuxer, shown)
        frames = VideoFrames(path, demuxer, shown, index)
        height, width = frames[0].shape[:2]
    return Clip(
        frames=frames,
        times_s=index.times_s,
        width=width,
        height=height,
        source=Source(path=name, kind="video", member=member, notes=index.notes),
        pixel_aspect=1 / index.pixel_aspect if index.turn.transpose else index.pixel_aspect,
    )
