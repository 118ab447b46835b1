"""The table of a video's frames: when each is shown and where decoding can begin. Made by one pass over the file."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lingyin.core.errors import NoFramesError, UnreadableError
from lingyin.io.guard import MAX_PIXELS
from lingyin.io.video.stream import EXPORT_AGAIN, Stream
from lingyin.io.video.turn import Turn, turn_from_matrix

ASSUMED_RATE = 30.0  # frames per second
STEADY = ("mpeg1video", "mpeg2video")  # codecs with one frame rate per sequence (ISO/IEC 13818-2 6.3.3)


@dataclass(frozen=True)
class Index:
    """Every frame that the decoder gives, in the order of showing.

    `pts` is in units of the stream's time base; empty where the file has none that can be relied on, and then frames
    are found by counting from the start. `keys` are the places of key frames in it.
    """

    count: int
    pts: NDArray[np.int64]
    keys: NDArray[np.int64]
    times_s: NDArray[np.float64]
    width: int  # as stored, before turning
    height: int
    turn: Turn
    pixel_aspect: float  # as stored: height of a pixel over its width
    notes: tuple[str, ...]


def index_video(path: Path, demuxer: str, name: str) -> Index:
    """Decodes the whole file once without keeping pictures: only that gives the exact count for every codec.

    (Containers announce counts that damaged, hidden or cut-off packets make wrong.)

    Raises:
        NoFramesError: a valid container without a frame.
        UnreadableError: nothing in it can be decoded.
    """
    pts: list[int | None] = []
    keys: list[int] = []
    with Stream(path, demuxer, name) as stream:
        first = None
        for frame in stream.decoded():
            if first is None:
                if frame.width * frame.height > MAX_PIXELS:
                    size = f"{frame.width} x {frame.height} pixels"
                    raise UnreadableError(name, f"its picture is implausibly large ({size})", "scale it down")
                first = frame
                turn, aspect = _turn(frame), _aspect(stream, frame)
            if frame.key_frame:
                keys.append(len(pts))
            pts.append(frame.pts)
        announced, damaged = stream.stream.frames, stream.damaged
        base, rate = stream.stream.time_base, stream.stream.average_rate
        steady = stream.stream.codec_context.name in STEADY
    if first is None:
        if damaged or announced:
            raise UnreadableError(name, "not one of its frames can be decoded", EXPORT_AGAIN)
        raise NoFramesError(name, "holds a picture track without a frame", EXPORT_AGAIN)
    notes = []
    if damaged or len(pts) < announced:
        lost = max(damaged, announced - len(pts))
        notes.append(f"the video is damaged: {lost} frames could not be decoded and were left out")
    stamps, times, time_notes = frame_times(pts, base, rate, steady)
    return Index(
        count=len(pts),
        pts=stamps,
        keys=np.array(keys or [0], np.int64),
        times_s=times,
        width=first.width,
        height=first.height,
        turn=turn,
        pixel_aspect=aspect,
        notes=(*notes, *time_notes),
    )


def _turn(frame: object) -> Turn:
    side = getattr(frame, "side_data", None)
    matrix = side.get("DISPLAYMATRIX") if side is not None else None
    return Turn() if matrix is None else turn_from_matrix(bytes(matrix))


def _aspect(stream: Stream, frame: object) -> float:
    """Height of a pixel over its width: the inverse of the sample aspect ratio, 1 where it is not told."""
    for holder in (stream.stream, stream.stream.codec_context, frame):
        ratio = getattr(holder, "sample_aspect_ratio", None)
        if ratio and 0.1 <= ratio <= 10:
            return float(1 / Fraction(ratio))
    return 1.0


def frame_times(
    pts: list[int | None], base: Fraction | None, rate: Fraction | None, steady: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.float64], list[str]]:
    """Usable stamps (or none), times from 0 that strictly increase, notes.

    Program streams stamp only some pictures, and libav may take a stamp for the picture before: where a `steady` codec
    tells its rate and no stamp is more than a picture off, the times follow the rate.
    """
    count = len(pts)
    if base is not None and all(stamp is not None for stamp in pts):
        stamps = np.array(pts, np.int64)
        if np.all(np.diff(stamps) > 0):
            times = (stamps - stamps[0]) * float(base)
            if steady and rate:
                even = np.arange(count) / float(rate)
                times = even if np.all(np.abs(times - even) * float(rate) < 1.5) else times
            return stamps, times, []
    per_second = float(rate) if rate and 0 < rate <= 1000 else ASSUMED_RATE
    note = f"the video gives no reliable frame times: {per_second:g} frames per second assumed"
    return np.empty(0, np.int64), np.arange(count) / per_second, [note] if count > 1 else []
