"""The small picture of a study for the worklist: a key frame without what the scanner wrote around the sector."""

from __future__ import annotations

import cv2
import numpy as np

from lingyin.core.clip import Clip
from lingyin.core.study import Study

THUMBNAIL = "thumbnail.jpg"
WIDTH, HEIGHT = 160, 120  # pixels, at most


def thumbnail(study: Study, clip: Clip) -> bytes:
    """JPEG of the first key frame (of the middle one where there is none), cut to the sector."""
    keys = study.clip.key_frames
    frame = clip.frames[keys[0] if keys else len(clip) // 2]
    if study.clip.sector_box is not None:
        left, top, right, bottom = (round(edge) for edge in study.clip.sector_box)
        cut = frame[max(top, 0) : bottom, max(left, 0) : right]
        frame = cut if cut.size else frame
    height, width = frame.shape[:2]
    scale = min(WIDTH / width, HEIGHT / height, 1.0)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(np.ascontiguousarray(frame[..., ::-1]), size, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()
