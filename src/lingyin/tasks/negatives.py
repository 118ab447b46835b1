"""Pictures of none of the known organs: noise, gradients, screens of text, photographs and slices of other modalities.

Photographs and slices are those that installed packages ship under permissive terms; no picture is fetched.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.core.clip import Box
from lingyin.tasks.store import Sample

Grey = NDArray[np.uint8]
SIDE = 288
# Files of scikit-image that are in the public domain or CC0 by its own list.
PHOTOGRAPHS = (
    "astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "coffee.png", "coins.png",
    "grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "moon.png", "motorcycle_left.png", "page.png",
    "retina.jpg", "rocket.jpg", "text.png",
)  # fmt: skip
SLICES = ("MR_small.dcm", "JPEG2000.dcm", "693_J2KI.dcm", "rtdose_1frame.dcm", "SC_rgb_jpeg_dcmtk.dcm")


def make_negatives(count: int, seed: int, split: str = "train") -> Iterator[Sample]:
    """`count` seeded pictures; `targets` says "none", every structure is left unknown."""
    photographs, slices = _photographs(), _slices()
    makers: list[Callable[[np.random.Generator], Grey]] = [_noise, _gradient, _text_screen, _flat, _shapes]
    if photographs:
        makers += [lambda rng: _crop(photographs, rng)] * 4
    if slices:
        makers += [lambda rng: _crop(slices, rng)] * 2
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        picture = makers[number % len(makers)](rng)
        height, width = picture.shape
        yield Sample(
            picture=picture,
            box=Box(0.0, 0.0, float(width), float(height)),
            targets={"organ": "none"},
            masks={},
            source="negatives",
            split=split,
            subject=f"negatives/{seed}-{number}",
            name=f"negative_{seed}_{number:05d}",
        )


def _shape(rng: np.random.Generator) -> tuple[int, int]:
    return int(rng.integers(SIDE // 2, SIDE)), int(rng.integers(SIDE // 2, SIDE))


def _noise(rng: np.random.Generator) -> Grey:
    """White, smooth or speckle-like noise without any anatomy."""
    noise = rng.random(_shape(rng), dtype=np.float32)
    sigma = float(rng.choice([0.0, 0.0, 1.0, 3.0, 8.0, 20.0]))
    if sigma:
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), sigma), np.float32)
    if rng.random() < 0.4:
        noise = -np.log(np.clip(noise, 1e-3, 1.0))
    low, high = float(noise.min()), float(noise.max())
    return ((noise - low) / (high - low) * rng.uniform(60, 255)).astype(np.uint8)


def _gradient(rng: np.random.Generator) -> Grey:
    height, width = _shape(rng)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    ramp = np.cos(angle) * x / width + np.sin(angle) * y / height
    ramp = np.sin(ramp * rng.uniform(1, 12)) if rng.random() < 0.5 else ramp
    ramp = (ramp - ramp.min()) / (ramp.max() - ramp.min() + 1e-6)
    return np.asarray(ramp * rng.uniform(60, 255)).astype(np.uint8)


def _text_screen(rng: np.random.Generator) -> Grey:
    """A page of words on a dark or light ground: report pages and menus come out of scanners too."""
    height, width = _shape(rng)
    light = rng.random() < 0.4
    page = np.full((height, width), int(rng.integers(200, 255) if light else rng.integers(0, 50)), np.uint8)
    letters = np.array(list(string.ascii_letters + string.digits + "  .:-/"))
    step = int(rng.integers(10, 24))
    for y in range(step, height, step):
        if rng.random() < 0.85:
            words = "".join(rng.choice(letters, int(rng.integers(4, 40))))
            ink = int(rng.integers(0, 90) if light else rng.integers(140, 255))
            cv2.putText(
                page, words, (int(rng.integers(0, 40)), y), cv2.FONT_HERSHEY_SIMPLEX, step / 40, ink, 1, cv2.LINE_AA
            )
    return page


def _flat(rng: np.random.Generator) -> Grey:
    """Black or even frames, some with a little noise: a probe in the air, a clip's empty first frame."""
    picture = np.full(_shape(rng), rng.integers(0, 255) if rng.random() < 0.4 else 0, np.float32)
    picture += rng.normal(0, rng.uniform(0, 8), picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


def _shapes(rng: np.random.Generator) -> Grey:
    """Lines, boxes and ellipses, as on charts and spectral traces."""
    page = np.full(_shape(rng), int(rng.integers(0, 60)), np.uint8)
    height, width = page.shape
    for _ in range(int(rng.integers(3, 14))):
        first, second = (tuple(int(v) for v in rng.integers(0, (width, height))) for _ in range(2))
        ink, thick = int(rng.integers(80, 255)), int(rng.choice([-1, 1, 2, 4]))
        kind = rng.integers(0, 3)
        if kind == 0:
            cv2.line(page, first, second, ink, max(1, thick), cv2.LINE_AA)
        elif kind == 1:
            cv2.rectangle(page, first, second, ink, thick)
        else:
            cv2.circle(page, first, int(rng.integers(5, 80)), ink, thick, cv2.LINE_AA)
    return page


def _crop(pictures: list[Grey], rng: np.random.Generator) -> Grey:
    picture = pictures[int(rng.integers(len(pictures)))]
    height, width = picture.shape
    share = rng.uniform(0.35, 1.0)
    h, w = min(height, max(24, int(height * share))), min(width, max(24, int(width * share)))
    y, x = int(rng.integers(0, height - h + 1)), int(rng.integers(0, width - w + 1))
    crop = picture[y : y + h, x : x + w]
    scale = min(1.0, 352 / max(h, w))
    if scale < 1:
        crop = np.asarray(cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    crop = np.rot90(crop, int(rng.integers(4)))
    return np.ascontiguousarray(255 - crop if rng.random() < 0.2 else crop)


def _photographs() -> list[Grey]:
    """Photographs of scikit-image where it is installed (it is no dependency of ours)."""
    try:
        import skimage
    except ImportError:
        return []
    folder = Path(str(skimage.__file__)).parent / "data"
    return [
        np.asarray(cv2.imread(str(folder / name), cv2.IMREAD_GRAYSCALE), np.uint8)
        for name in PHOTOGRAPHS
        if (folder / name).is_file()
    ]


def _slices() -> list[Grey]:
    """MR slices, a dose map and a secondary capture from pydicom's own test files."""
    import pydicom
    from pydicom.data import get_testdata_file

    found = []
    for name in SLICES:
        path = get_testdata_file(name, download=False)
        if path is None:
            continue
        pixels = pydicom.dcmread(str(path)).pixel_array.astype(np.float32)
        pixels = pixels[..., 0] if pixels.ndim == 3 else pixels
        low, high = np.percentile(pixels, (1, 99.5))
        found.append((np.clip((pixels - low) / max(float(high - low), 1e-6), 0, 1) * 255).astype(np.uint8))
    return found
