"""`open_picture`: still pictures, multi-page TIFF and animated WebP or PNG through Pillow, upright and in RGB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from lingyin.core.clip import Clip, Frame, Source
from lingyin.core.errors import UnreadableError
from lingyin.io.frames import DecodedFrames
from lingyin.io.guard import MAX_PIXELS, decoding

FORMATS = ("PNG", "JPEG", "MPO", "BMP", "TIFF", "WEBP", "JPEG2000", "AVIF")
DEEP_MODES = frozenset({"I;16", "I;16L", "I;16B", "I;16N", "I", "F"})
DEPTHS = (255, 1023, 4095, 16383, 65535)  # 8, 10, 12, 14 and 16 bits
SAMPLED = 5  # pages looked at for the range of values
ASSUMED_RATE = 30.0  # pages per second where nothing is told


def open_picture(path: Path, name: str | None = None, member: str | None = None) -> Clip:
    """Opens a picture; each page of a multi-page one is a frame.

    EXIF orientation is applied, transparency lies on black, more than 8 bits are scaled to 8 by one factor for all
    pages. Pages of another size than the first are left out, with a note.

    Raises:
        UnreadableError: damaged, implausibly large, or of no known kind.
    """
    name = name or str(path)
    shown = f"{name}!{member}" if member else name
    with decoding(shown, "a picture"):
        with _opened(path, shown) as image:
            pages, durations_ms, notes = _pages(image)
        scale = _scale(path, shown, pages)

        def decode(index: int) -> Frame:
            with decoding(shown, f"page {index} of a picture"):
                return _rgb(_page(path, shown, pages[index]), scale)

        frames = DecodedFrames(len(pages), decode)
        height, width = frames[0].shape[:2]
        frames[-1]
    times = np.concatenate([[0.0], np.cumsum(durations_ms[:-1]) / 1000])
    return Clip(
        frames=frames,
        times_s=times,
        width=width,
        height=height,
        source=Source(path=name, kind="picture", member=member, notes=tuple(notes)),
    )


def _opened(path: Path, name: str) -> Image.Image:
    Image.init()  # without it Pillow knows five formats, and stumbles over the names of the others
    image = Image.open(path, formats=[form for form in FORMATS if form in Image.OPEN])
    if image.width * image.height > MAX_PIXELS:
        image.close()
        problem = f"its picture is implausibly large ({image.width} x {image.height} pixels)"
        raise UnreadableError(name, problem, "scale it down")
    return image


def _pages(image: Image.Image) -> tuple[list[int], list[float], list[str]]:
    """Numbers of the pages of the first one's size, how long each is shown (ms), notes."""
    count = int(getattr(image, "n_frames", 1)) if image.format != "MPO" else 1
    size = image.size
    pages, durations, told = [], [], True
    for number in range(count):
        image.seek(number)
        if image.size == size:
            if count > 1 and image.format != "TIFF":
                image.load()  # only then is the duration known
            duration = float(image.info.get("duration") or 0)
            told = told and duration > 0
            pages.append(number)
            durations.append(duration or 1000 / ASSUMED_RATE)
    notes = []
    if len(pages) < count:
        notes.append(f"{count - len(pages)} pages of another size than the first were left out")
    if count > 1 and not told:
        notes.append(f"the picture gives no times for its pages: {ASSUMED_RATE:g} per second assumed")
    return pages, durations, notes


def _page(path: Path, name: str, number: int) -> Image.Image:
    """One page, decoded and upright. A file is opened for each, so that any thread may ask."""
    with _opened(path, name) as image:
        image.seek(number)
        image.load()
        return ImageOps.exif_transpose(image)


def _scale(path: Path, name: str, pages: list[int]) -> tuple[float, float] | None:
    """(black, white) for pictures of more than 8 bits: whole numbers by their depth, others by their range."""
    chosen = sorted({pages[int(place)] for place in np.linspace(0, len(pages) - 1, SAMPLED).round()})
    first = _page(path, name, chosen[0])
    if first.mode not in DEEP_MODES:
        return None
    arrays = [np.asarray(_page(path, name, number)) for number in chosen]
    values = np.concatenate([array[np.isfinite(array)] for array in arrays])
    if not values.size:
        raise UnreadableError(name, "holds no number that can be shown", "export it as an 8-bit picture")
    low, high = float(values.min()), float(values.max())
    if first.mode != "F" and low >= 0 and high <= DEPTHS[-1]:
        return 0.0, float(next(depth for depth in DEPTHS if high <= depth))
    return low, max(high, low + 1e-9)


def _rgb(image: Image.Image, scale: tuple[float, float] | None) -> Frame:
    if scale is not None:
        black, white = scale
        deep: NDArray[Any] = np.nan_to_num(np.asarray(image, np.float64))
        grey = (np.clip((deep - black) / (white - black), 0, 1) * 255 + 0.5).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if image.has_transparency_data:
        clear = image.convert("RGBA")
        return np.asarray(Image.alpha_composite(Image.new("RGBA", clear.size, (0, 0, 0, 255)), clear).convert("RGB"))
    return np.asarray(image.convert("RGB"))
