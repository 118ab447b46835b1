"""Turns painted tissue into B-mode: scatterers through a point spread function, envelope, losses, log, screen.

The speckle is drawn once and carried along with the tissue, so that a cine moves as tissue does and costs little.
Sizes follow Jensen (1991, linear scatter model): beam-space noise, blurred by the pulse along and the beam across.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from lingyin.io.phantom.canvas import Canvas, spread_sideways
from lingyin.io.phantom.probe import BEAMS, SAMPLES, Field, Probe, Screen

_TINY = np.float32(1e-9)


@dataclass(frozen=True)
class Settings:
    """What the operator and the machine decide; see `parameters.MACHINE` for meaning and units."""

    speckle_size: float
    speckle_strength: float
    attenuation_db_cm: float
    shadow: float
    gain_db: float
    dynamic_range_db: float
    noise_db: float
    clutter_db: float
    side_fade: float

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Settings:
        return cls(**{name: float(str(values[name])) for name in cls.__dataclass_fields__})


class Renderer:
    """Holds what all frames of a cine share: speckle, gain profile, screen."""

    def __init__(self, probe: Probe, screen: Screen, settings: Settings, rng: np.random.Generator) -> None:
        self.probe = probe
        self.screen = screen
        self.settings = settings
        self.speckle = _speckle(probe, settings.speckle_size, rng)
        self.noise = _unit(_blurred(rng.standard_normal((SAMPLES, BEAMS, 2), dtype=np.float32), 0.6, 1.0))
        self.profile = _profile(probe, settings, rng)
        self.rolls = rng.integers(0, [SAMPLES, BEAMS], size=(4096, 2))
        self.shared: Field | None = None

    def moved(self, echo: Field, loss: Field, x: Field, z: Field) -> tuple[Field, Field, Field, Field]:
        """Speckle (real, imaginary), echo and loss carried to where the tissue that was at (x, z) mm is now."""
        if self.shared is None:
            self.shared = np.dstack([self.speckle, echo, loss]).astype(np.float32)
        beam, sample = self.probe.index_of(x, z)
        carried = np.asarray(
            cv2.remap(self.shared, beam, sample, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.float32
        )
        real, imaginary, moved_echo, moved_loss = (np.ascontiguousarray(carried[..., each]) for each in range(4))
        return real, imaginary, moved_echo, moved_loss

    def frame(self, canvas: Canvas, real: Field, imaginary: Field, index: int) -> np.ndarray:
        """One grey frame (H, W) uint8; black outside the sector."""
        settings = self.settings
        lost = np.cumsum(canvas.loss, axis=0) * np.float32(self.probe.sample_mm * settings.shadow)
        lost = cv2.blur(np.minimum(lost, 50), (5, 1), borderType=cv2.BORDER_REFLECT)
        passed = _amplitude(self.profile - lost)
        amplitude = _blurred(_amplitude(canvas.echo), 0.7, 1.0) * passed
        specular = _blurred(canvas.specular, 0.6, 0.8) * passed
        haze = (spread_sideways(amplitude, BEAMS / 5) + spread_sideways(specular, BEAMS / 3)) * np.float32(
            10 ** (settings.clutter_db / 20)
        )
        rolled = np.roll(self.noise, tuple(self.rolls[index % len(self.rolls)]), axis=(0, 1))
        depth = np.linspace(0.3, 1.6, SAMPLES, dtype=np.float32)[:, None] ** 2
        floor = haze + np.float32(10 ** (settings.noise_db / 20)) * depth
        total_real = amplitude * real + specular * (np.float32(0.75) + np.float32(0.25) * real)
        total_real += floor * rolled[..., 0]
        total_imaginary = amplitude * imaginary + floor * rolled[..., 1]
        power = total_real**2 + total_imaginary**2
        mean = amplitude**2 + specular**2 + floor**2
        level = _decibel(mean)
        level += np.float32(settings.speckle_strength) * (_decibel(power) - level)
        reach = settings.dynamic_range_db
        grey = np.clip((level + np.float32(settings.gain_db + reach)) * np.float32(255 / reach), 0, 255)
        shown = cv2.remap(grey, self.screen.beam, self.screen.sample, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.where(self.screen.sector, np.rint(shown), 0).astype(np.uint8)


def _amplitude(decibel: Field) -> Field:
    return np.asarray(cv2.exp(decibel * np.float32(np.log(10) / 20)), np.float32)


def _decibel(power: Field) -> Field:
    return cv2.log(power + _TINY) * np.float32(10 / np.log(10))


def _blurred(picture: Field, across: float, along: float) -> Field:
    blurred = cv2.GaussianBlur(picture, (0, 0), sigmaX=across, sigmaY=along, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, np.float32)


def _unit(noise: Field) -> Field:
    """Complex noise (.., 2) scaled to unit mean power."""
    scaled: Field = noise * np.float32(1 / np.sqrt(np.mean(noise**2) * 2))
    return scaled


def _speckle(probe: Probe, size: float, rng: np.random.Generator) -> Field:
    """Fully developed speckle (samples, beams, 2): fine at the focus, coarser sideways in depth."""
    raw = rng.standard_normal((SAMPLES, BEAMS, 2), dtype=np.float32)
    along = 1.15 * size
    across = (0.7 if probe.is_linear else 0.8) * size
    near, far = _unit(_blurred(raw, across, along)), _unit(_blurred(raw, 1.9 * across, 1.15 * along))
    weight = np.linspace(0, 1, SAMPLES, dtype=np.float32)[:, None, None] ** 1.3
    return _unit(near * (1 - weight) + far * weight)


def _profile(probe: Probe, settings: Settings, rng: np.random.Generator) -> Field:
    """Gain in dB over the picture: attenuation left by the time gain, steps of its sliders, contact of the face."""
    depth = np.linspace(0, 1, SAMPLES, dtype=np.float32)[:, None]
    across = np.linspace(-1, 1, BEAMS, dtype=np.float32)[None, :]
    left = -np.float32(settings.attenuation_db_cm * probe.depth_mm / 10) * depth
    sliders = rng.normal(0, 1.2, 8).astype(np.float32)
    slid = np.interp(depth[:, 0], np.linspace(0, 1, 8), sliders).astype(np.float32)[:, None]
    contact = cv2.GaussianBlur(rng.normal(0, 1, (1, BEAMS)).astype(np.float32), (0, 0), sigmaX=7, sigmaY=0.1)
    contact = contact * np.float32(1.6 / max(float(contact.std()), 1e-6))
    fade = -np.float32(14 * settings.side_fade) * np.abs(across) ** 3
    ringing = np.float32(12) * np.exp(-depth * np.float32(probe.depth_mm / 1.2))
    return np.asarray(left + slid + contact + fade + ringing, np.float32)
