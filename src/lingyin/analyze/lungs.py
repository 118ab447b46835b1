"""B-lines over a clip of the lung: frames are looked at one by one, and the count of the middle frame is stated."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from lingyin.analyze.measure.lung import LungFrame, read_lung
from lingyin.analyze.measure.shot import Measured, Outcome, Refused, pixels
from lingyin.core.clip import Clip, Mask
from lingyin.core.study import Evidence, EvidenceKind

CODE = "b_line_count"
FRAMES = 12  # looked at
CLEAR = 0.5  # share of them in which the pleural line must be clear
WANDERS = 0.05  # of the picture's depth, standard deviation over frames beyond which it was not one and the same line
FROM_BRIGHTNESS = "lines-from-brightness"


def count_b_lines(clip: Clip, frames: Sequence[int], sector: Mask) -> Outcome:
    """`b_line_count` of one view: the median over frames, from the 5th to the 95th percentile, a line more or less.

    Args:
        clip: a clip of the lung.
        frames: frame numbers that show it.
        sector: where the picture is, `(H, W)`.
    """
    picks = sorted({frames[round(place)] for place in np.linspace(0, len(frames) - 1, FRAMES)}) if len(frames) else []
    read = [(frame, found) for frame in picks if (found := _read(clip, frame, sector)) is not None]
    depths = [found.pleura for _, found in read]
    if not read or len(read) < CLEAR * len(picks) or float(np.std(depths)) > WANDERS:
        return Outcome(refused=[Refused(CODE, "not-visible")])
    counts = np.asarray([found.b_lines for _, found in read], np.float64)
    value = float(np.percentile(counts, 50, method="nearest"))
    low, high = np.percentile(counts, (5, 95))
    frame, shown = next((frame, found) for frame, found in read if found.b_lines == value)
    interval = (max(0.0, float(low) - 1), float(high) + 1)
    return Outcome([Measured(CODE, value, interval, _evidence(clip, frame, shown), (FROM_BRIGHTNESS,))])


def _read(clip: Clip, frame: int, sector: Mask) -> LungFrame | None:
    return read_lung(np.asarray(cv2.cvtColor(clip.frames[frame], cv2.COLOR_RGB2GRAY), np.uint8), sector)


def _evidence(clip: Clip, frame: int, shown: LungFrame) -> list[Evidence]:
    """The rays counted, or the frame alone where none was."""
    time_s = float(clip.times_s[frame])
    if not shown.rays:
        return [Evidence(frame=frame, time_s=time_s, kind=EvidenceKind.FRAME)]
    return [
        Evidence(frame=frame, time_s=time_s, kind=EvidenceKind.LINE, label="lung_b_lines", points=pixels(ray))
        for ray in shown.rays
    ]
