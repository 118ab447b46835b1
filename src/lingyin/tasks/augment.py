"""Augmentation: parameters are drawn first and applied second, so that any picture can be made again.

Besides the usual movements it paints what screens carry (borders, text, caliper marks) onto any picture, so that the
furniture of a set is no shortcut to its labels.
"""

from __future__ import annotations

import string
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.core.clip import Box
from lingyin.runtime.prepare import Affine, letterbox, warp

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]
FLIP = frozenset(
    {
        "breast_busi", "ovary_mmotu", "thyroid_ddti", "fetal_head_hc18", "kidney_hydronephrosis", "liver_aul",
        "bladder_pelvic", "uterus_slices", "liver_sfibai", "gallbladder_atresia", "colon_ctrus", "nerve_usgra",
        "carotid_imt", "carotid_handheld", "lung_pocus", "muscle_timtrack", "negatives", "phantom_aorta",
        "phantom_thyroid", "phantom_ovary", "phantom_fetal_head", "phantom_carotid",
    }
)  # fmt: skip  # not the heart, whose left and right mean something, nor muscles, whose fascicles lean one way


@dataclass(frozen=True)
class Movement:
    """Geometry: box sides moved by shares of its size, rotation, scale, stretch, shift (share of the image), mirror."""

    box_shift: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    degrees: float = 0.0
    scale: float = 1.0
    stretch: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    mirror: bool = False
    whole: bool = False


def draw_movement(rng: np.random.Generator, source: str) -> Movement:
    """A random movement that keeps the labels of `source` true."""
    move = Movement(
        box_shift=tuple(float(v) for v in rng.normal(0, 0.025, 4)) if rng.random() < 0.7 else (0.0, 0.0, 0.0, 0.0),  # type: ignore[arg-type]
        scale=float(np.exp(rng.normal(-0.02, 0.09))),
        stretch=float(np.exp(rng.normal(0, 0.09))),
        shift=(float(rng.normal(0, 0.03)), float(rng.normal(0, 0.03))),
        mirror=source in FLIP and rng.random() < 0.5,
        whole=rng.random() < 0.12,
    )
    if rng.random() < 0.6:
        move = replace(move, degrees=float(np.clip(rng.normal(0, 7), -20, 20)))
    if rng.random() < 0.1:
        move = replace(move, scale=move.scale * float(rng.uniform(0.5, 0.85)))
    elif rng.random() < 0.1:
        move = replace(move, scale=move.scale * float(rng.uniform(1.1, 1.35)))
    return move


