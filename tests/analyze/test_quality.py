"""Picture quality: each fault is named, and a better picture scores higher."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lingyin.analyze.quality import frame_quality
from lingyin.core.clip import Frame, Mask

SECTOR: Mask = np.ones((200, 260), bool)


def speckle(gain: float = 1.0, blur: float = 1.5) -> Frame:
    noise = np.random.default_rng(5).rayleigh(45, (200, 260)).astype(np.float32)
    grey = np.clip(cv2.GaussianBlur(noise, (0, 0), blur) * gain, 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def flat(level: int) -> Frame:
    return np.full((200, 260, 3), level, np.uint8)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (speckle(), "adequate"),
        (flat(0), "no-picture"),
        (speckle(0.08, blur=0.6), "too-dark"),
        (speckle(8.0), "too-bright"),
        (flat(90), "low-contrast"),
        (speckle()[:30, :30], "too-small"),
    ],
)
def test_each_fault_has_its_name(frame: Frame, code: str) -> None:
    quality = frame_quality(frame, np.ones(frame.shape[:2], bool))
    assert quality.code == code
    assert 0.0 <= quality.score <= 1.0


def test_sharp_beats_blurred_and_well_lit_beats_dark() -> None:
    best = frame_quality(speckle(), SECTOR).score
    assert best > frame_quality(speckle(blur=8.0), SECTOR).score
    assert best > frame_quality(speckle(gain=0.2), SECTOR).score


def test_only_the_sector_counts() -> None:
    frame = speckle()
    half = SECTOR.copy()
    half[:, 130:] = False
    dirty = frame.copy()
    dirty[:, 140:] = 255
    assert frame_quality(dirty, half).score == pytest.approx(frame_quality(frame, half).score, rel=0.05)


def test_an_empty_sector_is_no_picture() -> None:
    assert frame_quality(speckle(), np.zeros((200, 260), bool)).code == "no-picture"
