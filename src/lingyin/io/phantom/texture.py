"""Random textures of tissue: cloudy echo variation, layered fibres, bright septa. Pure functions of a Generator."""

from __future__ import annotations

import cv2
import numpy as np

from lingyin.io.phantom.probe import Field


def clouds(rng: np.random.Generator, shape: tuple[int, int], coarse: tuple[float, float], octaves: int = 3) -> Field:
    """Smooth noise of unit spread. `coarse` is the largest grain (rows, columns) in samples; each octave halves it."""
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        rows = max(2, round(shape[0] / max(coarse[0] / 2**octave, 1.0)))
        columns = max(2, round(shape[1] / max(coarse[1] / 2**octave, 1.0)))
        grain = rng.standard_normal((min(rows, shape[0]), min(columns, shape[1])), dtype=np.float32)
        total += cv2.resize(grain, shape[::-1], interpolation=cv2.INTER_CUBIC) * np.float32(0.6**octave)
    spread: Field = (total / max(float(total.std()), 1e-6)).astype(np.float32)
    return spread


def fibres(rng: np.random.Generator, x: Field, z: Field, spacing_mm: float, tilt: float, bend_mm: float) -> Field:
    """Bright lines from 0 to 1 that run across the image: septa of fat, bundles of muscle.

    `tilt` is dz/dx of the lines, `bend_mm` how far they wander from straight.
    """
    bend = clouds(rng, x.shape, (x.shape[0] / 4, x.shape[1] / 3), 2) * np.float32(bend_mm)
    gate = clouds(rng, x.shape, (8.0, x.shape[1] / 4), 2)
    phase = (z - np.float32(tilt) * x + bend) * np.float32(1.0 / spacing_mm) + np.float32(rng.uniform(0, 1))
    wave = np.float32(0.5) + np.float32(0.5) * np.cos(np.float32(2 * np.pi) * phase)
    lines: Field = wave**6 * np.clip(gate * np.float32(0.6) + np.float32(0.5), 0, 1)
    return lines
