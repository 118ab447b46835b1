"""What spoils an ultrasound picture, as a documented model: parameters are drawn first and applied second, by seed.

- noise: speckle that grows with brightness, correlated over about a pixel, and a little even noise.
- blur: a point spread wider across the beam than along it (Gaussian, in pixels of the square).
- low_resolution: area average over blocks, brought back by cubic interpolation.
- shadow: below a depth, within a wedge with soft edges, brightness falls exponentially with depth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import cv2
import numpy as np

from lingyin.tasks.contract import Floats

Harm = Literal["noise", "blur", "low_resolution", "shadow"]
HARMS: tuple[Harm, ...] = get_args(Harm)


@dataclass(frozen=True, slots=True)
class Degradation:
    """One drawn harm; fields of other harms stay at their neutral value. `seed` draws the noise itself."""

    harm: Harm
    speckle: float = 0.0
    even: float = 0.0
    axial: float = 0.0
    lateral: float = 0.0
    factor: float = 1.0
    centre: float = 0.5
    half_width: float = 0.0
    depth: float = 0.0
    attenuation: float = 0.0
    seed: int = 0


def draw(harm: Harm, rng: np.random.Generator) -> Degradation:
    """Parameters of one harm; ranges run from just visible to severe."""
    seed = int(rng.integers(1 << 31))
    if harm == "noise":
        return Degradation(harm, speckle=float(rng.uniform(0.2, 0.5)), even=float(rng.uniform(0.01, 0.04)), seed=seed)
    if harm == "blur":
        return Degradation(harm, axial=float(rng.uniform(0.6, 1.4)), lateral=float(rng.uniform(1.2, 3.0)), seed=seed)
    if harm == "low_resolution":
        return Degradation(harm, factor=float(rng.uniform(2.0, 4.0)), seed=seed)
    return Degradation(
        harm,
        centre=float(rng.uniform(0.25, 0.75)),
        half_width=float(rng.uniform(0.05, 0.15)),
        depth=float(rng.uniform(0.2, 0.5)),
        attenuation=float(rng.uniform(1.5, 4.0)),
        seed=seed,
    )


def spoil(clean: Floats, how: Degradation) -> Floats:
    """`clean (S, S)` 0..1 to the same picture spoilt; equal parameters give equal pixels."""
    size = clean.shape[0]
    if how.harm == "noise":
        rng = np.random.default_rng(how.seed)
        grain = cv2.GaussianBlur(rng.standard_normal(clean.shape).astype(np.float32), (0, 0), 0.8)
        even = rng.standard_normal(clean.shape).astype(np.float32)
        spoilt = clean * (1 + how.speckle * grain / grain.std()) + how.even * even
    elif how.harm == "blur":
        spoilt = cv2.GaussianBlur(clean, (0, 0), sigmaX=how.lateral, sigmaY=how.axial)
    elif how.harm == "low_resolution":
        side = max(8, round(size / how.factor))
        small = cv2.resize(clean, (side, side), interpolation=cv2.INTER_AREA)
        spoilt = cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC)
    else:
        y, x = (np.mgrid[:size, :size].astype(np.float32) + 0.5) / size
        half = how.half_width * (1 + y)  # beams spread with depth
        across = 1 / (1 + np.exp((np.abs(x - how.centre) - half) / 0.015))
        spoilt = clean * np.exp(-how.attenuation * np.clip(y - how.depth, 0, None) * 2 * across)
    return np.asarray(np.clip(spoilt, 0, 1), np.float32)


def spoil_all(clean: Floats, harm: Harm, seed: int) -> Floats:
    """`clean (N, S, S)`, each spoilt by parameters of its own, drawn from `seed` and its number."""
    return np.stack([spoil(each, draw(harm, np.random.default_rng((seed, at)))) for at, each in enumerate(clean)])
