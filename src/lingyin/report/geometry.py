"""From pixels of the stored frame to pixels of a picture that people look at: smaller, and with square pixels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2

from lingyin.core.clip import Clip, Frame
from lingyin.core.study import Point


@dataclass(frozen=True, slots=True)
class Display:
    """A picture of `width` x `height` square pixels made from a stored frame of `stored_width` x `stored_height`."""

    width: int
    height: int
    stored_width: int
    stored_height: int

    def point(self, point: Point) -> Point:
        """Stored pixel (centres at integers) to picture coordinates whose origin is the corner of the picture."""
        x = (point[0] + 0.5) * self.width / self.stored_width
        y = (point[1] + 0.5) * self.height / self.stored_height
        return round(x, 1), round(y, 1)

    def picture(self, frame: Frame) -> Frame:
        """The frame `(H, W, 3)` RGB at display size; the very same array where nothing changes."""
        if (frame.shape[1], frame.shape[0]) == (self.width, self.height):
            return frame
        return cv2.resize(frame, (self.width, self.height), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def fit(clip: Clip, longest: int) -> Display:
    """The largest display of a clip's frames that is not larger than stored in any direction, nor than `longest`.

    Pixels become square by shrinking the direction in which they are short: nothing is ever scaled up.
    """
    tall = clip.pixel_aspect
    width = clip.width / max(tall, 1.0)
    height = clip.height * min(tall, 1.0)
    factor = min(1.0, longest / max(width, height))
    return Display(max(1, round(width * factor)), max(1, round(height * factor)), clip.width, clip.height)
