"""Lines below the pleura on drawn pictures: rays that last are counted, what fades or is no lung is not."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from lingyin.analyze.measure.lung import LungFrame, rays_of, read_lung, straighten

HEIGHT, WIDTH = 300, 360


def fan() -> NDArray[np.bool_]:
    """A sector with straight sides that meet above the picture."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    radius = np.hypot(x - WIDTH / 2, y + 150)
    return (np.abs(x - WIDTH / 2) < 0.42 * (y + 150)) & (radius > 160) & (radius < 445)


def lung(rays: list[tuple[float, float]], lasting: float = 1.0, pleura: bool = True) -> NDArray[np.uint8]:
    """Muscle, pleural line at a quarter of the depth, fading lung, and rays at (place, width) between the sides."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    share = 0.5 + (x - WIDTH / 2) / (0.84 * (y + 150))
    deep = y / HEIGHT
    level = np.where(deep < 0.25, 70.0, 90.0 * np.exp(-4 * (deep - 0.25)))
    for place, width in rays:
        ray = (np.abs(share - place) < width / 2) & (deep > 0.25)
        level = np.where(ray, 130.0 * (1 - (1 - lasting) * (deep - 0.25) / 0.75), level)
    if pleura:
        level += 120 * np.exp(-0.5 * ((y - 0.25 * HEIGHT) / 2.5) ** 2)
    noise = np.random.default_rng(5).rayleigh(1.0, level.shape) / 1.25
    return np.where(fan(), np.clip(level * noise**0.4, 1, 255), 0).astype(np.uint8)


def counted(picture: NDArray[np.uint8]) -> LungFrame:
    found = read_lung(picture, fan())
    assert found is not None
    return found


@pytest.mark.parametrize("places", [[], [0.5], [0.3, 0.62], [0.2, 0.45, 0.8]])
def test_lasting_rays_are_counted_where_they_are(places: list[float]) -> None:
    found = counted(lung([(place, 0.06) for place in places]))
    assert found.b_lines == len(places)
    assert found.pleura == pytest.approx(0.25, abs=0.05)
    for place, ray in zip(places, found.rays, strict=True):
        (top_x, top_y), (bottom_x, bottom_y) = ray
        assert top_y == pytest.approx(0.25 * HEIGHT, abs=12)
        assert bottom_y > 0.85 * HEIGHT
        for x, y in ((top_x, top_y), (bottom_x, bottom_y)):
            assert 0.5 + (x - WIDTH / 2) / (0.84 * (y + 150)) == pytest.approx(place, abs=0.04)


def test_a_broad_ray_counts_a_line_for_each_tenth() -> None:
    assert counted(lung([(0.5, 0.4)])).b_lines == pytest.approx(4, abs=1)


def test_what_fades_is_no_b_line() -> None:
    assert counted(lung([(0.5, 0.1)], lasting=0.2)).b_lines == 0


def test_without_a_pleural_line_nothing_is_counted() -> None:
    assert read_lung(lung([(0.5, 0.06)], pleura=False), fan()) is None
    assert read_lung(np.zeros((HEIGHT, WIDTH), np.uint8), fan()) is None


def test_a_sector_too_small_is_none() -> None:
    tiny = np.zeros((HEIGHT, WIDTH), bool)
    tiny[:20, :20] = True
    assert straighten(np.zeros((HEIGHT, WIDTH), np.uint8), tiny) is None


def test_single_beams_are_no_rays() -> None:
    carries = np.zeros(96, bool)
    carries[[3, 10, 11, 12, 95]] = True
    assert rays_of(carries) == [(10, 13)]
