"""Makes a phantom: kind, seed and settings come in; frames, exact masks and exact truth come out."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lingyin.core.clip import Mask
from lingyin.core.errors import UsageError
from lingyin.core.measurements import load_measurements
from lingyin.io.phantom.canvas import TISSUE, Canvas
from lingyin.io.phantom.furniture import draw_furniture
from lingyin.io.phantom.kinds import SCENES
from lingyin.io.phantom.parameters import Settled, Value, findings_of, settle
from lingyin.io.phantom.probe import Screen, make_screen
from lingyin.io.phantom.render import Renderer, Settings
from lingyin.io.phantom.scene import Moment, Scene
from lingyin.io.phantom.shapes import fill_polygon


@dataclass(frozen=True)
class Phantom:
    """A synthetic scan.

    `frames (T, H, W)` uint8 grey; `masks[structure] (T, H, W)` bool; `times_s (T,)`; spacing in mm of a pixel in x and
    y; `truth` as written beside the file; `settings` are all values it was made with.
    """

    kind: str
    seed: int
    settings: dict[str, Value]
    frames: NDArray[np.uint8]
    masks: dict[str, Mask]
    times_s: NDArray[np.float64]
    screen: Screen
    truth: dict[str, Any]

    @property
    def mm_per_px_x(self) -> float:
        return self.screen.mm_per_px_x

    @property
    def mm_per_px_y(self) -> float:
        return self.screen.mm_per_px_y


def make_phantom(kind: str, seed: int = 0, **settings: object) -> Phantom:
    """A phantom of `kind`; what is not set is drawn from `seed`. The same arguments give the same bytes.

    Raises:
        UsageError: unknown kind or setting, a value outside its range, or values that do not fit into the picture.
    """
    settled = settle(kind, seed, settings)
    rng = np.random.default_rng([zlib.crc32(kind.encode()), seed])
    scene = SCENES[kind](settled, rng)
    screen = make_screen(scene.probe, settled["pixel_aspect"])
    moments = _moments(scene, settled, rng)
    masks = _masks(scene, screen, moments)
    frames = _render(scene, screen, moments, rng)
    return Phantom(
        kind=kind,
        seed=seed,
        settings=dict(settled.values),
        frames=frames,
        masks=masks,
        times_s=np.arange(len(moments)) / settled["frame_rate_hz"],
        screen=screen,
        truth=_truth(scene, kind, moments),
    )


def _moments(scene: Scene, settled: Settled, rng: np.random.Generator) -> list[Moment]:
    """Pulse and drift of each frame; the pulse reaches 0 and 1 on frames, so that extremes are seen and exact."""
    times = np.arange(int(settled["frames"])) / settled["frame_rate_hz"]
    beat = settled["heart_rate_bpm"] / 60
    start = rng.uniform(0, 1)
    pulse = np.array([scene.pulse_at(float((start + beat * time) % 1.0)) for time in times])
    spread = float(np.ptp(pulse))
    pulse = (pulse - pulse.min()) / spread if spread > 1e-9 else np.ones_like(pulse)
    turn = rng.uniform(0, 2 * np.pi, 2)
    pace = rng.uniform(0.2, 0.5, 2)
    shift = settled["drift_mm"] * np.sin(2 * np.pi * pace[:, None] * times + turn[:, None]) * [[0.5], [1.0]]
    shift -= shift[:, :1]
    return [
        Moment(index, float(pulse[index]), float(shift[0, index]), float(shift[1, index]))
        for index in range(len(times))
    ]


def _masks(scene: Scene, screen: Screen, moments: list[Moment]) -> dict[str, Mask]:
    """Masks `(T, H, W)` by structure; all of each structure lies within the sector."""
    filled: dict[str, list[Mask]] = {}
    for moment in moments:
        for structure, points in scene.outlines(moment).items():
            mask = fill_polygon(screen.to_pixels(points), screen.height, screen.width)
            filled.setdefault(structure, []).append(mask)
            if (mask & ~screen.sector).any():
                raise UsageError(
                    f"{structure} does not fit into the picture with these settings; set a larger depth_mm or"
                    " footprint, or a smaller size or offset"
                )
    return {structure: np.stack(each) & screen.sector for structure, each in filled.items()}


def _render(scene: Scene, screen: Screen, moments: list[Moment], rng: np.random.Generator) -> NDArray[np.uint8]:
    settled, probe = scene.settled, scene.probe
    x, z = probe.grid()
    rest = Canvas(probe, x, z, np.full_like(x, TISSUE), np.zeros_like(x))
    scene.background(rest)
    renderer = Renderer(probe, screen, Settings.of(settled.values), rng)
    furniture = draw_furniture(screen, settled, scene.title, rng)
    frames = []
    for moment in moments:
        real, imaginary, echo, loss = renderer.moved(rest.echo, rest.loss, *scene.at_rest(x, z, moment))
        canvas = Canvas(probe, x, z, echo, loss)
        scene.paint(canvas, moment)
        frames.append(np.maximum(renderer.frame(canvas, real, imaginary, moment.index), furniture))
    return np.stack(frames)


def _truth(scene: Scene, kind: str, moments: list[Moment]) -> dict[str, Any]:
    """Measurements with the catalogue's units, and the findings that follow from them."""
    values = scene.measure(moments)
    catalogue = load_measurements()
    return {
        "kind": kind,
        "measurements": {
            code: {"value": round(value, 4), "unit": catalogue[code].unit} for code, value in values.items()
        },
        "findings": findings_of(values),
    }