def place(box: Box, height: int, width: int, size: int, move: Movement) -> tuple[Box, Affine]:
    """The box to crop and the map to the network's square after `move`."""
    if move.whole:
        box = Box(0.0, 0.0, float(width), float(height))
    left, top, right, bottom = move.box_shift
    box = Box(
        max(0.0, box.left + left * box.width),
        max(0.0, box.top + top * box.height),
        min(float(width), box.right + right * box.width),
        min(float(height), box.bottom + bottom * box.height),
    )
    middle = (size - 1) / 2
    angle = np.radians(move.degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    grow = np.diag([move.scale * move.stretch**0.5 * (-1.0 if move.mirror else 1.0), move.scale / move.stretch**0.5])
    linear = turn @ grow
    offset = np.array([middle, middle]) - linear @ np.array([middle, middle]) + np.array(move.shift) * size
    base = letterbox(box, size)
    return box, np.column_stack([linear @ base[:, :2], linear @ base[:, 2] + offset])


def moved(
    picture: Grey, masks: dict[int, Grey | None], box: Box, size: int, move: Movement
) -> tuple[Grey, dict[int, Floats]]:
    """The picture `(S, S)` and its masks at half that size `(S/2, S/2)`, 0..1, as shares of each grid cell."""
    height, width = picture.shape
    box, matrix = place(box, height, width, size, move)
    image = warp(picture, box, matrix, size)
    half = size // 2
    grids: dict[int, Floats] = {}
    for structure, mask in masks.items():
        if mask is None:
            grids[structure] = np.zeros((half, half), np.float32)
            continue
        whole = warp(mask, box, matrix, size).astype(np.float32) / np.float32(255)
        grids[structure] = whole.reshape(half, 2, half, 2).mean(axis=(1, 3))
    return image, grids


class Painter:
    """Changes of brightness, grain and furniture. Holds a bank of noise, because drawing noise anew is slow."""

    def __init__(self, size: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.size = size
        bank = rng.standard_normal((8, 2 * size, 2 * size), dtype=np.float32)
        self.bank = [bank[i] if i % 2 == 0 else _unit(cv2.GaussianBlur(bank[i], (0, 0), 1.0)) for i in range(8)]

    def __call__(self, image: Grey, rng: np.random.Generator) -> Floats:
        """`(S, S)` uint8 to `(S, S)` float32 0..1."""
        if rng.random() < 0.3:
            image = self._furniture(image.copy(), rng)
        x = image.astype(np.float32) / np.float32(255)
        if rng.random() < 0.2:
            side = int(rng.integers(self.size // 4, self.size * 3 // 4))
            coarse = cv2.resize(x, (side, side), interpolation=cv2.INTER_AREA)
            x = np.asarray(cv2.resize(coarse, (self.size, self.size)), np.float32)
        elif rng.random() < 0.2:
            x = np.asarray(cv2.GaussianBlur(x, (0, 0), float(rng.uniform(0.4, 1.4))), np.float32)
        if rng.random() < 0.8:
            gamma, gain = float(np.exp(rng.normal(0, 0.22))), float(np.exp(rng.normal(0, 0.18)))
            x = gain * np.power(x, gamma, dtype=np.float32)
        if rng.random() < 0.2:  # time gain set wrongly: brightness drifts with depth
            ramp = np.linspace(-1, 1, self.size, dtype=np.float32)[:, None] * np.float32(rng.normal(0, 0.25))
            x = x * (1 + ramp)
        if rng.random() < 0.4:
            y, z = (int(v) for v in rng.integers(0, self.size, 2))
            grain = self.bank[int(rng.integers(8))][y : y + self.size, z : z + self.size]
            x = x * (1 + grain * np.float32(rng.uniform(0.03, 0.25)))
        if rng.random() < 0.15:
            x = self._holes(x, rng)
        return np.asarray(np.clip(x, 0, 1), np.float32)

    def _holes(self, x: Floats, rng: np.random.Generator) -> Floats:
        """Black or grey patches and shadows, so that no single spot decides."""
        x = x.copy()
        for _ in range(int(rng.integers(1, 4))):
            h, w = (int(v) for v in rng.integers(self.size // 16, self.size // 5, 2))
            top, left = int(rng.integers(0, self.size - h)), int(rng.integers(0, self.size - w))
            x[top : top + h, left : left + w] *= np.float32(rng.uniform(0, 0.5))
        return x

    def _furniture(self, image: Grey, rng: np.random.Generator) -> Grey:
        """Borders, words, grey bars and caliper marks as scanners burn them in."""
        size = self.size
        if rng.random() < 0.4:
            for side in rng.permutation(4)[: int(rng.integers(1, 5))]:
                depth = int(rng.integers(1, size // 9))
                ink = 0 if rng.random() < 0.8 else int(rng.integers(0, 255))
                np.rot90(image, int(side))[:depth] = ink
        if rng.random() < 0.6:
            for _ in range(int(rng.integers(1, 5))):
                self._word(image, rng)
        if rng.random() < 0.6:
            self._calipers(image, rng)
        if rng.random() < 0.2:
            left = int(rng.integers(0, size - 8))
            bar = np.linspace(255, 0, size // 2).astype(np.uint8)[:, None]
            image[size // 4 : size // 4 + len(bar), left : left + 5] = bar
        return image

    def _word(self, image: Grey, rng: np.random.Generator) -> None:
        """A word or figure, mostly near the upper or lower border, as on real screens."""
        letters = list(string.ascii_letters + string.digits + " .:/")
        words = "".join(rng.choice(letters, int(rng.integers(2, 14))))
        x, y = int(rng.integers(-10, self.size - 10)), int(rng.integers(6, self.size))
        if rng.random() < 0.7:
            y = int(rng.choice([rng.integers(6, 28), rng.integers(self.size - 20, self.size)]))
        height, ink = float(rng.uniform(0.2, 0.45)), int(rng.integers(120, 255))
        cv2.putText(image, words, (x, y), cv2.FONT_HERSHEY_SIMPLEX, height, ink, 1, cv2.LINE_AA)

    def _calipers(self, image: Grey, rng: np.random.Generator) -> None:
        """One to three pairs of crosses, some joined by dots."""
        for _ in range(int(rng.integers(1, 4))):
            ends = rng.integers(self.size // 8, self.size * 7 // 8, (2, 2))
            kind = int(rng.choice([cv2.MARKER_CROSS, cv2.MARKER_TILTED_CROSS, cv2.MARKER_STAR]))
            ink, length = int(rng.integers(150, 255)), int(rng.integers(4, 10))
            for end in ends:
                cv2.drawMarker(image, (int(end[0]), int(end[1])), ink, kind, length, 1)
            if rng.random() < 0.6:
                count = max(2, int(np.hypot(*(ends[1] - ends[0])) / rng.uniform(4, 8)))
                dots = np.linspace(ends[0], ends[1], count).astype(int)
                image[dots[:, 1], dots[:, 0]] = ink


def _unit(noise: Floats) -> Floats:
    return np.asarray(noise / noise.std(), np.float32)
