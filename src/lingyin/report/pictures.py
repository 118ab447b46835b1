"""Which frames the page holds, and the frames as JPEG: all evidence, and as many others as a light file bears."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from lingyin.core.clip import Clip, Frame
from lingyin.core.study import Study
from lingyin.report.geometry import Display, fit

MOST_FRAMES = 64
BUDGET_BYTES = 3_900_000  # of JPEG; a third more once written as text
SIDES = (800, 640, 512, 400, 320, 240)
QUALITY = 85


def evidence_frames(study: Study) -> list[int]:
    """Frames that any finding points at, in order."""
    return sorted({evidence.frame for finding in study.findings for evidence in finding.evidence})


def choose_frames(study: Study, read: Iterable[int], total: int) -> list[int]:
    """Frames for the page, in order: all of a short clip, else all evidence and an even choice of the frames read."""
    if total <= MOST_FRAMES:
        return list(range(total))
    wanted = {frame for frame in evidence_frames(study) if frame < total} | {0}
    others = sorted(set(read) - wanted) or sorted(set(range(total)) - wanted)
    room = max(0, MOST_FRAMES - len(wanted))
    if len(others) > room:
        others = [others[position] for position in np.linspace(0, len(others) - 1, room).round().astype(int)]
    return sorted(wanted | set(others))


class Pictures:
    """Frames of one clip as JPEG at one display size; it shrinks all of them when together they grow too heavy."""

    def __init__(self, clip: Clip, count: int) -> None:
        self._clip = clip
        self._share = BUDGET_BYTES / max(1, count)
        self._sides = iter(SIDES)
        self.display: Display = fit(clip, next(self._sides))
        self.jpeg: dict[int, bytes] = {}

    def add(self, index: int, frame: Frame) -> None:
        """Encodes frame `index`, `(H, W, 3)` RGB."""
        self.jpeg[index] = _encode(self.display.picture(frame))
        while sum(map(len, self.jpeg.values())) > self._share * max(8, len(self.jpeg)):
            side = next(self._sides, None)
            if side is None:
                return
            self._shrink(side)

    def _shrink(self, side: int) -> None:
        self.display = fit(self._clip, side)
        size = (self.display.width, self.display.height)
        for index, content in self.jpeg.items():
            picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
            self.jpeg[index] = _encode(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))  # type: ignore[arg-type]


def _encode(picture: Frame) -> bytes:
    done, content = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise RuntimeError("OpenCV cannot encode JPEG in this build")
    return content.tobytes()
