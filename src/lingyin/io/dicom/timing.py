"""When each frame of a DICOM cine was shown: seconds from the first (PS3.3 C.7.6.5 Cine, C.7.6.6 Multi-frame)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from lingyin.io.dicom.values import number, numbers

FRAME_TIME = 0x00181063
FRAME_TIME_VECTOR = 0x00181065
ASSUMED_RATE = 30.0  # frames per second
LONGEST_STEP_MS = 60_000.0


def frame_times(dataset: Dataset, count: int) -> tuple[NDArray[np.float64], list[str]]:
    """Times `(count,)` in seconds from 0, strictly increasing, and notes on what had to be assumed.

    Order: what Frame Increment Pointer names (Frame Time or Frame Time Vector, ms), the one of them that is present,
    Cine Rate, Recommended Display Frame Rate, 30 frames per second.
    """
    if count == 1:
        return np.zeros(1), []
    pointed = _pointed(dataset)
    readers = {FRAME_TIME_VECTOR: _from_vector, FRAME_TIME: _from_frame_time}
    order = [tag for tag in pointed if tag in readers] + [tag for tag in readers if tag not in pointed]
    for tag in order:
        steps = readers[tag](dataset, count)
        if steps is not None:
            return np.concatenate([[0.0], np.cumsum(steps)]), []
    for keyword, words in (("CineRate", "cine rate"), ("RecommendedDisplayFrameRate", "recommended display rate")):
        rate = number(dataset.get(keyword))
        if rate is not None and 0 < rate <= 1000:
            return np.arange(count) / rate, [f"frame times come from the {words}, {rate:g} frames per second"]
    return np.arange(count) / ASSUMED_RATE, [
        f"the file gives no frame times: {ASSUMED_RATE:g} frames per second assumed"
    ]


def _pointed(dataset: Dataset) -> list[int]:
    return [int(tag) for tag in numbers(dataset.get("FrameIncrementPointer"))]


def _from_vector(dataset: Dataset, count: int) -> NDArray[np.float64] | None:
    """Steps between frames, seconds; None unless there is one positive step per frame. The first entry is 0."""
    steps_ms = np.array(numbers(dataset.get("FrameTimeVector")))
    if len(steps_ms) < count:
        return None
    steps_ms = steps_ms[1:count]
    return steps_ms / 1000 if np.all((steps_ms > 0) & (steps_ms <= LONGEST_STEP_MS)) else None


def _from_frame_time(dataset: Dataset, count: int) -> NDArray[np.float64] | None:
    step_ms = number(dataset.get("FrameTime"))
    if step_ms is None or not 0 < step_ms <= LONGEST_STEP_MS:
        return None
    return np.full(count - 1, step_ms / 1000)
