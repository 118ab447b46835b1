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
THUMBNAIL = "thumbnail.jpg"
THUMBNAIL_SIZE = (160, 120)  # pixels, at most


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

    @classmethod
    def held(cls, display: Display, jpeg: dict[int, bytes]) -> Pictures:
        """Pictures that were made earlier; nothing is added to them."""
        pictures = cls.__new__(cls)
        pictures.display, pictures.jpeg = display, jpeg
        return pictures

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


def thumbnail(study: Study, pictures: Pictures) -> bytes:
    """The small picture for a worklist: a key frame without what the scanner wrote around the sector, as JPEG."""
    held = sorted(pictures.jpeg)
    keys = [frame for frame in study.clip.key_frames if frame in pictures.jpeg] or [held[len(held) // 2]]
    decoded = cv2.imdecode(np.frombuffer(pictures.jpeg[keys[0]], np.uint8), cv2.IMREAD_COLOR_RGB)
    frame: Frame = decoded  # type: ignore[assignment]
    if study.clip.sector_box is not None:
        left, top, right, bottom = study.clip.sector_box
        corners = (pictures.display.point((left, top)), pictures.display.point((right, bottom)))
        (x0, y0), (x1, y1) = ((max(0, round(x)), max(0, round(y))) for x, y in corners)
        cut = frame[y0:y1, x0:x1]
        frame = cut if cut.size else frame
    height, width = frame.shape[:2]
    scale = min(THUMBNAIL_SIZE[0] / width, THUMBNAIL_SIZE[1] / height, 1.0)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small: Frame = cv2.resize(np.ascontiguousarray(frame), size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return _encode(small)
