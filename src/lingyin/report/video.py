"""`overlay.mp4`: the whole clip at its own times with outlines, calipers and a caption burnt in, streamed."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import cv2
import numpy as np

from lingyin.core.clip import Clip, Frame
from lingyin.core.study import Analysis
from lingyin.report.geometry import fit
from lingyin.report.grammar import load_grammar
from lingyin.report.shapes import Overlay, Shape, caliper_text

LONGEST = 1280
CLOCK = Fraction(1, 60_000)  # finer than any frame time, and the finest that MPEG-4 part 2 can write for film rates
STILL_TIMES = (0.0, 0.5, 1.0, 1.5)  # a still becomes a clip of two seconds
USUAL_STEP_S = 0.04
ENCODERS = {"libx264": {"preset": "veryfast", "crf": "21"}, "mpeg4": {"qscale": "4"}}
INK = (255, 255, 255)
SHADOW = (0, 0, 0)
LENT = (170, 170, 170)
SHIFT = 3  # sub-pixel bits of OpenCV's drawing


@functools.cache
def encoder() -> str:
    """The best video encoder in this build of FFmpeg: H.264, else MPEG-4 part 2, which every build has."""
    for name in ENCODERS:
        try:
            av.Codec(name, "w")
        except ValueError:
            continue
        return name
    raise RuntimeError("this build of FFmpeg can write neither H.264 nor MPEG-4")


class OverlayVideo:
    """Takes the frames of a clip one by one and writes them; memory use does not depend on their number.

    The picture keeps the stored size (at most 1280 px, never enlarged), with square pixels and even sides. A frame that
    was not read shows the outlines of the nearest read one, thin and grey, no farther than half the usual distance
    between read frames.
    """

    def __init__(self, path: Path, analysis: Analysis, clip: Clip) -> None:
        self._display = fit(clip, LONGEST)
        self._times = [float(time) for time in clip.times_s]
        self._overlay = Overlay.of(analysis)
        self._study = analysis.study
        self._colours = {code: _rgb(colour) for code, (colour, _) in self._overlay.looks.items()}
        self._lenders = lenders(sorted(analysis.outlines), len(clip))
        self._durations: dict[int, int] = {}
        self._latest = -1
        self._file = _Disk(path)
        self._container = av.open(self._file, "w", format="mp4")
        self._stream = self._open_stream()

    def _open_stream(self) -> Any:
        name = encoder()
        stream: Any = self._container.add_stream(name, rate=25, options=dict(ENCODERS[name]))
        stream.width = self._display.width + self._display.width % 2
        stream.height = self._display.height + self._display.height % 2
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = stream.time_base = CLOCK
        stream.codec_context.thread_count = 2
        return stream

    def __enter__(self) -> OverlayVideo:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            with suppress(OSError, ValueError):  # the first error is the one to tell
                self._container.close()
            self._file.close()
            return
        self._mux(self._stream.encode())
        self._container.close()
        self._file.close()
        self._file.complain()

    def add(self, index: int, frame: Frame) -> None:
        """Draws on and writes frame `index` of the clip, `(H, W, 3)` RGB; frames come in order."""
        picture = self._drawn(index, frame)
        if len(self._times) == 1:
            for time, following in zip(STILL_TIMES, (*STILL_TIMES[1:], 2.0), strict=True):
                self._encode(picture, time, following - time)
            return
        later = self._times[index + 1] if index + 1 < len(self._times) else None
        self._encode(picture, self._times[index], (later - self._times[index]) if later else self._step())

    def _step(self) -> float:
        """How long the last frame stands: as long as the usual one."""
        steps = np.diff(self._times)
        return float(np.median(steps)) if len(steps) and np.median(steps) > 0 else USUAL_STEP_S

    def _encode(self, picture: Frame, time_s: float, duration_s: float) -> None:
        video_frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        video_frame.time_base = CLOCK
        video_frame.pts = max(round(time_s / CLOCK), self._latest + 1)  # times may stand still, a video may not
        self._latest = video_frame.pts
        self._durations[video_frame.pts] = max(1, round(duration_s / CLOCK))
        self._mux(self._stream.encode(video_frame))

    def _mux(self, packets: Sequence[Any]) -> None:
        for packet in packets:
            packet.duration = self._durations.pop(packet.pts, packet.duration)  # encoders assume a steady rate
            self._container.mux(packet)
        self._file.complain()

    def _drawn(self, index: int, frame: Frame) -> Frame:
        height, width = self._stream.height, self._stream.width
        picture = self._display.picture(frame)
        below, right = height - picture.shape[0], width - picture.shape[1]
        canvas: Frame = cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_REPLICATE)  # type: ignore[assignment]
        for shape in self._overlay.at(index):
            if not shape.twin:
                self._draw(canvas, shape)
        for shape in self._overlay.at(self._lenders.get(index, -1)):
            if shape.finding is None:
                _polygon(canvas, shape.on(self._display), LENT, 1)
        _write(canvas, f"{index + 1}/{len(self._times)}  {self._times[index]:.2f} s", (6, height - 8))
        _write(canvas, "Research use only", (width, height - 8))
        return canvas

    def _draw(self, canvas: Frame, shape: Shape) -> None:
        colour = self._colours.get(shape.structure or "", INK)
        points = shape.on(self._display)
        if shape.kind == "polygon":
            _polygon(canvas, points, colour, 2)  # one pixel would lose its colour: video stores that at half size
        elif shape.kind == "line" and shape.finding is not None:
            start, end = (_fixed(point) for point in points)
            cv2.line(canvas, start, end, SHADOW, 3, cv2.LINE_AA, SHIFT)
            cv2.line(canvas, start, end, INK, 1, cv2.LINE_AA, SHIFT)
            for x, y in points:
                cv2.drawMarker(canvas, (round(x), round(y)), INK, cv2.MARKER_TILTED_CROSS, 9, 1, cv2.LINE_AA)
            text = caliper_text(self._study.findings[shape.finding], load_grammar("en")).replace("²", "2")
            _write(canvas, text, (round(points[1][0]) + 6, round(points[1][1]) - 6))
        elif shape.kind == "points":
            for x, y in points:
                cv2.drawMarker(canvas, (round(x), round(y)), colour, cv2.MARKER_CROSS, 9, 1, cv2.LINE_AA)
        elif shape.structure is not None:  # a box; the frame as a whole needs none
            cv2.rectangle(canvas, _fixed(points[0]), _fixed(points[1]), colour, 1, cv2.LINE_AA, SHIFT)


class _Disk:
    """A file for FFmpeg. It keeps the first error for `complain`: one raised within FFmpeg's own call would be lost."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._error: OSError | None = None

    def write(self, content: bytes) -> int:
        if self._error is None:
            try:
                return self._file.write(content)
            except OSError as error:
                self._error = error
        return len(content)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        try:
            self._file.close()
        except OSError as error:
            self._error = self._error or error

    def complain(self) -> None:
        """Raises what went wrong since the file was opened, if anything."""
        if self._error is not None:
            raise self._error


