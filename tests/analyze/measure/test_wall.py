"""The far wall of an artery on drawn pictures whose edges are known to a fraction of a pixel."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lingyin.analyze.measure.carotid import band_thickness
from lingyin.analyze.measure.shot import Scale
from lingyin.analyze.measure.wall import FarWall, far_wall
from lingyin.runtime.decode import outline as rings
from tests.analyze.measure.shots import band_mm

SCALE = Scale(0.10, 0.12, 0.4)
HEIGHT, WIDTH = 220, 360  # 26 x 36 mm
WALL_MM = 15.0  # depth of the lumen-intima edge where the picture begins


def picture(
    thickness: float, slope: float = 0.0, noise: float = 4.0, near_wall: bool = False, lumen: float = 12.0
) -> NDArray[np.uint8]:
    """Tissue, lumen of 6 mm, bright intima, dark media, bright adventitia; blurred as by a pulse of 0.1 mm."""
    fine = np.arange(HEIGHT * 8) * SCALE.y / 8
    x = np.arange(WIDTH) * SCALE.x
    depth = fine[:, None] - (WALL_MM + slope * x)[None]
    level = np.where(depth < -6.0, 90.0, lumen)
    level = np.where((depth > -6.6) & (depth < -6.0) & near_wall, 160.0, level)
    level = np.where(depth >= 0.0, 95.0, level)
    level = np.where(depth >= 0.28, 30.0, level)
    level = np.where(depth >= thickness, 190.0, level)
    level = np.where(depth >= thickness + 1.2, 110.0, level)
    kernel = np.exp(-0.5 * (np.arange(-40, 41) * SCALE.y / 8 / 0.1) ** 2)
    blurred = np.apply_along_axis(lambda column: np.convolve(column, kernel / kernel.sum(), "same"), 0, level)
    speckle = np.random.default_rng(3).normal(0, noise, (HEIGHT, WIDTH))
    return np.clip(blurred[4::8] + speckle, 0, 255).astype(np.uint8)


def outline(thickness: float, slope: float = 0.0, below: float = 0.0) -> NDArray[np.float64]:
    """What a network might say: a band of 22 mm, `below` its true place."""
    band = band_mm(22.0, thickness, tilt=float(np.arctan(slope)))
    top = WALL_MM + slope * 6.0
    return band - np.array([10.0, 40.0]) + np.array([6.0, top + thickness / 2 + below])


def thickness_of(wall: FarWall | None) -> float:
    assert wall is not None
    return float(wall.thickness_mm.mean())


@pytest.mark.parametrize("thickness", [0.55, 0.8, 1.3])
@pytest.mark.parametrize("said", [0.75, 1.3])
@pytest.mark.parametrize("slope", [0.0, 0.15])
def test_the_picture_and_not_the_outline_decides_the_thickness(thickness: float, said: float, slope: float) -> None:
    true = thickness * np.cos(np.arctan(slope))
    found = far_wall(picture(thickness, slope), outline(thickness * said, slope), SCALE)
    assert thickness_of(found) == pytest.approx(true, abs=0.06)


def test_edges_lie_where_they_were_drawn() -> None:
    wall = far_wall(picture(0.8), outline(0.7, below=0.2), SCALE)
    assert wall is not None
    # a pixel's value belongs to its centre; the picture starts half a pixel above
    assert wall.intima[:, 1].mean() == pytest.approx(WALL_MM - SCALE.y / 2, abs=0.06)
    assert wall.adventitia[:, 1].mean() == pytest.approx(WALL_MM + 0.8 - SCALE.y / 2, abs=0.06)
    assert len(wall.outline_mm) == 2 * len(wall.intima)


def test_an_outline_on_the_near_wall_leads_to_the_far_one() -> None:
    wall = far_wall(picture(0.8, near_wall=True), outline(0.8, below=-6.5), SCALE)
    assert thickness_of(wall) == pytest.approx(0.8, abs=0.08)


@pytest.mark.parametrize(
    ("case", "grey"),
    [
        ("empty", np.zeros((HEIGHT, WIDTH), np.uint8)),
        ("grain only", np.random.default_rng(1).normal(90, 20, (HEIGHT, WIDTH)).clip(0, 255).astype(np.uint8)),
        ("lumen as bright as tissue", picture(0.8, lumen=180.0)),
        ("upside down", picture(0.8)[::-1].copy()),
    ],
)
def test_no_wall_is_seen_where_none_is_clear(case: str, grey: NDArray[np.uint8]) -> None:
    place = outline(0.8)
    if case == "upside down":
        place = place * (1, -1) + (0, (HEIGHT - 1) * SCALE.y)
    assert far_wall(grey, place, SCALE) is None


def test_an_outline_without_length_is_none() -> None:
    assert far_wall(picture(0.8), np.full((8, 2), 15.0), SCALE) is None


@pytest.mark.data
def test_real_walls_agree_with_the_expert(real_data: Path) -> None:
    """Validation split, from the expert's own band: what remains is how the edges are read."""
    folder = real_data / "carotid_imt"
    errors = []
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "val"]
    for row in rows:
        spacing = float(row["mm_per_px"])
        grey = np.asarray(cv2.imread(str(folder / "images" / f"{row['id']}.webp"), cv2.IMREAD_GRAYSCALE), np.uint8)
        drawn = np.asarray(cv2.imread(str(folder / row["mask_intima_media"]), cv2.IMREAD_GRAYSCALE)) > 127
        band = np.asarray(rings(drawn.astype(np.float32), 0.5)[0]) * spacing
        expert = band_thickness(band)
        wall = far_wall(grey, band, Scale(spacing, spacing, spacing))
        if wall is not None and expert is not None:
            errors.append(abs(float(wall.thickness_mm.mean()) - expert))
    assert len(errors) >= 7
    assert float(np.mean(errors)) <= 0.10
