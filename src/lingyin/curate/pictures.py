"""One frame to what a corpus stores: cleaned, cut to its sector, scaled, encoded, with its masks and hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.analyze.quality import Quality, frame_quality
from lingyin.core.clip import Box, Frame, Mask, Region, RegionKind
from lingyin.curate.hashes import Words, look_of
from lingyin.curate.pixeltext import fill_text
from lingyin.curate.settings import Settings
from lingyin.curate.suitability import Reason, judge, look_at
from lingyin.io.sector import Sector, find_sector

_TISSUE = frozenset({RegionKind.TISSUE, RegionKind.COLOR_FLOW, RegionKind.UNKNOWN})
_GREY = 24  # most that the channels of a grey picture differ by, after lossy compression
NO_QUALITY = Quality(0.0)


@dataclass(frozen=True)
class Prepared:
    """A picture as it is stored. `files` by ending (`jpg`, `sector.png`, `mask_CODE.png`); empty where it is left out.

    `crop` is its box in the frame that was read, `scale` stored pixels per pixel read. `digest` is over its pixels.
    """

    reason: Reason | None
    crop: Box
    scale: float = 1.0
    width: int = 0
    height: int = 0
    colour: bool = False
    quality: Quality = NO_QUALITY
    text_boxes: int = 0
    files: Mapping[str, bytes] | None = None
    digest: bytes = b""
    words: Words | None = None
    thumb: NDArray[np.uint8] | None = None


def view_of(frames: Sequence[Frame], regions: Sequence[Region]) -> Sector:
    """The sector that the frames `(H, W, 3)` share, inside the largest tissue region that the file declares."""
    height, width = frames[0].shape[:2]
    tissue = [region.box for region in regions if region.kind in _TISSUE]
    if not tissue:
        return find_sector(frames)
    box = max(tissue, key=lambda box: box.width * box.height)
    top, bottom = max(0, int(box.top)), min(height, int(np.ceil(box.bottom)))
    left, right = max(0, int(box.left)), min(width, int(np.ceil(box.right)))
    inner = find_sector([frame[top:bottom, left:right] for frame in frames])
    mask = np.zeros((height, width), bool)
    mask[top:bottom, left:right] = inner.mask
    found = inner.box
    return Sector(mask, Box(found.left + left, found.top + top, found.right + left, found.bottom + top))


def prepare(
    frame: Frame,
    sector: Sector,
    masks: Mapping[str, Mask],
    regions: Sequence[Region],
    settings: Settings,
    text: Sequence[Box] = (),
) -> Prepared:
    """What is stored of one frame `(H, W, 3)`: black outside the sector, filled in where `text` was burned in.

    `masks` `(H, W)` by structure are cut and scaled with it.
    """
    cleaned = fill_text(frame, sector.mask, text)
    box = sector.box
    part = slice(int(box.top), int(box.bottom)), slice(int(box.left), int(box.right))
    crop, inside = cleaned[part], sector.mask[part]
    reason = judge(look_at(crop, inside, settings.drop), inside.shape, regions, settings.drop)
    if reason not in {None, Reason.DOPPLER_ONLY}:
        return Prepared(reason, box)
    quality = frame_quality(np.ascontiguousarray(crop), inside)
    scale = min(1.0, settings.longest_side_px / max(inside.shape))
    size = (max(1, round(inside.shape[1] * scale)), max(1, round(inside.shape[0] * scale)))
    picture = _scaled(crop, size, cv2.INTER_AREA)
    colour = int((picture.max(axis=2).astype(int) - picture.min(axis=2)).max()) > _GREY
    if not colour:
        picture = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    grey = picture if not colour else np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    look = look_of(grey)
    made = Prepared(reason, box, scale, size[0], size[1], colour, quality, len(text))
    return replace(
        made,
        files=_files(picture, inside, {code: mask[part] for code, mask in masks.items()}, size, settings),
        digest=hashlib.sha256(f"{picture.shape}".encode() + picture.tobytes()).digest()[:16],
        words=look.words,
        thumb=look.small,
    )


def _scaled(picture: Frame, size: tuple[int, int], way: int) -> Frame:
    if (picture.shape[1], picture.shape[0]) == size:
        return np.ascontiguousarray(picture)
    return np.asarray(cv2.resize(picture, size, interpolation=way), np.uint8)


def _files(
    picture: NDArray[np.uint8], inside: Mask, masks: Mapping[str, Mask], size: tuple[int, int], settings: Settings
) -> dict[str, bytes]:
    stored = picture if picture.ndim == 2 else np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), np.uint8)
    if settings.jpeg_quality:
        full = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
        options = [cv2.IMWRITE_JPEG_QUALITY, settings.jpeg_quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, full]
        files = {"jpg": _encoded(".jpg", stored, options)}
    else:
        files = {"png": _encoded(".png", stored, [cv2.IMWRITE_PNG_COMPRESSION, 2])}
    outlines = {"sector": inside, **{f"mask_{code}": masks[code] for code in sorted(masks)}}
    for name, mask in outlines.items():
        small = _scaled(mask.astype(np.uint8) * 255, size, cv2.INTER_AREA)
        files[f"{name}.png"] = _encoded(".png", np.where(small > 127, 255, 0), [cv2.IMWRITE_PNG_BILEVEL, 1])
    return files


def _encoded(suffix: str, picture: NDArray[np.uint8], options: list[int]) -> bytes:
    done, content = cv2.imencode(suffix, np.asarray(picture, np.uint8), options)
    assert done, "OpenCV encodes every picture of 8 bits"
    return bytes(content)
