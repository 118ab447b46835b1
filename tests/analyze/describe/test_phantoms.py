"""Descriptors against phantoms, whose settings are the truth: what is decided is right, and much is decided."""

from __future__ import annotations

import functools

import cv2
import numpy as np
import pytest

from lingyin.analyze.describe.echo import composition, content, echogenicity
from lingyin.analyze.describe.locules import build
from lingyin.analyze.describe.patch import Patch, cut_patch
from lingyin.analyze.describe.seen import Sighting
from lingyin.analyze.describe.shape import proportion
from lingyin.analyze.measure.shot import Scale, Shot
from lingyin.io.phantom import make_phantom
from lingyin.io.phantom.make import Phantom

FIRST_SEED, COUNT = 50000, 14
FLUID_DB = -20  # of the nodule against the gland, under which the phantom paints fluid


@functools.cache
def phantoms(kind: str, structure: str) -> list[tuple[Phantom, Patch]]:
    return [_one(kind, structure, seed) for seed in range(FIRST_SEED, FIRST_SEED + COUNT)]


def _one(kind: str, structure: str, seed: int) -> tuple[Phantom, Patch]:
    """The exact outline of the phantom's mask stands for what a network would draw."""
    phantom = make_phantom(kind, seed, frames=1)
    mask = phantom.masks[structure][0].astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(contours, key=len)[:, 0].astype(np.float64)
    scale = Scale(phantom.mm_per_px_x, phantom.mm_per_px_y, phantom.mm_per_px_x)
    shot = Shot(0, 0.0, 0.9, 1.0, {0.5: outline}, scale, False)
    patch = cut_patch(phantom.frames[0].astype(np.float32), phantom.screen.sector, shot)
    assert patch is not None
    return phantom, patch


def _scored(pairs: list[tuple[Sighting, set[str]]]) -> tuple[float, float]:
    """Share in which a truth is among what stays possible, and share that is decided."""
    right = [bool(seen.possible & truth) for seen, truth in pairs]
    return float(np.mean(right)), float(np.mean([len(seen.possible) == 1 for seen, _ in pairs]))


@pytest.mark.slow
def test_composition_and_echo_of_nodules() -> None:
    nodules = phantoms("thyroid", "thyroid_nodule")
    kinds, echoes = [], []
    for phantom, patch in nodules:
        level = float(phantom.settings["nodule_db"])
        kinds.append((composition(patch), {"cystic"} if level < FLUID_DB else {"solid"}))
        truth = {"anechoic", "very_hypo"} if level < FLUID_DB else {"iso_or_hyper"} if level > 0 else {"hypo"}
        echoes.append((echogenicity(patch), truth))
    for right, decided in (_scored(kinds), _scored(echoes)):
        assert right >= 13 / 14
        assert decided >= 0.4


@pytest.mark.slow
def test_height_over_width_of_nodules() -> None:
    for phantom, patch in phantoms("thyroid", "thyroid_nodule"):
        rows, columns = np.nonzero(phantom.masks["thyroid_nodule"][0])
        truth = np.ptp(rows) * phantom.mm_per_px_y / (np.ptp(columns) * phantom.mm_per_px_x)
        seen = proportion(patch)
        assert seen.numbers["height_over_width"] == pytest.approx(truth, rel=0.02)
        assert ("taller" if truth > 1 else "wider") in seen.possible


@pytest.mark.slow
def test_chambers_and_fluid_of_cysts() -> None:
    cysts = phantoms("ovary", "ovarian_lesion")
    builds = [
        (build(patch), {"bilocular"} if float(phantom.settings["septum"]) > 0 else {"unilocular"})
        for phantom, patch in cysts
    ]
    clear = [(content(patch), {"anechoic"}) for _, patch in cysts]
    for right, decided in (_scored(builds), _scored(clear)):
        assert right >= 13 / 14
        assert decided >= 0.4
