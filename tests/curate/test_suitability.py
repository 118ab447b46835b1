"""Which pictures are left out, and why: drawn examples of each reason, and real pictures that must all stay."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lingyin.core.clip import Box, Region, RegionKind
from lingyin.curate.settings import default_settings
from lingyin.curate.suitability import Reason, judge, look_at
from lingyin.io.phantom import make_phantom
from lingyin.io.sector import find_sector
from tests.curate.sources import speckle

RULES = default_settings().drop


def reason_of(picture: NDArray[np.uint8], *kinds: RegionKind) -> Reason | None:
    frame = np.repeat(picture[..., None], 3, axis=2) if picture.ndim == 2 else picture
    regions = [Region(Box(0, 0, 10, 10), kind) for kind in kinds]
    whole = np.ones(frame.shape[:2], bool)
    return judge(look_at(frame, whole, RULES), whole.shape, regions, RULES)


def coloured(hues: NDArray[np.float64]) -> NDArray[np.uint8]:
    """A textured picture whose pixels have the given hues, 0 to 180."""
    light = speckle(3, *hues.shape).clip(90, 255)
    layers = np.stack([hues.astype(np.uint8), np.full_like(light, 220), light], 2)
    return np.asarray(cv2.cvtColor(layers, cv2.COLOR_HSV2RGB), np.uint8)


def test_tissue_stays() -> None:
    assert reason_of(speckle(1)) is None
    assert reason_of(speckle(1), RegionKind.TISSUE, RegionKind.SPECTRAL) is None


def test_black_and_uniform_pictures_are_empty() -> None:
    assert reason_of(np.full((60, 80), 3, np.uint8)) is Reason.EMPTY
    assert reason_of(np.full((60, 80), 120, np.uint8)) is Reason.EMPTY


def test_paper_and_drawings_are_no_ultrasound() -> None:
    page = np.full((200, 160), 250, np.uint8)
    cv2.putText(page, "Report", (10, 90), cv2.FONT_HERSHEY_SIMPLEX, 1, 0, 2)
    assert reason_of(page) is Reason.NOT_ULTRASOUND
    chart = np.zeros((200, 160), np.uint8)
    cv2.line(chart, (0, 190), (150, 20), 200, 3)
    assert reason_of(chart) is Reason.NOT_ULTRASOUND


def test_a_photograph_is_no_ultrasound_but_a_tinted_picture_is() -> None:
    generator = np.random.default_rng(0)
    mixed = cv2.resize(generator.uniform(0, 180, (6, 8)), (80, 60), interpolation=cv2.INTER_NEAREST)
    assert reason_of(coloured(mixed)) is Reason.NOT_ULTRASOUND
    assert reason_of(coloured(np.full((60, 80), 14.0))) is None


def test_flow_without_tissue_is_kept_apart() -> None:
    flow = np.where(np.arange(80)[None, :] < 40, 0.0, 90.0) * np.ones((60, 1))  # opposite hues
    assert reason_of(coloured(flow)) is Reason.DOPPLER_ONLY
    assert reason_of(speckle(1), RegionKind.SPECTRAL, RegionKind.GRAPHICS) is Reason.DOPPLER_ONLY
    assert reason_of(speckle(1), RegionKind.M_MODE) is Reason.DOPPLER_ONLY


def test_specks_are_too_small() -> None:
    assert reason_of(speckle(1, 20, 80)) is Reason.TOO_SMALL


def test_nothing_inside_is_empty() -> None:
    look = look_at(np.repeat(speckle(1)[..., None], 3, 2), np.zeros((60, 80), bool), RULES)
    assert judge(look, (60, 80), (), RULES) is Reason.EMPTY


@pytest.mark.parametrize("kind", ["thyroid", "carotid"])
def test_phantoms_stay(kind: str) -> None:
    phantom = make_phantom(kind, seed=3, frames=1)
    frame = np.repeat(phantom.frames[0][..., None], 3, axis=2)
    sector = find_sector([frame]).mask
    assert judge(look_at(frame, sector, RULES), sector.shape, (), RULES) is None


@pytest.mark.data
def test_real_pictures_stay(real_data: Path) -> None:
    looked = 0
    for folder in sorted(real_data.glob("*/images")):
        for path in sorted(folder.glob("*.webp"))[::120]:
            frame = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
            sector = find_sector([frame]).mask
            assert judge(look_at(np.asarray(frame, np.uint8), sector, RULES), sector.shape, (), RULES) is None, path
            looked += 1
    assert looked > 50
