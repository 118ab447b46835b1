"""Volumes shown as frames: arrays of any depth become `(H, W, 3)` uint8 RGB, decoded when asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lingyin.core.clip import Frame, FrameStore
from lingyin.io.frames import DecodedFrames


def grey_frames(load: Callable[[], NDArray[Any]]) -> Callable[[], FrameStore]:
    """Opens `(T, H, W)` grey values as frames. Values beyond 0 to 255 are stretched over the whole array."""

    def open_frames() -> FrameStore:
        values = load()
        low, high = float(values.min()), float(values.max())
        fits = low >= 0 and high <= 255

        def decode(index: int) -> Frame:
            grey = values[index] if fits else (values[index] - low) * (255.0 / max(high - low, 1e-9))
            rounded = np.rint(grey).astype(np.uint8)
            return np.repeat(rounded[..., None], 3, axis=2)

        return DecodedFrames(len(values), decode)

    return open_frames
