"""How a picture must be turned or mirrored to stand upright, read from the display matrix of a video."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from lingyin.core.clip import Frame


@dataclass(frozen=True, slots=True)
class Turn:
    """`transpose` first (rows become columns), then mirror left-right, then upside down."""

    transpose: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    def apply(self, frame: Frame) -> Frame:
        """The upright picture of `(H, W, 3)`; `(W, H, 3)` where it is transposed."""
        if self.transpose:
            frame = frame.transpose(1, 0, 2)
        if self.mirror_x:
            frame = frame[:, ::-1]
        if self.mirror_y:
            frame = frame[::-1]
        return np.ascontiguousarray(frame)


def turn_from_matrix(matrix: bytes) -> Turn:
    """From the 3 x 3 display matrix (ISO/IEC 14496-12 8.2.2.3): nine int32, `(x', y') = (a x + c y, b x + d y)`.

    Only the multiples of a quarter turn that cameras write are followed; anything between is taken to the nearest.
    """
    a, b, _u, c, d, *_rest = struct.unpack("9i", matrix[:36])
    if abs(b) + abs(c) > abs(a) + abs(d):
        # the new x runs along the old y: c < 0 means backwards
        return Turn(transpose=True, mirror_x=c < 0, mirror_y=b < 0)
    return Turn(mirror_x=a < 0, mirror_y=d < 0)
