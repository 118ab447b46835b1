"""Reading frames: small batches, only masks of organs in sight, and which parts of the picture count."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from lingyin.analyze.frames import clip_sector, shows_tissue
from lingyin.analyze.reading import BATCH, PLAUSIBLE, read_frames
from lingyin.core.clip import Box, Frame, RegionKind
from lingyin.io.sector import Sector
from lingyin.runtime.manifest import Head
from lingyin.runtime.network import Network
from tests.analyze.clips import HEIGHT, WIDTH, make_clip, number_of, region

HEADS = [
    Head(name="organ", task="classify", labels=["liver", "heart"]),
    Head(name="liver_lesion", task="segment", labels=["liver_lesion"], organs=["liver"]),
    Head(name="left_ventricle_cavity", task="segment", labels=["left_ventricle_cavity"], organs=["heart"]),
]
SECTOR = Sector(np.ones((HEIGHT, WIDTH), bool), Box(0, 0, WIDTH, HEIGHT))


class Fake:
    """A network that answers with the number of the frame; frame 3 may just show a heart, frame 4 just not."""

    manifest = SimpleNamespace(heads=HEADS)

    def __init__(self) -> None:
        self.batches: list[int] = []

    def prepare(self, frame: Frame, sector: Sector) -> int:
        return number_of(frame)

    def run(self, prepared: Sequence[int]) -> list[Any]:
        self.batches.append(len(prepared))
        return [self.answer(number) for number in prepared]

    def answer(self, number: int) -> SimpleNamespace:
        heart = PLAUSIBLE if number == 3 else PLAUSIBLE - 0.01
        masks = {name: np.full((4, 4), 0.5, np.float32) for name in ("liver_lesion", "left_ventricle_cavity")}
        organs = np.array([1 - heart, heart])
        return SimpleNamespace(probabilities={"organ": organs}, masks=masks, novelty=number / 100)


def test_frames_are_read_in_small_batches_and_told_of() -> None:
    network, told = Fake(), list[int]()
    indices = list(range(1, 2 * BATCH + 3))
    found, placement = read_frames(make_clip(20), indices, SECTOR, cast(Network, network), told.append)
    assert network.batches == [BATCH, BATCH, 2]
    assert told == [BATCH, 2 * BATCH, 2 * BATCH + 2]
    assert placement == cast(Any, 1)  # that of the first frame
    assert [each.frame for each in found] == indices
    assert [each.novelty for each in found] == pytest.approx([index / 100 for index in indices])
    assert [each.time_s for each in found] == pytest.approx([index / 25 for index in indices])


def test_masks_are_kept_of_organs_that_the_frame_may_show() -> None:
    found, _ = read_frames(make_clip(5), [3, 4], SECTOR, cast(Network, Fake()), lambda _: None)
    assert [set(each.grids) for each in found] == [{"liver_lesion", "left_ventricle_cavity"}, {"liver_lesion"}]
    assert found[0].grids["liver_lesion"].dtype == np.float16


def test_no_frames_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="no frames"):
        read_frames(make_clip(1), [], SECTOR, cast(Network, Fake()), lambda _: None)


def test_a_file_that_names_only_traces_shows_no_tissue() -> None:
    strip = region(Box(0, 200, WIDTH, HEIGHT), kind=RegionKind.WAVEFORM)
    assert not shows_tissue(make_clip(1, regions=[strip]))
    assert shows_tissue(make_clip(1, regions=[strip, region(Box(0, 0, WIDTH, 200))]))
    assert shows_tissue(make_clip(1, regions=[]))


@pytest.mark.parametrize("box", [Box(10, 10, 15, 200), Box(400, 10, 500, 90)])
def test_a_region_too_narrow_or_off_the_frame_counts_as_none(box: Box) -> None:
    one, other = clip_sector(make_clip(1, regions=[region(box)])), clip_sector(make_clip(1, regions=[]))
    assert one.box == other.box
    np.testing.assert_array_equal(one.mask, other.mask)
