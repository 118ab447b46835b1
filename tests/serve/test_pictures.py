"""The small picture: the sector of a key frame, no larger than it should be."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from lingyin.analyze import Engine
from lingyin.io import open_clip
from lingyin.serve.pictures import HEIGHT, WIDTH, thumbnail


def test_thumbnail_is_the_sector_of_a_key_frame(engine: Engine, real_cine: Path) -> None:
    clip = open_clip(real_cine)
    study = engine.analyze(clip).study
    assert study.clip.sector_box is not None
    left, top, right, bottom = (round(edge) for edge in study.clip.sector_box)
    picture = cv2.imdecode(np.frombuffer(thumbnail(study, clip), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    height, width = picture.shape[:2]
    assert width == WIDTH or height == HEIGHT
    assert abs(width / height - (right - left) / (bottom - top)) < 0.05
    wanted = cv2.resize(clip.frames[study.clip.key_frames[0]][top:bottom, left:right, ::-1], (width, height))
    assert np.corrcoef(wanted.ravel(), picture.ravel())[0, 1] > 0.9
