"""Truth is exact: what the masks show, measured anew from their pixels, is what the truth states."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lingyin.core.measurements import load_measurements
from lingyin.core.tree import load_tree
from lingyin.io.phantom import Phantom, make_phantom
from lingyin.io.phantom.parameters import KINDS

STRUCTURES = {
    "aorta": ("abdominal_aorta_outer", "abdominal_aorta_lumen"),
    "aortic-root": ("aortic_root_lumen",),
    "thyroid": ("thyroid_nodule",),
    "ovary": ("ovarian_lesion",),
    "fetal-head": ("fetal_skull",),
    "left-ventricle": ("left_ventricle_cavity",),
    "carotid": ("intima_media",),
}


def points_mm(phantom: Phantom, structure: str, frame: int) -> NDArray[np.float64]:
    """Centres of the mask's pixels in mm."""
    rows, columns = np.nonzero(phantom.masks[structure][frame])
    return np.column_stack([columns * phantom.mm_per_px_x, rows * phantom.mm_per_px_y])


def caliper(phantom: Phantom, structure: str, frame: int, *, least: bool = True) -> float:
    """Least or greatest width of a mask between parallel jaws; pixels have a size, so one is added."""
    angles = np.radians(np.arange(0, 180, 1.0))
    along = points_mm(phantom, structure, frame) @ np.stack([np.cos(angles), np.sin(angles)])
    widths = np.ptp(along, axis=0)
    return float(widths.min() if least else widths.max()) + phantom.mm_per_px_x


