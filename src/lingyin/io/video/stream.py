"""One open video stream: decodes frames in order, tolerates damaged packets, turns pictures into upright RGB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.video.frame import VideoFrame

from lingyin.core.errors import NoFramesError, UnreadableError

# Silent by libav's own means: any other level hands its messages to Python. A decoding thread with something to say
# then waits for Python's lock while Python, closing the stream, waits for that thread.
av.logging.set_level(None)

THREADS = 2  # per open stream: several clips are read at the same time
EXPORT_AGAIN = "export or copy the file again"


class Stream:
    """The first real video stream of a file. Use in a `with`; not to be shared between threads."""

    def __init__(self, path: Path, demuxer: str, name: str) -> None:
        """Opens the file with the demuxer that its content calls for (a guess by libav could follow links in it).

        Raises:
            NoFramesError: no video stream.
            UnreadableError: libav cannot open it.
        """
        try:
            self._container = av.open(str(path.absolute()), format=demuxer)
        except (av.FFmpegError, ValueError) as error:
            raise UnreadableError(name, f"cannot be decoded as video ({type(error).__name__})", EXPORT_AGAIN) from error
        cover = av.stream.Disposition.attached_pic
        pictures = [stream for stream in self._container.streams.video if not stream.disposition & cover]
        if not pictures:
            self._container.close()
            raise NoFramesError(name, "holds no picture track", "give a file with a moving picture")
        self.stream = pictures[0]
        self.stream.thread_type = "AUTO"
        self.stream.codec_context.thread_count = THREADS
        self.damaged = 0  # packets left out so far

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._container.close()

    def seek(self, pts: int) -> None:
        """Goes to a key frame at or before `pts` as far as the container can tell."""
        self._container.seek(pts, stream=self.stream, backward=True)

    def decoded(self) -> Iterator[VideoFrame]:
        """Frames in the order of showing, from where the stream stands. A packet that cannot be decoded is left out."""
        packets = self._container.demux(self.stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.FFmpegError:  # damaged here, and nothing behind it can be found
                self.damaged += 1
                yield from self._held()
                return
            try:
                yield from packet.decode()
            except av.FFmpegError:
                self.damaged += 1

    def _held(self) -> Iterator[VideoFrame]:
        """The frames that the decoder still holds when the packets end early."""
        try:
            yield from self.stream.codec_context.decode(None)
        except av.FFmpegError:
            self.damaged += 1
