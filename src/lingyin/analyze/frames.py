"""Which frames to look at, and where the picture is in them. A clip comes in; frame numbers and a sector go out."""

from __future__ import annotations

import numpy as np

from lingyin.core.clip import Box, Clip, Frame, Region, RegionKind
from lingyin.io.sector import Sector, find_sector

FRAME_LIMIT = 64  # frames read in the first pass; bounds time and memory for clips of any length
DENSE_LIMIT = 32  # frames read on top, between those of the first pass
SECTOR_FRAMES = 5
PICTURE_KINDS = (RegionKind.TISSUE, RegionKind.COLOR_FLOW)


def choose_frames(count: int, limit: int = FRAME_LIMIT) -> list[int]:
    """Frame numbers of the first pass: all of them up to `limit`, else an even stride over the whole clip.

    A stride, not random draws, so that the distance between neighbours is known and the same clip always gives the
    same answer.
    """
    if count <= limit:
        return list(range(count))
    return sorted({round(position) for position in np.linspace(0, count - 1, limit)})


def densify(read: list[int], centres: list[int], count: int, limit: int = DENSE_LIMIT) -> list[int]:
    """Frames between the ones already read, around `centres` (key frames), nearest first, at most `limit`.

    In a long clip the first pass may step over end systole or the widest moment of a pulsating vessel.
    """
    if len(read) < 2 or len(read) >= count:
        return []
    stride = int(np.ceil((count - 1) / (len(read) - 1)))
    known = set(read)
    wanted = {
        frame: min(abs(frame - centre) for centre in centres)
        for centre in centres
        for frame in range(max(0, centre - stride + 1), min(count, centre + stride))
        if frame not in known
    }
    return sorted(sorted(wanted, key=lambda frame: (wanted[frame], frame))[:limit])


def clip_sector(clip: Clip) -> Sector:
    """The scan sector of a clip, found on a few frames spread over it; `mask (H, W)` and its box.

    Where the file names picture regions (DICOM tissue or colour flow), only the largest of them is searched, so that an
    ECG strip or a spectral trace beside the picture is never taken for anatomy. If nothing is found, the whole region
    (or frame) counts as the sector.
    """
    picks = choose_frames(len(clip), SECTOR_FRAMES)
    region = picture_region(clip)
    left, top, right, bottom = _pixel_box(region.box if region else None, clip)
    frames: list[Frame] = [np.ascontiguousarray(clip.frames[index][top:bottom, left:right]) for index in picks]
    found = find_sector(frames)
    mask = np.zeros((clip.height, clip.width), bool)
    if not found.mask.any():
        mask[top:bottom, left:right] = True
        return Sector(mask=mask, box=Box(left, top, right, bottom))
    mask[top:bottom, left:right] = found.mask
    box = Box(found.box.left + left, found.box.top + top, found.box.right + left, found.box.bottom + top)
    return Sector(mask=mask, box=box)


def picture_region(clip: Clip) -> Region | None:
    """The largest region that shows a two-dimensional picture, or None where the file names none.

    A region of unknown kind (a spacing given by hand, or for the whole frame) counts where no other is a picture.
    """
    pictures = [region for region in clip.regions if region.kind in PICTURE_KINDS]
    pictures = pictures or [region for region in clip.regions if region.kind is RegionKind.UNKNOWN]
    return max(pictures, key=lambda region: region.box.width * region.box.height, default=None)


def shows_tissue(clip: Clip) -> bool:
    """Whether the file says of any part that it may be a picture; a file that names no parts may be one as a whole."""
    return not clip.regions or picture_region(clip) is not None


def _pixel_box(box: Box | None, clip: Clip) -> tuple[int, int, int, int]:
    """Whole-pixel (left, top, right, bottom) inside the frame; the whole frame for None or an empty box."""
    if box is None:
        return 0, 0, clip.width, clip.height
    left, top = max(0, int(box.left)), max(0, int(box.top))
    right, bottom = min(clip.width, int(np.ceil(box.right))), min(clip.height, int(np.ceil(box.bottom)))
    if right - left < 8 or bottom - top < 8:
        return 0, 0, clip.width, clip.height
    return left, top, right, bottom
