"""Tissue that several kinds share: abdominal wall, spine, bowel gas, folds and clouds of echo."""

from __future__ import annotations

import numpy as np

from lingyin.io.phantom.canvas import BONE_LOSS, BRIGHT, FAT, GAS_LOSS, MUSCLE, TISSUE, Canvas
from lingyin.io.phantom.probe import Field
from lingyin.io.phantom.shapes import Star, wobble
from lingyin.io.phantom.texture import clouds, fibres

Rng = np.random.Generator


def mottle(canvas: Canvas, rng: Rng, spread_db: float, coarse: tuple[float, float] = (60.0, 40.0)) -> None:
    """Uneven echo of ordinary tissue."""
    canvas.echo += clouds(rng, canvas.echo.shape, coarse) * np.float32(spread_db)


def depth_below_face(canvas: Canvas) -> Field:
    """Distance from the face of the probe along the beam in mm."""
    probe = canvas.probe
    if probe.is_linear:
        return canvas.z
    reach = np.hypot(canvas.x, canvas.z + np.float32(probe.radius_mm))
    return np.asarray(reach - np.float32(probe.radius_mm))


def wall(canvas: Canvas, rng: Rng, fat_mm: float, muscle_mm: float) -> None:
    """Skin, a layer of fat with septa and a layer of muscle with fibres, parallel to the face of the probe."""
    depth = depth_below_face(canvas)
    bend = clouds(rng, depth.shape, (200.0, 60.0), 2) * np.float32(0.06 * (fat_mm + muscle_mm))
    level = depth + bend
    canvas.fill(level - np.float32(fat_mm + muscle_mm), MUSCLE, soft_mm=1.5)
    canvas.add(fibres(rng, canvas.x, level, 1.7, rng.uniform(-0.05, 0.05), 0.9) * (level < fat_mm + muscle_mm), 9.0)
    canvas.fill(level - np.float32(fat_mm), FAT, soft_mm=1.2)
    septa = fibres(rng, canvas.x, level, max(2.2, fat_mm / 3), rng.uniform(-0.1, 0.1), 1.6) * (level < fat_mm)
    canvas.add(septa, 12.0)
    canvas.fill(depth - np.float32(1.6), BRIGHT - 8, soft_mm=0.8)
    canvas.line(level - np.float32(fat_mm), BRIGHT - 4, 0.4)
    canvas.line(level - np.float32(fat_mm + muscle_mm), BRIGHT - 3, 0.5)
    canvas.echo[:] = np.maximum(canvas.echo, _painted(canvas.specular))
    canvas.specular[:] = 0


def _painted(specular: Field) -> Field:
    """Specular amplitude as an echo level, so that lines of resting tissue are carried along with it."""
    return np.asarray(20 * np.log10(specular + np.float32(1e-5)), np.float32)


def spine(canvas: Canvas, rng: Rng, x: float, z: float, half_width: float) -> None:
    """The front of a vertebral body, at (x, z): a bright convex line that shadows all behind."""
    across = (canvas.x - np.float32(x)) * np.float32(1 / half_width)
    rough = clouds(rng, canvas.x.shape, (400.0, 14.0), 2) * np.float32(0.5)
    surface = np.float32(z) + np.float32(0.55 * half_width) * (np.sqrt(1 + across**2 * 1.4) - 1) * 1.6 + rough
    within = np.clip((np.float32(1.35) - np.abs(across)) * np.float32(4), 0, 1)
    depth = canvas.z - surface
    inside = np.clip(depth + np.float32(0.5), 0, 1) * within
    canvas.echo += inside * (np.float32(-44) - canvas.echo)
    canvas.loss += inside * np.float32(BONE_LOSS)
    front = np.exp(-((depth / np.float32(1.1)) ** 2)) * within
    canvas.echo += front * np.maximum(np.float32(BRIGHT - rng.uniform(0, 5)) - canvas.echo, 0)


def gas(canvas: Canvas, rng: Rng, x: float, z: float, size_mm: float, strength: float) -> None:
    """A loop of bowel with gas: a bright ragged front, reverberation, and a dirty shadow."""
    loop = Star(x, z, size_mm * (1 + 0.18 * wobble(rng, 2, 6)))
    distance = loop.distance(canvas.x, canvas.z)
    canvas.fill(distance, TISSUE - 9, soft_mm=1.5)
    rough = clouds(rng, canvas.x.shape, (30.0, 10.0), 3)
    front = (canvas.z - np.float32(z) < 0) & (distance < -0.12 * size_mm)
    depth = distance + np.float32(0.2 * size_mm)
    rim = np.exp(-((depth / np.float32(0.1 * size_mm)) ** 2)) * np.clip(0.7 + 0.5 * rough, 0, 1.3) * front
    canvas.echo += rim * np.float32(strength) * np.maximum(np.float32(BRIGHT + 1) - canvas.echo, 0)
    canvas.loss += rim * np.float32(GAS_LOSS * strength * 1.6)
    below = np.clip(canvas.z - np.float32(z - 0.6 * size_mm), 0, None)
    beam = np.abs(canvas.x - np.float32(x) * (1 + 0.3 * below / max(z, 1.0))) < 0.7 * size_mm
    beam &= below > 0
    rings = np.clip(np.cos(below * np.float32(2 * np.pi / max(2.5, 0.35 * size_mm))), 0, 1) ** 3
    canvas.add(rings * np.exp(-below / np.float32(1.3 * size_mm)) * beam, 10.0 * strength)


def soft_organ(canvas: Canvas, rng: Rng, star: Star, echo_db: float, spread_db: float = 1.2) -> None:
    """A solid organ of even echo within a thin capsule."""
    distance = star.distance(canvas.x, canvas.z)
    texture = clouds(rng, canvas.x.shape, (18.0, 12.0), 3) * np.float32(spread_db)
    canvas.fill(distance, np.float32(echo_db) + texture, soft_mm=1.0)
    rim = np.exp(-((distance / np.float32(0.6)) ** 2))
    canvas.echo += rim * np.maximum(np.float32(BRIGHT - 7) - canvas.echo, 0)
