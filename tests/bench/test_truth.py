"""The second opinion on duplicates: a changed copy is near, another picture is not, whatever its frame shares."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lingyin.bench.copies import KINDS
from lingyin.bench.truth import SAME_SCENE, are_near, likeness
from tests.curate.test_hashes import picture


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_planted_copy_is_near_its_original(kind: str) -> None:
    grey = picture(4)
    assert are_near(grey, KINDS[kind](grey, np.random.default_rng(2)))


def test_a_turned_and_shifted_picture_is_near_only_after_registration() -> None:
    grey = picture(5)
    turn = cv2.getRotationMatrix2D((150, 110), 5, 1.06)
    moved = cv2.warpAffine(grey, turn, (320, 240))
    assert likeness(grey, moved, enough=-1) < SAME_SCENE < likeness(grey, moved)


def test_other_pictures_in_the_same_disc_are_not_near() -> None:
    assert [are_near(picture(0), picture(seed)) for seed in range(1, 6)] == [False] * 5


def test_black_pictures_hold_no_tissue_to_compare() -> None:
    black = np.zeros((80, 90), np.uint8)
    assert likeness(black, black) == 0
    assert likeness(picture(0), black) == 0
