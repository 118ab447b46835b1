"""Small videos for the tests, written with PyAV: any container, codec, times, display matrix."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray


def moving(count: int, height: int = 48, width: int = 64) -> NDArray[np.uint8]:
    """Frames `(T, H, W, 3)` that tell their own number: the mean grey rises, a bright corner marks the top left."""
    y, x = np.mgrid[0:height, 0:width]
    ramp = (x[None] * 1.0 + y[None] * 0.5) * 0.8 + np.linspace(10, 120, count)[:, None, None]
    frames = np.repeat(np.clip(ramp, 0, 235)[..., None], 3, axis=3)
    frames[:, : height // 4, : width // 4] = (250, 20, 20)
    return frames.astype(np.uint8)


def write_video(
    path: Path,
    frames: NDArray[np.uint8],
    codec: str = "mpeg4",
    *,
    pixel_format: str = "yuv420p",
    stamps_ms: Sequence[int] | None = None,
    key_every: int = 8,
    container: str | None = None,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    aspect: Fraction | None = None,
    **codec_context: Any,
) -> Path:
    """Encodes frames; times in ms, 40 ms apart unless given."""
    with av.open(str(path), "w", format=container, options=container_options or {}) as out:
        stream = out.add_stream(codec, rate=25, options=options or {})
        stream.width, stream.height, stream.pix_fmt = frames.shape[2], frames.shape[1], pixel_format
        context = stream.codec_context
        if codec != "gif":
            context.gop_size = key_every
            context.bit_rate = 4_000_000
        if aspect is not None:
            context.sample_aspect_ratio = aspect
        for name, value in codec_context.items():
            setattr(context, name, value)
        context.time_base = Fraction(1, 25 if stamps_ms is None else 1000)
        for place, pixels in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            picture.pts = place if stamps_ms is None else stamps_ms[place]
            picture.time_base = context.time_base
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    return path
