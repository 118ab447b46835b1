"""Takes burned-in text out of frames: everything outside the scan sector goes black, text within it is filled in.

Text comes with identifiers, and with calipers and labels that give an answer away to a network in training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache

import cv2
import numpy as np

from lingyin.core.clip import Box, Frame, Mask
from lingyin.curate.textnet import TextNetwork

FindText = Callable[[Frame], list[Box]]
_MARGIN = 2  # pixels around a box
_FILL_RADIUS = 3.0  # pixels
CHECKED_FRAMES = 6  # of a cine


def clean_frame(frame: Frame, sector: Mask, find_text: FindText | None = None) -> tuple[Frame, list[Box]]:
    """One frame without text.

    Args:
        frame: (H, W, 3) uint8 RGB; stays as it is.
        sector: (H, W), True inside the scan sector.
        find_text: gives the boxes of text in a frame; the network of `textnet`, loaded once, if None.

    Returns:
        The clean frame, and the boxes of text that lay at least partly in the sector.

    Raises:
        UsageError: `find_text` is None and the extra `curate` is not installed.
        ValueError: the mask has another size than the frame.
    """
    boxes = text_within([frame], sector, find_text)
    return fill_text(frame, sector, boxes), boxes


def text_within(frames: Sequence[Frame], sector: Mask, find_text: FindText | None = None) -> list[Box]:
    """Boxes of text at least partly in the sector, over up to six of the frames: what one frame shows, all may show.

    Boxes that overlap are one in the answer. Raises as `clean_frame`.
    """
    finder = find_text or _network()
    found: list[Box] = []
    for index in checked_frames(len(frames)):
        frame = frames[index]
        if frame.shape[:2] != sector.shape:
            raise ValueError(f"a mask {sector.shape} does not belong to a frame {frame.shape[:2]}")
        found += [box for box in finder(frame) if sector[_pixels(box, sector.shape)].any()]
    return _united(found)


def checked_frames(count: int) -> list[int]:
    """Numbers of the frames that are searched: the first, the last and some between."""
    return sorted({int(index) for index in np.linspace(0, count - 1, min(count, CHECKED_FRAMES)).round()})


def fill_text(frame: Frame, sector: Mask, boxes: Iterable[Box]) -> Frame:
    """A copy that is black outside the sector; boxes inside hold what their surroundings suggest (Telea 2004)."""
    clean = np.where(sector[..., None], frame, 0).astype(np.uint8)
    covered = np.zeros(sector.shape, np.uint8)
    for box in boxes:
        covered[_pixels(box, sector.shape)] = 255
    covered[~sector] = 0
    if covered.any():
        # Only the surroundings of the boxes are worked on: filling costs time for every pixel it is shown.
        x, y, width, height = cv2.boundingRect(covered)
        rows, columns = slice(max(0, y - 8), y + height + 8), slice(max(0, x - 8), x + width + 8)
        part = np.ascontiguousarray(clean[rows, columns])
        clean[rows, columns] = cv2.inpaint(part, covered[rows, columns], _FILL_RADIUS, cv2.INPAINT_TELEA)
    return clean


def _pixels(box: Box, shape: tuple[int, ...]) -> tuple[slice, slice]:
    top, left = max(0, int(box.top) - _MARGIN), max(0, int(box.left) - _MARGIN)
    bottom, right = int(np.ceil(box.bottom)) + _MARGIN, int(np.ceil(box.right)) + _MARGIN
    return slice(top, min(bottom, shape[0])), slice(left, min(right, shape[1]))


def _united(boxes: list[Box]) -> list[Box]:
    """Boxes after those that overlap have become one."""
    united: list[Box] = []
    for new in boxes:
        box = new
        apart: list[Box] = []
        for other in united:
            if _overlap(box, other):
                box = Box(
                    min(box.left, other.left),
                    min(box.top, other.top),
                    max(box.right, other.right),
                    max(box.bottom, other.bottom),
                )
            else:
                apart.append(other)
        united = [*apart, box]
    return united


def _overlap(first: Box, second: Box) -> bool:
    return (
        first.left < second.right
        and second.left < first.right
        and first.top < second.bottom
        and second.top < first.bottom
    )


@cache
def _network() -> TextNetwork:
    return TextNetwork()
