"""Truth follows the conventions of the analysis: its own tools, given the exact masks, find the values of the truth."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lingyin.analyze.measure.plan import PLANS
from lingyin.analyze.measure.shot import Scale, Shot
from lingyin.core.clip import Mask
from lingyin.io.phantom import Phantom, make_phantom

FINER = 4  # the mask is enlarged, so that its contour lies within an eighth of a pixel
# what the tools lose by smoothing over the cine or by fitting ellipses, as a share of the value
LOSS = {"left_ventricle_end_systolic_area": 0.06, "left_ventricular_ejection_fraction": 0.07}


def outline(mask: Mask) -> NDArray[np.float64]:
    large = cv2.resize(mask.astype(np.uint8), None, fx=FINER, fy=FINER, interpolation=cv2.INTER_NEAREST)
    contours, _ = cv2.findContours(large, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    longest = max(contours, key=len)[:, 0].astype(np.float64)
    return (longest + 0.5) / FINER - 0.5


def shots(phantom: Phantom, structure: str) -> list[Shot]:
    scale = Scale(phantom.mm_per_px_x, phantom.mm_per_px_y, phantom.mm_per_px_x)
    found = []
    for frame, mask in enumerate(phantom.masks[structure]):
        points = outline(mask)
        outlines = dict.fromkeys((0.3, 0.5, 0.7), points)
        found.append(Shot(frame, float(phantom.times_s[frame]), 1.0, 1.0, outlines, scale, cut=False))
    return found


@pytest.mark.parametrize(
    ("kind", "organ"),
    [
        ("aorta", "abdominal_aorta"),
        ("aortic-root", "aortic_root"),
        ("thyroid", "thyroid"),
        ("ovary", "ovary"),
        ("fetal-head", "fetal_head"),
        ("left-ventricle", "heart"),
        ("carotid", "common_carotid_artery"),
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_analysis_of_exact_masks_gives_the_truth(kind: str, organ: str, seed: int) -> None:
    phantom = make_phantom(kind, seed)
    plans = [plan for plan in PLANS if plan.organ == organ]
    measured = {each.code: each.value for plan in plans for each in plan.tool(shots(phantom, plan.structure)).measured}
    assert measured
    pixel = max(phantom.mm_per_px_x, phantom.mm_per_px_y)
    for code, value in measured.items():
        entry = phantom.truth["measurements"][code]
        allowed = max(LOSS.get(code, 0.025) * entry["value"], pixel if entry["unit"] == "mm" else 0.0)
        if entry["unit"] == "%":
            allowed = max(allowed, 2.5)
        assert value == pytest.approx(entry["value"], abs=allowed), code
