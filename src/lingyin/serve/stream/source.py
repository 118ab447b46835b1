"""Frames from a camera, a capture card or a file, at the pace they were made, newest first: PyAV reads all of them."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path

import numpy as np

from lingyin.core.clip import Frame
from lingyin.core.errors import UnreadableError
from lingyin.io import open_clip

DEVICES = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}
Offer = Callable[[Frame, tuple[float, float] | None], None]


class Source:
    """A thread that offers frames until the source ends or it is stopped; `loop` begins a file again."""

    def __init__(self, name: str, offer: Offer, *, mm_per_px: float | None = None, loop: bool = False) -> None:
        """`name` is a file, or `camera:DEVICE` in the system's own words (`camera:/dev/video0`).

        Raises:
            InputError: the file cannot be used.
        """
        self._name, self._offer, self._mm, self._loop = name, offer, mm_per_px, loop
        self._is_device = name.startswith("camera:")
        self._clip = None if self._is_device else open_clip(Path(name), mm_per_px=mm_per_px)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lingyin-stream-source", daemon=True)
        self.error: Exception | None = None

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends it."""
        self._stopping.set()
        self._thread.join(10)

    @property
    def alive(self) -> bool:
        """Whether more frames may come."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            if self._is_device:
                mm = None if self._mm is None else (self._mm, self._mm)
                with closing(device_frames(self._name.removeprefix("camera:"))) as frames:
                    for frame in frames:
                        if self._stopping.is_set():
                            return
                        self._offer(frame, mm)
            else:
                self._play()
        except Exception as error:  # told by whoever waits for the source
            self.error = error

    def _play(self) -> None:
        """The clip at its own pace; a frame whose time has passed is still offered, for the mailbox to drop."""
        clip = self._clip
        assert clip is not None
        region = clip.regions[0] if clip.regions else None
        mm = None
        if region is not None and region.mm_per_px_x is not None and region.mm_per_px_y is not None:
            mm = (region.mm_per_px_x, region.mm_per_px_y)
        step = float(np.median(np.diff(clip.times_s))) if len(clip) > 1 else 1 / 30
        began = time.monotonic()
        while not self._stopping.is_set():
            for at, frame in zip(clip.times_s, clip.frames, strict=False):
                if self._stopping.wait(max(0.0, began + float(at) - time.monotonic())):
                    return
                self._offer(frame, mm)
            if not self._loop:
                return
            began += float(clip.times_s[-1]) + step


def device_frames(name: str) -> Generator[Frame]:
    """RGB frames `(H, W, 3)` of a camera or capture card, as they come.

    Raises:
        UnreadableError: no such device, or it gives no pictures.
    """
    import av

    kind = DEVICES.get(sys.platform, "v4l2")
    try:
        with av.open(name, format=kind) as container:
            for picture in container.decode(video=0):
                yield np.asarray(picture.to_ndarray(format="rgb24"), np.uint8)
    except (av.FFmpegError, ValueError, IndexError, OSError) as error:
        raise UnreadableError(
            name, f"gives no pictures ({type(error).__name__})", f"name a device of {kind}, e.g. camera:/dev/video0"
        ) from error