def lenders(read: Sequence[int], count: int) -> dict[int, int]:
    """For each frame that was not read, the nearest read one, no farther than half the usual distance (rounded up)."""
    if len(read) < 2:
        return {}
    reach = int(np.median(np.diff(read)) + 1) // 2
    marks = np.asarray(read)
    nearest = {frame: int(marks[np.abs(marks - frame).argmin()]) for frame in range(count)}
    return {frame: near for frame, near in nearest.items() if 0 < abs(near - frame) <= reach}


def _fixed(point: tuple[float, float]) -> tuple[int, int]:
    """Picture coordinates to OpenCV's fixed point, whose pixel centres lie at integers."""
    return round((point[0] - 0.5) * 2**SHIFT), round((point[1] - 0.5) * 2**SHIFT)


def _polygon(canvas: Frame, points: Sequence[tuple[float, float]], colour: tuple[int, ...], width: int) -> None:
    line = np.asarray([_fixed(point) for point in points], np.int32)[:, None]
    cv2.polylines(canvas, [line], True, colour, width, cv2.LINE_AA, SHIFT)


def _write(canvas: Frame, text: str, corner: tuple[int, int]) -> None:
    """White letters on a dark rim, kept inside the picture."""
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.42, 1)
    x = int(np.clip(corner[0], 2, max(2, canvas.shape[1] - width - 2)))
    y = int(np.clip(corner[1], height + 2, canvas.shape[0] - 3))
    for colour, thickness in ((SHADOW, 3), (INK, 1)):
        cv2.putText(canvas, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, thickness, cv2.LINE_AA)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