def truth(phantom: Phantom, code: str) -> float:
    return float(phantom.truth["measurements"][code]["value"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_masks_and_codes_of_the_catalogues(kind: str) -> None:
    phantom = make_phantom(kind, 3)
    count, height, width = phantom.frames.shape
    tree, catalogue = load_tree(), load_measurements()
    assert set(phantom.masks) == set(STRUCTURES[kind])
    for structure, mask in phantom.masks.items():
        assert structure in tree
        assert mask.shape == (count, height, width)
        assert mask.dtype == bool
        assert all(frame.any() for frame in mask)
        assert not (mask & ~phantom.screen.sector).any()
    assert phantom.truth["kind"] == kind
    assert phantom.truth["measurements"]
    for code, entry in phantom.truth["measurements"].items():
        assert entry["unit"] == catalogue[code].unit
    assert all(code in tree for code in phantom.truth["findings"])
    assert phantom.times_s[0] == 0
    assert len(phantom.times_s) == count


@pytest.mark.parametrize("aspect", [1.0, 1.3])
@pytest.mark.parametrize("diameter", [16.0, 29.0, 47.0, 74.0])
def test_aortic_diameter(diameter: float, aspect: float) -> None:
    phantom = make_phantom("aorta", 7, diameter_mm=diameter, pixel_aspect=aspect)
    assert truth(phantom, "abdominal_aorta_diameter") == pytest.approx(diameter, abs=1e-3)
    frames = range(len(phantom.frames))
    seen = max(caliper(phantom, "abdominal_aorta_outer", frame) for frame in frames)
    pixel = max(phantom.mm_per_px_x, phantom.mm_per_px_y)
    assert seen == pytest.approx(diameter, abs=pixel)
    lumen = max(caliper(phantom, "abdominal_aorta_lumen", frame) for frame in frames)
    assert lumen == pytest.approx(truth(phantom, "abdominal_aorta_lumen_diameter"), abs=pixel)
    assert not (phantom.masks["abdominal_aorta_lumen"] & ~phantom.masks["abdominal_aorta_outer"]).any()


def test_aorta_pulsates_by_what_is_set() -> None:
    phantom = make_phantom("aorta", 2, diameter_mm=40, pulsation_mm=4, frames=20, frame_rate_hz=25, drift_mm=0)
    seen = [caliper(phantom, "abdominal_aorta_outer", frame) for frame in range(20)]
    assert np.ptp(seen) == pytest.approx(4, abs=phantom.mm_per_px_x)


def test_root_diameter() -> None:
    phantom = make_phantom("aortic-root", 4, diameter_mm=44)
    seen = max(caliper(phantom, "aortic_root_lumen", frame) for frame in range(len(phantom.frames)))
    assert seen == pytest.approx(44, abs=max(phantom.mm_per_px_x, phantom.mm_per_px_y))
    assert truth(phantom, "aortic_root_diameter") == pytest.approx(44, abs=1e-3)


@pytest.mark.parametrize(("kind", "structure"), [("thyroid", "thyroid_nodule"), ("ovary", "ovarian_lesion")])
def test_lesion_axes(kind: str, structure: str) -> None:
    phantom = make_phantom(kind, 6, long_axis_mm=24, axis_ratio=0.7)
    pixel = max(phantom.mm_per_px_x, phantom.mm_per_px_y)
    assert truth(phantom, f"{structure}_long_axis") == pytest.approx(24, abs=0.02)
    assert caliper(phantom, structure, 0, least=False) == pytest.approx(24, abs=pixel)
    short = truth(phantom, f"{structure}_short_axis")
    assert short == pytest.approx(0.7 * 24, rel=0.06)
    assert caliper(phantom, structure, 0) == pytest.approx(short, abs=0.05 * short + pixel)


def test_head_is_an_ellipse_of_the_set_circumference() -> None:
    phantom = make_phantom("fetal-head", 3, circumference_mm=300, cephalic_index=0.78)
    contours, _ = cv2.findContours(phantom.masks["fetal_skull"][0].astype(np.uint8), cv2.RETR_EXTERNAL, 1)
    outline = contours[0][:, 0] * np.array([phantom.mm_per_px_x, phantom.mm_per_px_y])
    _, axes, _ = cv2.fitEllipse(outline.astype(np.float32))
    pixel = phantom.mm_per_px_x
    assert min(axes) + pixel == pytest.approx(truth(phantom, "biparietal_diameter"), abs=pixel)
    assert max(axes) + pixel == pytest.approx(truth(phantom, "occipitofrontal_diameter"), abs=pixel)
    long, short = truth(phantom, "occipitofrontal_diameter"), truth(phantom, "biparietal_diameter")
    assert short / long == pytest.approx(0.78)
    h = ((long - short) / (long + short)) ** 2  # Ramanujan's second approximation
    assert np.pi / 2 * (long + short) * (1 + 3 * h / (10 + np.sqrt(4 - 3 * h))) == pytest.approx(300, abs=0.01)


@pytest.mark.parametrize("ejection", [20.0, 60.0])
def test_ejection_fraction_by_discs_of_the_masks(ejection: float) -> None:
    phantom = make_phantom("left-ventricle", 5, ejection_fraction=ejection)
    assert truth(phantom, "left_ventricular_ejection_fraction") == pytest.approx(ejection, abs=0.01)
    volumes, areas = [], []
    for frame in range(len(phantom.frames)):
        points = points_mm(phantom, "left_ventricle_cavity", frame)
        centred = points - points.mean(axis=0)
        _, vectors = np.linalg.eigh(np.cov(centred.T))
        axial, side = centred @ vectors[:, 1], centred @ vectors[:, 0]
        edges = np.linspace(axial.min(), axial.max(), 21)
        widths = [np.ptp(side[(axial >= low) & (axial <= high)]) for low, high in itertools.pairwise(edges)]
        volumes.append(np.sum(np.square(widths)) * (edges[1] - edges[0]))
        areas.append(len(points) * phantom.mm_per_px_x * phantom.mm_per_px_y / 100)
    assert 100 * (1 - min(volumes) / max(volumes)) == pytest.approx(ejection, abs=2.5)
    assert max(areas) == pytest.approx(truth(phantom, "left_ventricle_end_diastolic_area"), rel=0.01)
    assert min(areas) == pytest.approx(truth(phantom, "left_ventricle_end_systolic_area"), rel=0.01)
    # both turning points of a beat lie within the cine
    inner = int(np.argmin(areas)), int(np.argmax(areas))
    assert any(0 < position < len(areas) - 1 for position in inner)


def test_intima_media_band_has_the_set_thickness() -> None:
    phantom = make_phantom("carotid", 8, intima_media_mm=1.1)
    assert truth(phantom, "intima_media_thickness") == pytest.approx(1.1, abs=0.01)
    mask = phantom.masks["intima_media"][0]
    columns = mask.sum(axis=0)
    used = np.flatnonzero(columns)[12:-12]
    middles = np.array([np.flatnonzero(mask[:, column]).mean() for column in used]) * phantom.mm_per_px_y
    slope = np.polyval(np.polyder(np.polyfit(used * phantom.mm_per_px_x, middles, 3)), used * phantom.mm_per_px_x)
    seen = columns[used] * phantom.mm_per_px_y * np.cos(np.arctan(slope))
    assert float(np.mean(seen)) == pytest.approx(1.1, abs=0.04)
