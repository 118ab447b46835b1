"""Making phantoms: the same arguments give the same frames, seeds differ, settings act, impossible ones are refused."""

from __future__ import annotations

import time

import numpy as np
import pytest

from lingyin.core.errors import UsageError
from lingyin.io.phantom import make_phantom
from lingyin.io.phantom.parameters import KINDS
from lingyin.io.sector import find_sector


@pytest.mark.parametrize("kind", KINDS)
def test_same_arguments_same_frames(kind: str) -> None:
    first, again, other = (make_phantom(kind, seed, frames=3) for seed in (1, 1, 2))
    assert np.array_equal(first.frames, again.frames)
    assert first.truth == again.truth
    assert first.truth != other.truth


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_look_like_pictures(kind: str) -> None:
    phantom = make_phantom(kind, 11, frames=4)
    inside = phantom.frames[:, phantom.screen.sector]
    assert phantom.frames.dtype == np.uint8
    assert 20 < inside.mean() < 190
    assert inside.std() > 15
    assert np.mean(inside == 255) < 0.05
    assert not np.array_equal(phantom.frames[0], phantom.frames[3])
    outside = phantom.frames[0][~phantom.screen.sector]
    assert 0.001 < np.mean(outside > 0) < 0.12  # text, ruler and grey bar, all else black


@pytest.mark.parametrize("kind", KINDS)
def test_seeds_fit_into_their_pictures(kind: str) -> None:
    for seed in range(12):
        make_phantom(kind, seed, frames=1)


def test_fast_enough() -> None:
    start = time.process_time()
    make_phantom("aorta", 3, frames=16)
    assert time.process_time() - start < 5  # a fraction of a second where nothing else runs


def test_lumen_is_darker_than_wall_and_speckle_is_grainy() -> None:
    phantom = make_phantom("aorta", 7, diameter_mm=30, thrombus=0, gain_db=0, noise_db=-60)
    frame = phantom.frames[0].astype(float)
    outer, lumen = (phantom.masks[f"abdominal_aorta_{part}"][0] for part in ("outer", "lumen"))
    assert frame[lumen].mean() < 0.5 * frame[outer & ~lumen].mean()


def test_gain_brightens_and_speckle_strength_roughens() -> None:
    dim, bright = (make_phantom("thyroid", 2, frames=1, gain_db=gain) for gain in (-8, 6))
    assert bright.frames.mean() > dim.frames.mean() + 15
    smooth, rough = (make_phantom("thyroid", 2, frames=1, speckle_strength=share) for share in (0.1, 1))
    assert _grain(rough.frames[0]) > 1.5 * _grain(smooth.frames[0])


def _grain(frame: np.ndarray) -> float:
    middle = frame[120:300, 120:300].astype(float)
    return float(np.abs(np.diff(middle, axis=1)).mean())


def test_shadow_darkens_behind_the_spine() -> None:
    bright = {"gain_db": 10, "noise_db": -80, "attenuation_db_cm": 0, "dynamic_range_db": 70}
    clear, dark = (make_phantom("aorta", 7, frames=1, shadow=strength, **bright) for strength in (0, 1))
    bottom = int(clear.screen.box.bottom)
    column = round(clear.screen.origin_x + clear.settings["offset_mm"] / clear.mm_per_px_x)  # type: ignore[operator]
    behind = np.s_[0, bottom - 50 : bottom - 10, column - 15 : column + 5]
    assert dark.frames[behind].mean() < 0.5 * clear.frames[behind].mean()


def test_depth_sets_the_spacing() -> None:
    near, far = (make_phantom("aorta", 7, frames=1, diameter_mm=20, top_mm=25, depth_mm=depth) for depth in (110, 220))
    assert far.mm_per_px_y == pytest.approx(2 * near.mm_per_px_y, rel=0.1)
    squeezed = make_phantom("aorta", 7, frames=1, pixel_aspect=1.25)
    assert squeezed.mm_per_px_y / squeezed.mm_per_px_x == pytest.approx(1.25)


@pytest.mark.parametrize("shape", ["convex", "linear", "sector", "endocavity"])
def test_every_probe_shape_shows_a_vessel(shape: str) -> None:
    phantom = make_phantom("carotid" if shape == "linear" else "aorta", 4, frames=1, probe=shape)
    assert phantom.settings["probe"] == shape
    assert all(mask.any() for mask in phantom.masks.values())


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UsageError, match="larger depth_mm"):
        make_phantom("aorta", 1, diameter_mm=90, depth_mm=60)


def test_sector_is_found_by_the_reader() -> None:
    for seed in range(4):
        phantom = make_phantom("aorta", seed, frames=6)
        found = find_sector(list(phantom.frames)).mask
        both, either = (found & phantom.screen.sector).sum(), (found | phantom.screen.sector).sum()
        assert both / either > 0.95


def test_one_frame_of_the_heart_claims_no_ejection_fraction() -> None:
    assert make_phantom("left-ventricle", 1, frames=1).truth["measurements"] == {}
